"""Policies: which images have to be signed by whom, with which attestations, and what those have to say."""
