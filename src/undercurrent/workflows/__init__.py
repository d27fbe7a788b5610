"""Compositions of capabilities: what a user means by one command."""
