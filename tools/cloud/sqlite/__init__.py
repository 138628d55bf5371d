"""Django's SQLite, for several processes that write."""
