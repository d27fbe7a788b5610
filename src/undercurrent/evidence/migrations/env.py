"""Run by Alembic: brings the database of the connection it is given up to date, inside its transaction."""

# ruff: noqa: INP001 - Alembic loads these files by path; they are no package

from alembic import context

from undercurrent.evidence.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
