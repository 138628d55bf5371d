"""Webhooks: where the systems of others want to hear of something, signed, and to no machine of this network."""
