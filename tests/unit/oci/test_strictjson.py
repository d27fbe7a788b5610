import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent
from undercurrent.oci import strictjson

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_whatever_json_holds_is_read(value: Any, ascii_only: bool) -> None:
    assert strictjson.loads(json.dumps(value, ensure_ascii=ascii_only).encode(), "it") == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"a":1} x', "Extra data"),
        (b"{'a':1}", "Expecting property name"),
        (b'{"a":1,}', ""),
        (b'{"a":1,"b":2,"a":3}', "key 'a' appears twice"),
        (b'{"x":{"a":1,"a":1}}', "key 'a' appears twice"),
        (b'{"a":1,"\\u0061":2}', "key 'a' appears twice"),
        (b"[NaN]", "NaN is no number"),
        (b"[Infinity]", "Infinity is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[1e999]", "1e999 is no number"),
        (b"[-1e999]", "-1e999 is no number"),
        (b'["\xff"]', "utf-8"),
        (b'["\xed\xa0\x80"]', "utf-8"),
        (b'["\\ud800"]', "surrogates"),
        (b'{"\\udfff":1}', "surrogates"),
        (b'["\n"]', "control character"),
        (b'\xef\xbb\xbf{"a":1}', "BOM"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[" * 101 + b"]" * 101, "nested too deeply"),
        (b'{"a":[' * 50 + b"[0]" + b"]}" * 50, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "digits"),
    ],
)
def test_what_has_no_meaning_or_two_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(BadContent, match=rf"the thing is not valid JSON: .*{reason}"):
        strictjson.loads(raw, "the thing")


@pytest.mark.parametrize("raw", [b"[" * 100 + b"]" * 100, b'"' + b"[" * 101 + b'"', b"[" + b"[]," * 101 + b"{}]"])
def test_what_is_not_nested_too_deeply(raw: bytes) -> None:
    assert json.dumps(strictjson.loads(raw, "it"))


def test_what_would_take_all_memory_is_not_even_begun() -> None:
    """22 times its size: what a registry may send for a list would be 700 MB."""
    with pytest.raises(BadContent, match="too many values"):
        strictjson.loads(b"[" + b"[]," * 4_000_000 + b"0]", "it")


@pytest.mark.timeout(30)
def test_a_key_that_appears_twice_is_found_among_many() -> None:
    many = b",".join(b'"%d":1' % number for number in range(200_000))
    with pytest.raises(BadContent, match="key '199999' appears twice"):
        strictjson.loads(b"{" + many + b',"199999":1}', "it")


def test_both_halves_of_a_surrogate_pair_are_a_character() -> None:
    assert strictjson.loads(b'["\\ud83d\\ude00"]', "it") == ["\U0001f600"]


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"x"'])
def test_an_object_is_asked_for(raw: bytes) -> None:
    with pytest.raises(BadContent, match="the thing is not a JSON object"):
        strictjson.loads_object(raw, "the thing")


@pytest.mark.parametrize("key", ["Digest", "DIGEST", "\u212aey", "\u017fize"])
def test_lookalikes(key: str) -> None:
    with pytest.raises(BadContent, match="which some would read as"):
        strictjson.refuse_lookalikes({"digest": 1, key: 2}, {"digest", "key", "size"}, "it")
    strictjson.refuse_lookalikes({"digest": 1, "other": 2, "Other": 3}, {"digest"}, "it")
