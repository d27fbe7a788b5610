import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent, TooLarge, UsageError
from undercurrent.oci.digest import Digest
from undercurrent.signing import statement
from undercurrent.signing.predicates import COSIGN_SIGN, CYCLONEDX, SPDX

DIGEST = Digest.of(b"image")
OTHER = Digest.of(b"other")


def test_a_signature_says_what_cosign_says() -> None:
    raw = statement.build_signature(DIGEST, {"b": "2", "a": "é"})

    assert raw.decode() == (
        '{"_type":"https://in-toto.io/Statement/v1",'
        f'"subject":[{{"digest":{{"sha256":"{DIGEST.encoded}"}},"annotations":{{"a":"é","b":"2"}}}}],'
        '"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}'
    )
    parsed = statement.parse(raw, "it")
    assert parsed.predicate_type == COSIGN_SIGN
    subject = parsed.about(DIGEST)
    assert subject is not None
    assert subject.annotations == {"a": "é", "b": "2"}
    assert parsed.about(OTHER) is None


@pytest.mark.parametrize(
    "predicate",
    [
        b'{"a":1.0,"b":[1e300,{"predicate":"} \\" {"}],"c":"\\u00e9"}',
        b'\n{\n  "name" : "caf\xc3\xa9"\t}\r\n',
        b"{}",
    ],
)
def test_the_bytes_of_a_predicate_stay_as_they_are(predicate: bytes) -> None:
    raw = statement.build_attestation("host/app", DIGEST, CYCLONEDX, predicate)
    parsed = statement.parse(raw, "it")

    assert parsed.predicate_bytes == predicate.strip()
    assert parsed.predicate == json.loads(predicate)
    assert parsed.subjects[0].name == "host/app"
    assert parsed.about(DIGEST)


def test_a_predicate_is_found_wherever_it_stands() -> None:
    raw = b'{ "predicate" : [ "x" ] ,"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"t" }'

    assert statement.parse(raw, "it").predicate_bytes == b'[ "x" ]'


def test_spdx_tag_value_text_becomes_a_string_as_in_cosign() -> None:
    text = b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"

    parsed = statement.parse(statement.build_attestation("host/app", DIGEST, SPDX, text), "it")

    assert parsed.predicate == text.decode()

    with pytest.raises(UsageError):
        statement.build_attestation("host/app", DIGEST, SPDX, text + b"\xff")


@pytest.mark.parametrize("predicate", [b"", b"[]", b"SPDXVersion: SPDX-2.3", b'{"a":1,"a":2}', b"\xff", b'{"a":NaN}'])
def test_what_is_no_predicate_is_refused_before_it_is_signed(predicate: bytes) -> None:
    with pytest.raises(UsageError, match="predicate"):
        statement.build_attestation("host/app", DIGEST, CYCLONEDX, predicate)


def document(**changes: object) -> bytes:
    base = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "x", "digest": {"sha256": DIGEST.encoded}}],
        "predicateType": "t",
        "predicate": None,
    }
    return json.dumps(base | changes).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        document(_type="https://in-toto.io/Statement/v2"),
        document(_type=["https://in-toto.io/Statement/v1"]),
        document(subject=None),
        document(subject=["x"]),
        document(subject=[{"name": "x"}]),
        document(subject=[{"digest": {"sha256": 1}}]),
        document(subject=[{"digest": {}, "annotations": []}]),
        document(subject=[{"digest": {}, "name": 1}]),
        document(predicateType=None),
        document().replace(b'"predicate"', b'"Predicate"'),
        document().replace(b'"_type"', b'"subject":[],"_type"'),
    ],
)
def test_what_is_no_statement_is_refused(raw: bytes) -> None:
    with pytest.raises(BadContent, match="it"):
        statement.parse(raw, "it")


def test_a_statement_about_too_many_things_is_refused() -> None:
    with pytest.raises(TooLarge, match="1024"):
        statement.parse(document(subject=[{"digest": {}}] * 1025), "it")


@given(st.binary(max_size=100) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.just("https://in-toto.io/Statement/v1"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["_type", "subject", "predicateType", "predicate", "digest", "name", "annotations"]), inner
    ),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_nothing_in_a_statement_is_worse_than_an_error(raw: bytes) -> None:
    try:
        parsed = statement.parse(raw, "it")
    except BadContent:
        return
    assert json.loads(parsed.predicate_bytes) == parsed.predicate
