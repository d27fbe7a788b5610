"""Starts the command line: ``python -m undercurrent`` is ``undercurrent`` is ``uc``."""

from undercurrent.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
