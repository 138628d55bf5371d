"""Banks of compartments and deliveries: made here, decided on at the board, proven by its events."""
