"""The picture of a run: one page that shows what happened at every door."""
