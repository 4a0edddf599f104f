"""What came out of a run: its tables, and what the automatic checks found in them."""
