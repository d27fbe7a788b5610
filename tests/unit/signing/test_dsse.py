import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent
from undercurrent.signing.dsse import IN_TOTO, Envelope, from_json, pae, seal
from undercurrent.signing.keys import PrivateKey


def test_the_encoding_is_the_one_of_the_specification() -> None:
    # https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md#test-vectors
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


async def test_an_envelope_verifies_after_a_round_trip(signer: PrivateKey, stranger: PrivateKey) -> None:
    envelope = from_json((await seal(b"{}", IN_TOTO, signer)).to_json(), "it")

    assert envelope.payload == b"{}"
    assert envelope.verified_by(signer.public)
    assert not envelope.verified_by(stranger.public)
    assert not Envelope(envelope.payload, "text/plain", envelope.signature).verified_by(signer.public)


def signatures(*values: object) -> dict[str, object]:
    return {"payload": "e30=", "payloadType": IN_TOTO, "signatures": list(values)}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        signatures(),
        signatures({"sig": "AA=="}, {"sig": "AA=="}),
        signatures("AA=="),
        signatures({"sig": ""}),
        signatures({"sig": "AA"}),
        signatures({"sig": "A-_="}),
        signatures({"sig": " AA=="}),
        signatures({"sig": "ÄÄ=="}),
        signatures({"sig": "AA==", "keyid": 1}),
        {**signatures({"sig": "AA=="}), "payload": 1},
        {**signatures({"sig": "AA=="}), "payloadType": None},
        {**signatures({"sig": "AA=="}), "payloadType": "täxt"},
    ],
)
def test_what_is_not_exactly_one_signed_payload_is_refused(value: object) -> None:
    with pytest.raises(BadContent, match="it"):
        from_json(value, "it")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=8).map(base64.b64encode),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["payload", "payloadType", "signatures", "sig", "keyid"]), inner)
    ),
    max_leaves=8,
)


@given(json_values)
def test_nothing_in_an_envelope_is_worse_than_an_error(value: object) -> None:
    try:
        envelope = from_json(value, "it")
    except BadContent:
        return
    assert from_json(envelope.to_json(), "it") == envelope
