"""The public sigstore instance's trusted root, as the sigstore package ships it."""

from importlib.resources import files

__all__ = ["public_trusted_root"]


def public_trusted_root() -> bytes:
    """``trusted_root.json`` of the public instance."""
    shipped = files("sigstore") / "_store" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev" / "trusted_root.json"
    return shipped.read_bytes()
