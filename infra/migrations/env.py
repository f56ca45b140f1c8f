"""Alembic's entry: runs on the connection that ``infra.database_schema`` hands over."""

from alembic import context

from infra.database_schema import is_ours
from neural_focus.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_name=is_ours,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
