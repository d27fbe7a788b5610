"""Answers of timestamp authorities: in the order that DER demands, and in the one that FreeTSA writes."""

import base64
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sigstoreinstance import NOON, Instance, timestamp

from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.timestamps import is_timestamped
from undercurrent.signing.timestampresponse import read_response

VECTORS = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
INSTANCE = Instance()
SIGNATURE = b"signature"
IN_ORDER = timestamp(INSTANCE.tsa, SIGNATURE, NOON, embedded=(INSTANCE.tsa, INSTANCE.tsa_root))
FIRST, SECOND = sorted((INSTANCE.tsa.der, INSTANCE.tsa_root.der))
OUT_OF_ORDER = IN_ORDER.replace(FIRST + SECOND, SECOND + FIRST)


def test_certificates_out_of_order_are_no_obstacle() -> None:
    root = trustedroot.parse(json.dumps(INSTANCE.to_json()).encode(), "it")

    assert OUT_OF_ORDER != IN_ORDER
    for raw in (IN_ORDER, OUT_OF_ORDER):
        assert read_response(raw).as_bytes() == IN_ORDER
        assert is_timestamped(raw, SIGNATURE, root) == NOON


@pytest.mark.skipif(not VECTORS.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")
def test_an_answer_of_freetsa_is_read() -> None:
    case = VECTORS / "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail" / "bundle.sigstore.json"
    data = json.loads(case.read_bytes())["verificationMaterial"]["timestampVerificationData"]

    read = read_response(base64.b64decode(data["rfc3161Timestamps"][0]["signedTimestamp"]))

    assert read.tst_info.gen_time.isoformat() == "2025-08-06T19:38:49+00:00"
    assert len(read.signed_data.certificates) == 2


@given(st.integers(0, len(OUT_OF_ORDER) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_no_change_of_an_answer_is_worse_than_an_error(place: int, put: bytes, taken: int) -> None:
    with suppress(ValueError):
        read_response(OUT_OF_ORDER[:place] + put + OUT_OF_ORDER[place + taken :])
