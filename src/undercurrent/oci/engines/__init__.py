"""Local engines as stores: podman and docker, through their sockets."""
