"""What the subjects of the cloud end share: the clock, local time, what follows from a change, refusals."""
