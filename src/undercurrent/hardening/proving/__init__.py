"""Proofs: an image runs without root, without capabilities and on a read-only root, and answers as before."""

from undercurrent.hardening.proving.engines import Engine, EngineName, find_engine, image_of
from undercurrent.hardening.proving.nouns import (
    Answer,
    Built,
    Check,
    Conditions,
    FailedCall,
    Missing,
    Proof,
    Verdict,
    Writable,
)
from undercurrent.hardening.proving.probes import NOTHING, Probe, parse_probe
from undercurrent.hardening.proving.proof import DEFAULT_USER, Proving, prove
from undercurrent.hardening.proving.running import Patience

__all__ = [
    "DEFAULT_USER",
    "NOTHING",
    "Answer",
    "Built",
    "Check",
    "Conditions",
    "Engine",
    "EngineName",
    "FailedCall",
    "Missing",
    "Patience",
    "Probe",
    "Proof",
    "Proving",
    "Verdict",
    "Writable",
    "find_engine",
    "image_of",
    "parse_probe",
    "prove",
]
