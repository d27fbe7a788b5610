"""Which variables hold secrets, by their names and values."""

import re
from typing import Final

__all__ = ["is_secret"]

_WORDS: Final = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|SECRET_?KEY|CREDENTIALS?)"
    r"(?:_?[0-9]+)?(?:$|_(?:KEY|VALUE|BASE))",
    re.IGNORECASE,
)
"""What ends in another word says something about a secret: ``…_FILE``, ``…_TTL``, ``…_LENGTH``."""
_PATH: Final = re.compile(r"(?:/[a-z0-9._-]+)+")
_SWITCHES: Final = frozenset({"true", "false", "yes", "no", "1", "0"})


def is_secret(name: str, value: str | None) -> bool:
    """Whether a variable is called like a secret by custom, and has a value that could be one.

    A variable that takes its value from another one, a switch, and a path to a file are none.
    """
    if not value or not _WORDS.search(name):
        return False
    return not value.startswith("$") and value.lower() not in _SWITCHES and not _PATH.fullmatch(value)
