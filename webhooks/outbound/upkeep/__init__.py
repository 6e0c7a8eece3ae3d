"""What is taken out of the log again: erased people, and what is old."""
