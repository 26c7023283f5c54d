"""Vendors, stores, files: one module each. A provider's module sends, verifies signatures and parses replies."""
