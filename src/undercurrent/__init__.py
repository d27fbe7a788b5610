"""Gets a small team's containers signed, rootless, leak-aware, portable and paid for, and proves it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
