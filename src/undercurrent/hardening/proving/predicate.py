"""A proof as JSON: for evidence, for ``--json``, and as the predicate of an attestation that can be signed.

The predicate type is `TYPE`; an attestation's subject is the image, so the predicate repeats only which digests it was
made of.
"""

from collections.abc import Mapping
from typing import Any, Final

from undercurrent import __version__
from undercurrent.hardening.proving.nouns import Built, Conditions, FailedCall, Missing, Proof, Writable
from undercurrent.processes import plain

__all__ = ["TYPE", "as_json"]

TYPE: Final = "https://undercurrent.dev/rootless/v1"
"""Changes when a key of `as_json` changes its meaning or goes."""
_MOST_REFUSED: Final = 50
_LONGEST: Final = 500


def as_json(proof: Proof) -> dict[str, Any]:
    """Plain values; texts of the container are safe to show and bounded."""
    return {
        "verdict": proof.verdict.value,
        "after": _image(proof.after),
        "before": None if proof.before is None else _image(proof.before),
        "conditions": _conditions(proof.conditions),
        "checks": [
            {
                "name": one.name,
                "ok": one.ok,
                "seen": _text(str(one.seen)),
                "facts": _safe(one.seen.facts()),
                "needed": one.needed,
            }
            for one in proof.checks
        ],
        "missing": [_missing(one) for one in proof.missing],
        "refused": [_refused(one) for one in proof.refused[-_MOST_REFUSED:]],
        "failed_call": None if proof.failed_call is None else _refused(proof.failed_call),
        "needed": None if proof.needed is None else list(proof.needed),
        "lowest_port": proof.lowest_port,
        "shrunk": None if proof.shrunk is None else list(proof.shrunk),
        "kernel": proof.kernel,
        "engine": proof.engine,
        "runtime": proof.runtime,
        "said": _text(proof.said),
        "runs": proof.runs,
        "seconds": round(proof.seconds, 3),
        "made_by": f"undercurrent {__version__}",
    }


def _text(text: str) -> str:
    """Text that any database holds."""
    return plain(text)[: 4 * _LONGEST].encode(errors="replace").decode()


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(name): _safe(one) for name, one in value.items()}
    return [_safe(one) for one in value] if isinstance(value, list) else value


def _image(image: Built) -> Mapping[str, Any]:
    return {"config": image.id, "manifest": image.manifest or None, "name": image.name, "user": image.user}


def _conditions(conditions: Conditions) -> Mapping[str, Any]:
    return {
        "user": conditions.user,
        "capabilities": None if conditions.capabilities is None else list(conditions.capabilities),
        "read_only": conditions.read_only,
        "no_new_privileges": conditions.capabilities is not None,
        "lowest_port": conditions.lowest_port,
        "network": conditions.network,
        "tmpfs": [_path(one) for one in conditions.writable if not one.lasting],
        "volumes": [one.path for one in conditions.writable if one.lasting],
        "environment": sorted(conditions.environment),
        "entrypoint": conditions.entrypoint,
        "command": list(conditions.command),
    }


def _path(one: Writable) -> str:
    return f"{one.path}:{one.options}" if one.options else one.path


def _missing(one: Missing) -> Mapping[str, Any]:
    return {
        "path": one.writable.path,
        "lasting": one.writable.lasting,
        "source": one.source,
        "error": one.error,
        "evidence": _text(one.evidence)[:_LONGEST],
        "caller": one.caller,
        "hides": list(one.hides),
    }


def _refused(one: FailedCall) -> Mapping[str, Any]:
    return {
        "call": _text(one.call)[:_LONGEST],
        "error": one.error,
        "path": _text(one.path)[:_LONGEST],
        "caller": _text(one.caller)[:_LONGEST],
        "capability": one.capability,
        "times": one.times,
    }
