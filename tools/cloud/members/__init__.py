"""Who may sign in to a tenant and as what: members, invitations, tokens, sessions."""
