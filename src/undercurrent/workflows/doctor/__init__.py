"""What this machine has, what it lacks, and what would install that."""
