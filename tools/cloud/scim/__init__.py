"""SCIM 2.0 at /scim/v2: a tenant's directory keeps its people and the members of its groups here."""
