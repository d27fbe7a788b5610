"""What becomes of findings: ignored with a reason, known from before, chosen, ranked."""
