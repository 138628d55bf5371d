"""People who live or work behind the doors: their own page, and the account they see it with."""
