"""The acts: one function each, all of the IO that an escalation causes."""
