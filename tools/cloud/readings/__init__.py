"""A card read at a door for a person: armed, learned, given."""
