"""What the benchmarks share: measuring a piece of work in a process of its own, and tables."""
