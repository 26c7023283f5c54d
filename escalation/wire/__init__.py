"""What crosses a process boundary, in pydantic: names, requests, views, policy files."""
