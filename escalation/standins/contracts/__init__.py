"""The vendors' OpenAPI files, trimmed, as package data. Sources and licences: README.md."""
