"""Runs for others: crates that can be opened and run again, and logs of experiment trackers."""
