import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent
from undercurrent.oci.digest import Digest
from undercurrent.signing import simplesigning

DIGEST = Digest.of(b"image")
PLAIN = (
    '{"critical":{"identity":{"docker-reference":"host/app"},"image":{"docker-manifest-digest":"%s"},'
    '"type":"cosign container image signature"},"optional":%s}'
)


@pytest.mark.parametrize(
    ("annotations", "optional"),
    [
        ({}, "null"),
        # As cosign 3.1.3 wrote it for: -a b=2 -a a=1 -a 'x=<é>&'
        ({"b": "2", "a": "1", "x": "<é>&"}, '{"a":"1","b":"2","x":"\\u003cé\\u003e\\u0026"}'),
    ],
)
def test_the_payload_is_byte_for_byte_the_one_of_cosign(annotations: dict[str, str], optional: str) -> None:
    raw = simplesigning.build("host/app", DIGEST, annotations)

    assert raw.decode() == PLAIN % (DIGEST, optional)
    parsed = simplesigning.parse(raw, "it")
    assert (parsed.kind, parsed.digest, parsed.identity) == (simplesigning.TYPE, DIGEST, "host/app")
    assert parsed.optional == annotations


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"critical":null,"optional":null}',
        b'{"critical":{"identity":{},"image":{},"type":""},"optional":null}',
        (PLAIN % (DIGEST, "[]")).encode(),
        (PLAIN % (DIGEST, "null")).replace('"type"', '"image":{},"type"').encode(),
        (PLAIN % (DIGEST, "null")).replace('"optional"', '"more":1,"optional"').encode(),
        (PLAIN % (DIGEST, "null")).replace('"optional"', '"Critical":1,"optional"').encode(),
        (PLAIN % (DIGEST, "null")).replace('"critical":{', '"critical":{"type":"x",').encode(),
    ],
)
def test_what_has_not_exactly_one_meaning_is_refused(raw: bytes) -> None:
    with pytest.raises(BadContent, match="it"):
        simplesigning.parse(raw, "it")


@given(st.binary(max_size=100) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(
            ["critical", "optional", "identity", "image", "type", "docker-reference", "docker-manifest-digest"]
        ),
        inner,
    ),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_nothing_in_a_payload_is_worse_than_an_error(raw: bytes) -> None:
    with suppress(BadContent):
        assert simplesigning.parse(raw, "it").raw == raw
