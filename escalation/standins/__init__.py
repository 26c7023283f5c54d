"""Local SendGrid, Twilio and ticket system: real HTTP, the vendors' contracts, a memory, and failures on demand.

Nothing in production imports this; the real vendor clients are pointed at it by base URL only.
"""
