"""A view of a root of trust."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report, Table
from undercurrent.report.units import age, short
from undercurrent.signing.proofs.trustedroot import Authority, Log
from undercurrent.workflows.roots import RootInUse

__all__ = ["view"]


def view(found: RootInUse, *, updated: bool = False) -> Report:
    """Where a root is from, how old it is, until when it counts, and whom it has in it.

    Args:
        found: the root.
        updated: whether the mirror was asked just now.
    """
    members = list(_members(found))
    data = {
        "source": found.source,
        "confirmed": found.confirmed.isoformat() if found.confirmed else None,
        "expires": found.expires.isoformat() if found.expires else None,
        "members": members,
    }
    rows: list[tuple[str, Cell | str]] = [(_("from"), found.source)]
    if found.confirmed and found.expires:
        said = _("{time}, {age} ago") if age(found.confirmed) != _("now") else _("{time}, just now")
        rows += [
            (_("confirmed"), said.format(time=_moment(found.confirmed), age=age(found.confirmed))),
            (_("counts until"), _moment(found.expires)),
        ]
    roles = {
        "certificate-authority": _("certificate authority"),
        "certificate-log": _("log of certificates"),
        "timestamp-authority": _("timestamp authority"),
        "log": _("log of signatures"),
    }
    table = Table(
        [_("role"), _("name"), _("key"), _("since"), _("until")],
        [
            [roles[one["role"]], one["name"], short(one["fingerprint"]), one["since"][:10], (one["until"] or "-")[:10]]
            for one in members
        ],
        squeeze=frozenset({1}),
    )
    summary = Cell(_("the root of trust is up to date"), "good") if updated else None
    return Report("trust", data, [Fields(rows), table], summary=summary)


def _members(found: RootInUse) -> Iterator[dict[str, Any]]:
    root = found.root
    for role, authorities in (
        ("certificate-authority", root.authorities),
        ("timestamp-authority", root.timestamp_authorities),
    ):
        for authority in authorities:
            yield {"role": role, "name": _name(authority), "fingerprint": _fingerprint(authority), **_period(authority)}
    for role, logs in (("log", root.logs), ("certificate-log", root.certificate_logs)):
        for log in logs:
            fingerprint = log.key.fingerprint if log.key else hashlib.sha256(log.log_id).hexdigest()
            yield {"role": role, "name": log.url, "fingerprint": fingerprint, **_period(log)}


def _name(authority: Authority) -> str:
    """As its certificate has it, the common name first."""
    subject = authority.certificates[0].subject
    names = [
        str(one.value)
        for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME)
        for one in subject.get_attributes_for_oid(oid)
    ]
    return ", ".join(names) or subject.rfc4514_string()


def _fingerprint(authority: Authority) -> str:
    """Of the trust anchor."""
    return authority.certificates[-1].fingerprint(SHA256()).hex()


def _period(member: Authority | Log) -> dict[str, Any]:
    start, end = member.validity.start, member.validity.end
    return {"since": start.isoformat(), "until": end.isoformat() if end else None}


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
