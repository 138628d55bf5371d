"""Questions an administrator has: who may open what and when, why not, who is inside. Nothing is changed here."""
