"""Alembic migrations, run from the program: no alembic.ini."""
