"""`python -m tools.mutants`: which tests fail when the code is changed, from a sample that a seed draws."""
