"""Entries of transparency logs: that a log took one in, and when.

A log of version 1 promises it, with the time, in a signed entry timestamp; logs of either version prove it by an
inclusion proof, which says nothing about time. Specification:
https://github.com/sigstore/architecture-docs/blob/main/client-spec.md#46-transparency-log-entry
"""

import base64
import json
from datetime import datetime

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.material import InclusionProof, LogEntry
from undercurrent.signing.proofs import checkpoints, merkle
from undercurrent.signing.proofs.trustedroot import Log, TrustedRoot

__all__ = ["is_logged", "log_of"]


def log_of(entry: LogEntry, root: TrustedRoot) -> Log | None:
    """The log of a trusted root that an entry says it is in; None if the trusted root does not have it."""
    logs = [log for log in root.logs if log.log_id == entry.log_id]
    # One that was in use several times is listed as often.
    in_use = [log for log in logs if entry.integrated is not None and log.validity.covers(entry.integrated)]
    return next(iter(in_use or logs), None)


def is_logged(entry: LogEntry, log: Log) -> datetime | None:
    """Makes sure that ``log`` took ``entry`` in.

    Returns:
        When, if the log signed that.

    Raises:
        SignatureRefusedError: it did not, or not while it was in use, or there is no proof.
    """
    if log.key is None:
        raise _refused(_("the key of the log {url} is of a kind that is not supported").format(url=log.url))
    if entry.proof is not None:
        _require_included(entry, entry.proof, log)
    if entry.promise:
        return _promised(entry, log)
    if entry.proof is None:
        raise _refused(_("nothing proves that its log entry is in the log"))
    return None


def _promised(entry: LogEntry, log: Log) -> datetime:
    if entry.integrated is None:
        raise _refused(_("its log entry does not say when the log took it in"))
    promise = {
        "body": base64.b64encode(entry.body).decode(),
        "integratedTime": int(entry.integrated.timestamp()),
        "logID": entry.log_id.hex(),
        "logIndex": entry.index,
    }
    # RFC 8785 for such values: keys are in order, nothing needs an escape, and all numbers are integers.
    signed = json.dumps(promise, separators=(",", ":")).encode()
    if log.key is None or not log.key.verify(entry.promise, signed):
        raise _refused(_("the log did not sign the timestamp of its entry"))
    if not log.validity.covers(entry.integrated):
        raise _refused(_("the log {url} was not in use when its entry was made").format(url=log.url))
    return entry.integrated


def _require_included(entry: LogEntry, proof: InclusionProof, log: Log) -> None:
    checkpoint = checkpoints.parse(proof.checkpoint)
    if not checkpoints.signed_by(checkpoint, log):
        raise _refused(_("the log did not sign the checkpoint of its entry"))
    if (checkpoint.size, checkpoint.root) != (proof.size, proof.root):
        raise _refused(_("the checkpoint of its log entry is one of another tree"))
    leaf = merkle.leaf_hash(entry.body)
    if merkle.root_hash(leaf, proof.index, proof.size, proof.hashes) != checkpoint.root:
        raise _refused(_("the inclusion proof of its log entry is not one for that entry"))


def _refused(message: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.LOG, message)
