"""Views of keys: their public halves, and nothing else of them."""

from pathlib import Path

from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report
from undercurrent.signing.keys import PublicKey

__all__ = ["view"]


def view(kind: str, key: PublicKey, summary: str = "", **files: Path) -> Report:
    """A key, and the files that hold it.

    Args:
        kind: of the report.
        key: its public half.
        summary: what was done, if something was.
        files: paths by what they hold (``private``, ``public``, ``kept``).
    """
    named = {"private": _("private key"), "public": _("public key"), "kept": _("old private key")}
    data = {
        "kind": str(key.kind),
        "fingerprint": key.fingerprint,
        "hint": key.hint,
        **{name: str(path) for name, path in files.items()},
    }
    fields = Fields(
        [
            (_("kind"), str(key.kind)),
            (_("fingerprint"), key.fingerprint),
            (_("hint"), key.hint),
            *((named[name], str(path)) for name, path in files.items()),
        ]
    )
    return Report(kind, data, [fields], summary=Cell(summary, "good") if summary else None)
