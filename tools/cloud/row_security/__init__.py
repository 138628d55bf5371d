"""On PostgreSQL the database itself lets a request see rows of the caller's tenants only, whatever is asked of it."""
