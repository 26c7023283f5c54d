"""Run by Alembic, with the connection that `escalation.adapters.migrating.upgrade` holds alone."""

from alembic import context

from escalation.adapters.store import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
