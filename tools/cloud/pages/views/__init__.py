"""The views: one file a page."""
