"""`portvakt run`: a building in real time, with its broker, cloud end and boards."""
