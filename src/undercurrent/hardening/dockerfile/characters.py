"""What Go takes for white space: BuildKit is written in it, and Python's own idea of it has four characters more."""

import re
from typing import Final

__all__ = ["ANY_SPACE", "SPACE", "SPACES", "SPACE_CLASS"]

SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""For `str.strip`: `unicode.IsSpace` (https://pkg.go.dev/unicode#IsSpace)."""

SPACE_CLASS: Final = r"\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The same, for the inside of a character class."""

ANY_SPACE: Final = re.compile(f"[{SPACE_CLASS}]*")

SPACES: Final = re.compile("[\t\v\f\r ]+")
"""What separates words, for BuildKit: fewer characters than what is stripped around them."""
