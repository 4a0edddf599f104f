"""What is known and from what: hashes of code and data, the store of results, their lineage."""
