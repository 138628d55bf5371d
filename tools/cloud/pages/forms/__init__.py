"""What can be entered on the pages: one file a subject."""
