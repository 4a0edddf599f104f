"""Labels: each module turns the outcome of an origin into what one task forecasts."""
