"""What travels beside a signature, as bundles have it: what each version demands, and how much there may be."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent, TooLarge
from undercurrent.signing.material import InclusionProof, LogEntry, Material, from_json, to_json

HASH = bytes(range(32))
PROOF = InclusionProof(0, 2, HASH, (HASH,), "log\n2\n…\n")
ENTRY = LogEntry(7, HASH, "dsse", "0.0.1", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), b"promise", PROOF, b"{}")
FULL = Material("", (b"certificate",), (ENTRY,), (b"timestamp",))


def fields() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(to_json(FULL)))
    return found


def entry(**changes: object) -> dict[str, Any]:
    return {**fields(), "tlogEntries": [{**fields()["tlogEntries"][0], **changes}]}


def test_what_is_written_is_read() -> None:
    assert from_json(fields(), "0.3", "it") == FULL
    assert from_json(to_json(Material("hint")), "0.3", "it") == Material("hint")


def test_what_is_absent_or_null_has_its_default_value() -> None:
    short = entry(integratedTime=None, inclusionPromise=None, logIndex=None)
    del short["timestampVerificationData"]
    proof = short["tlogEntries"][0]["inclusionProof"]
    del proof["logIndex"]

    (read,) = from_json(short, "0.3", "it").entries

    assert (read.index, read.integrated, read.promise) == (0, None, b"")
    assert read.proof is not None
    assert read.proof.index == 0


def test_numbers_may_be_numbers_and_base64_may_be_wrapped() -> None:
    wrapped = base64.b64encode(b"certificate").decode()
    read = from_json(
        {**entry(logIndex=7), "certificate": {"rawBytes": f"{wrapped[:4]}\r\n{wrapped[4:]}\n"}}, "0.3", "it"
    )

    assert read == FULL


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        ("0.1", {"inclusionPromise": None}),
        ("0.2", {"inclusionProof": None}),
        ("0.3", {"inclusionProof": None}),
        ("0.3", {"inclusionProof": {**fields()["tlogEntries"][0]["inclusionProof"], "checkpoint": None}}),
        ("0.3", {"inclusionProof": {**fields()["tlogEntries"][0]["inclusionProof"], "logIndex": "2"}}),
        ("0.3", {"inclusionProof": {**fields()["tlogEntries"][0]["inclusionProof"], "hashes": ["AA=="]}}),
        ("0.3", {"inclusionProof": {**fields()["tlogEntries"][0]["inclusionProof"], "hashes": [None]}}),
        ("0.3", {"logIndex": "-1"}),
        ("0.3", {"logIndex": -1}),
        ("0.3", {"logIndex": "٣"}),
        ("0.3", {"logIndex": True}),
        ("0.3", {"logIndex": str(2**63)}),
        ("0.3", {"integratedTime": str(2**62)}),
        ("0.3", {"canonicalizedBody": None}),
        ("0.3", {"logId": None}),
        ("0.3", {"kindVersion": []}),
    ],
)
def test_an_entry_that_a_version_does_not_allow_is_refused(version: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadContent, match=r"^it has"):
        from_json(entry(**changes), version, "it")


def test_version_0_1_may_lack_the_proof() -> None:
    for proof in (None, {**fields()["tlogEntries"][0]["inclusionProof"], "checkpoint": None}):
        (read,) = from_json(entry(inclusionProof=proof), "0.1", "it").entries

        assert read.proof is None
        assert read.promise == b"promise"


def test_there_is_one_who_signed() -> None:
    strangers: list[dict[str, Any]] = [
        {},
        {"publicKey": {}},
        {"x509CertificateChain": {"certificates": [{"rawBytes": "AA=="}]}},
    ]
    for who in strangers:
        with pytest.raises(BadContent, match="either a key or a certificate"):
            from_json({**fields(), **who} if who else {}, "0.2", "it")


def test_a_chain_is_of_earlier_versions() -> None:
    chain = {"x509CertificateChain": {"certificates": [{"rawBytes": "AA=="}]}}

    assert from_json(chain, "0.2", "it").chain == (b"\0",)
    with pytest.raises(BadContent, match=r"0\.3 does not allow"):
        from_json(chain, "0.3", "it")
    chain["x509CertificateChain"]["certificates"] *= 2
    with pytest.raises(BadContent, match="cannot be read"):
        from_json(chain, "0.2", "it")


@pytest.mark.parametrize(
    "many",
    [
        {**fields(), "tlogEntries": fields()["tlogEntries"] * 17},
        {**fields(), "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AA=="}] * 17}},
        {"x509CertificateChain": {"certificates": [{"rawBytes": "AA=="}] * 9}},
        entry(inclusionProof={**fields()["tlogEntries"][0]["inclusionProof"], "hashes": ["AA=="] * 64}),
    ],
)
def test_there_is_not_more_of_anything_than_bundles_have(many: dict[str, Any]) -> None:
    with pytest.raises(TooLarge, match="more than"):
        from_json(many, "0.2", "it")


def mutated(base: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """``base`` with one value somewhere in it replaced."""
    if isinstance(base, dict) and base and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(base)))
        return {**base, key: mutated(base[key], draw)}
    if isinstance(base, list) and base and draw(st.booleans()):
        return [mutated(base[0], draw)]
    return draw(st.none() | st.integers() | st.floats() | st.text(max_size=4) | st.lists(st.none(), max_size=1))


@given(st.data(), st.sampled_from(["0.1", "0.2", "0.3"]))
def test_nothing_in_it_is_worse_than_an_error(data: st.DataObject, version: str) -> None:
    with suppress(BadContent):
        from_json(mutated(fields(), data.draw), version, "it")
