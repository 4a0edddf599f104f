"""Training: loops that models share."""
