"""What is counted over a set, then reduced to one number."""
