"""Evidence of a small estate over some weeks, with names that mean harm among it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from undercurrent.evidence import Record, new_run_id, open_store
from undercurrent.settings import EvidenceSettings, Settings

__all__ = ["HOSTILE", "filled_store", "records_of"]

HOSTILE: Final = (
    "<script>window.owned = 1</script>",
    '"onload="window.owned = 1" x="',
    "<img src=x onerror='window.owned = 1'>",
    "]]><svg onload=window.owned=1>",
    "</style></script></title></textarea><script>window.owned=1</script>",
    "app\u202egpj.exe\u2066\u200f",
    "\x1b[31mred\x07",
    "javascript:window.owned=1",
)
"""Names that would do something if a page took them for markup."""

_OUTCOMES: Final = (
    ("image-packed", "made"),
    ("image-signed", "signed"),
    ("sbom-made", "made"),
    ("image-verified", "verified"),
)


def records_of(count: int, until: datetime, days: int = 40) -> list[Record]:
    """``count`` records, the oldest first, evenly over so many days up to ``until``."""
    images = max(8, count // 10)
    found = []
    for number in range(count):
        image = number * 7 % images
        kind, outcome = _OUTCOMES[number * 11 // images % len(_OUTCOMES)]
        digest = f"sha256:{image:064x}"
        name = HOSTILE[image] if image < len(HOSTILE) else f"registry.example.com/team/service-{image}:1.0"
        proof = {
            "place": name,
            "image": digest,
            "formats": ["bundle", "legacy"],
            "note": HOSTILE[number % len(HOSTILE)],
        }
        at = until - timedelta(days=days) * (1 - (number + 1) / count)
        found.append(Record(kind, digest, outcome, proof, "undercurrent", "0.1.0", at, new_run_id(), name))
    return found


def filled_store(path: Path, count: int = 120) -> Settings:
    """Settings whose evidence is a new store at ``path`` with so many records."""
    settings = Settings(evidence=EvidenceSettings(url=f"sqlite:///{path}"))
    with open_store(settings.evidence.location) as store:
        store.record(*records_of(count, datetime.now(UTC)))
    return settings
