"""The escalation pipeline's package: rules, wire, adapters, client and command line."""

__version__ = "0.1.0"
