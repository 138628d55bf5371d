"""Power cuts: the stores of a controller that lose their power again and again, and what they must still know."""
