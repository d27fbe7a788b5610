"""Evidence: what was done, to what, how it was proved, when, and by which run; kept in a database."""

from undercurrent.evidence.exporting import write_csv, write_json, write_json_lines
from undercurrent.evidence.record import JSON, Record, new_run_id
from undercurrent.evidence.store import Evidence, open_store

__all__ = [
    "JSON",
    "Evidence",
    "Record",
    "new_run_id",
    "open_store",
    "write_csv",
    "write_json",
    "write_json_lines",
]
