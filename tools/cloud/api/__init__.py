"""What all calls of the REST API share: who asks, errors, bounds, its description. subjects.py puts it together."""
