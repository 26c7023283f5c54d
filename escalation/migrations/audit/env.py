"""Run by Alembic, with the connection that `escalation.adapters.migrating.upgrade` holds alone."""

from alembic import context

from escalation.adapters.audit_store import metadata

# Its own version table: log and ledger may share a PostgreSQL database.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table="audit_version"
)
with context.begin_transaction():
    context.run_migrations()
