"""Views of keys: their public halves, and nothing else of them."""

from pathlib import Path

from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report
from undercurrent.signing.keys import PublicKey
from undercurrent.signing.retirement import Retirement

__all__ = ["view"]


def view(
    kind: str, key: PublicKey, summary: str = "", *, retirement: Retirement | None = None, **files: Path
) -> Report:
    """A key, and the files that hold it.

    Args:
        kind: of the report.
        key: its public half.
        summary: what was done, if something was.
        retirement: until when it counts, if it was replaced.
        files: paths by what they hold (``private``, ``public``).
    """
    named = {"private": _("private key"), "public": _("public key")}
    replaced = (
        {"until": retirement.until.isoformat(timespec="seconds"), "replaced_by": retirement.by} if retirement else {}
    )
    data = {
        "kind": str(key.kind),
        "fingerprint": key.fingerprint,
        "hint": key.hint,
        **replaced,
        **{name: str(path) for name, path in files.items()},
    }
    fields = Fields(
        [
            (_("kind"), str(key.kind)),
            (_("fingerprint"), key.fingerprint),
            (_("hint"), key.hint),
            *_replaced(retirement),
            *((named[name], str(path)) for name, path in files.items()),
        ]
    )
    return Report(kind, data, [fields], summary=Cell(summary, "good") if summary else None)


def _replaced(retirement: Retirement | None) -> list[tuple[str, str]]:
    if retirement is None:
        return []
    return [(_("counts until"), f"{retirement.until:%Y-%m-%d %H:%M} UTC"), (_("replaced by"), retirement.by)]
