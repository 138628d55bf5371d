"""Django's backend for PostgreSQL, which tells the database whose rows a statement may see."""
