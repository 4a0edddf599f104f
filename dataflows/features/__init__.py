"""Features: what models see of an origin, all of it from the origin or before."""
