"""The rights of the people whose passages are logged: what is kept of them, how long, and what they ask for."""
