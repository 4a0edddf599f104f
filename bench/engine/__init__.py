"""What is done: the merged graph, the plan, the workers."""
