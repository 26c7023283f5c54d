"""The durable shell: receives, remembers, waits, and obeys the core."""
