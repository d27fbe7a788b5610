"""OCI content: what it is called, what it is, and where it is kept."""
