"""The pages of the cloud end: doors live, people and cards, the log, sign-in."""
