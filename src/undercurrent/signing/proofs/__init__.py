"""Shows who made a signature and when: certificates, transparency logs and timestamps, without any network."""
