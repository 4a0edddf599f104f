"""What is asked: an experiment file, read strictly, and the cells it stands for."""
