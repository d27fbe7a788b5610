"""Makes images of folders and root file systems."""
