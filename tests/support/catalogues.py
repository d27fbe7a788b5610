"""Catalogues for tests."""

from typing import Final

__all__ = ["MINIMAL"]

MINIMAL: Final = """\
version = 1
id = "own"
title = "Ours"
currency = "EUR"

[source]
text = "made up"
read = 2026-11-30
confidence = "low"
"""
"""The least that a catalogue has to say; ends before line 10."""
