"""What can be told from the audit log alone."""
