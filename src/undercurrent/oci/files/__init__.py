"""Stores that are files on this machine: OCI layouts, and archives of two kinds; and how files are read and written."""
