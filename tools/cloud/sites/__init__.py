"""Sites and tenants: where controllers stand, and whose they are."""
