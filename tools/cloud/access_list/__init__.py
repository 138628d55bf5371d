"""Access lists: who may pass at which controller, as numbered changes to its credential table."""
