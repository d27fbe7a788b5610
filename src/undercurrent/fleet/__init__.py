"""The same job over many items: bounded concurrency, a journal, and going on after an interruption."""

from undercurrent.fleet.job import Executor, Job, JournaledJob, attempt
from undercurrent.fleet.journal import Journal, fingerprint_of
from undercurrent.fleet.local import LocalExecutor
from undercurrent.fleet.outcome import Crashed, Ended, Failed, Outcome, Stopped, Succeeded, Summary
from undercurrent.fleet.running import run

__all__ = [
    "Crashed",
    "Ended",
    "Executor",
    "Failed",
    "Job",
    "Journal",
    "JournaledJob",
    "LocalExecutor",
    "Outcome",
    "Stopped",
    "Succeeded",
    "Summary",
    "attempt",
    "fingerprint_of",
    "run",
]
