"""Help: what people ask and say, from any page, answered by who looks after the house, and forgotten in time."""
