"""The style and the script of the outbox page."""
