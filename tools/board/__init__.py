"""`portvakt board`: a virtual board on this machine, and what people do at its doors."""
