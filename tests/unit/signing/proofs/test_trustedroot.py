"""Trusted roots: the real ones are read; what does not say since when it is trusted is refused."""

import copy
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sigstorepublic import public_trusted_root

from undercurrent.errors import BadContent, TooLarge, Unsupported
from undercurrent.signing.proofs.trustedroot import MAX_TRUSTED_ROOT, Validity, parse

VECTORS = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
PUBLIC = json.loads(public_trusted_root())
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def changed(change: Callable[[Any], object]) -> bytes:
    document = copy.deepcopy(PUBLIC)
    change(document)
    return json.dumps(document).encode()


def test_the_public_root_is_read() -> None:
    root = parse(public_trusted_root(), "it")

    assert [log.url for log in root.logs] == ["https://rekor.sigstore.dev", "https://log2025-1.rekor.sigstore.dev"]
    assert [len(authority.certificates) for authority in root.authorities] == [1, 2]
    assert root.authorities[0].validity.end == datetime(2022, 12, 31, 23, 59, 59, 999000, UTC)
    assert root.authorities[1].validity.end is None
    assert all(log.key for log in (*root.logs, *root.certificate_logs))
    assert len(root.timestamp_authorities) == 1


@pytest.mark.skipif(not VECTORS.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")
def test_all_published_roots_are_read_but_the_one_without_a_start() -> None:
    roots = {path.parent.name: path.read_bytes() for path in VECTORS.glob("*/trusted_root.json")}
    with pytest.raises(BadContent, match="since when"):
        parse(roots.pop("trust-root-tlog-missing-validity-start_fail"), "it")
    assert roots
    for raw in roots.values():
        assert all(log.key for log in parse(raw, "it").logs)


def test_an_interval_is_closed() -> None:
    interval, second = Validity(NOON, NOON + timedelta(hours=1)), timedelta(microseconds=1)

    assert interval.covers(NOON)
    assert interval.covers(NOON + timedelta(hours=1))
    assert not interval.covers(NOON - second)
    assert not interval.covers(NOON + timedelta(hours=1) + second)
    assert Validity(NOON, None).covers(NOON + timedelta(days=9999))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: root.pop("mediaType"),
        lambda root: root.update(mediaType="application/json"),
        lambda root: root.update(tlogs={}),
        lambda root: root.update(Tlogs=[]),
        lambda root: root["tlogs"][0].pop("logId"),
        lambda root: root["tlogs"][0]["publicKey"].pop("validFor"),
        lambda root: root["ctlogs"][0]["publicKey"]["validFor"].pop("start"),
        lambda root: root["ctlogs"][0]["publicKey"]["validFor"].update(start="yesterday"),
        lambda root: root["ctlogs"][0]["publicKey"]["validFor"].update(start="2026-13-01T00:00:00Z"),
        lambda root: root["certificateAuthorities"][0].pop("validFor"),
        lambda root: root["certificateAuthorities"][0].pop("certChain"),
        lambda root: root["certificateAuthorities"][0]["certChain"]["certificates"][0].update(rawBytes="AA=="),
        lambda root: root["timestampAuthorities"][0]["validFor"].update(start=None),
    ],
)
def test_a_root_that_is_not_whole_is_refused(change: Callable[[Any], object]) -> None:
    with pytest.raises(BadContent):
        parse(changed(change), "it")


def test_a_newer_root_is_named_and_a_huge_one_is_not_read() -> None:
    with pytest.raises(Unsupported, match=r"0\.9"):
        parse(changed(lambda root: root.update(mediaType=root["mediaType"].replace("0.1", "0.9"))), "it")
    with pytest.raises(TooLarge):
        parse(b" " * (MAX_TRUSTED_ROOT + 1), "it")
    with pytest.raises(TooLarge, match="more than 100 ctlogs"):
        parse(changed(lambda root: root.update(ctlogs=root["ctlogs"] * 51)), "it")


def test_a_key_of_a_new_kind_does_not_stand_in_the_way() -> None:
    root = parse(changed(lambda root: root["tlogs"][0]["publicKey"].update(rawBytes="AA==")), "it")

    assert [log.key is None for log in root.logs] == [True, False]


def test_a_log_may_have_another_name_in_its_checkpoints() -> None:
    root = parse(changed(lambda root: root["tlogs"][0].update(checkpointKeyId={"keyId": "AQIDBA=="})), "it")

    assert root.logs[0].hint == b"\x01\x02\x03\x04"
    assert root.logs[1].hint == root.logs[1].log_id[:4]


def mutated(base: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    if isinstance(base, dict) and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(base)))
        return {**base, key: mutated(base[key], draw)}
    if isinstance(base, list) and draw(st.integers(0, 9)):
        return [mutated(base[0], draw), *base[1:]]
    return draw(
        st.none() | st.integers() | st.text(max_size=4) | st.lists(st.none(), max_size=1) | st.binary().map(str)
    )


@given(st.data())
def test_nothing_in_a_root_is_worse_than_an_error(data: st.DataObject) -> None:
    with suppress(BadContent, Unsupported):
        parse(json.dumps(mutated(PUBLIC, data.draw)).encode(), "it")
