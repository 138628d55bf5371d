"""Home Assistant: shows a tenant's doors there, over topics and an account of their own. Nothing opens from there."""
