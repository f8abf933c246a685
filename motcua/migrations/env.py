"""What Alembic runs: one schema's history over the connection that ``motcua.migrate`` has opened, locked and aimed."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
