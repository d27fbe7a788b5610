"""Names of keys in tokens: what RFC 7512 allows, without PINs and programs."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import UsageError
from undercurrent.signing.pkcs11uri import Pkcs11Uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("pkcs11:", Pkcs11Uri()),
        ("pkcs11:token=The%20Software%20PKCS%2311%20token", Pkcs11Uri(token="The Software PKCS#11 token")),
        ("pkcs11:object=my-key;type=private;id=%01%0a", Pkcs11Uri(object="my-key", id=b"\x01\n")),
        ("pkcs11:id=abc", Pkcs11Uri(id=b"abc")),
        ("pkcs11:slot-id=635746083;serial=8a;model=M;manufacturer=S", Pkcs11Uri("", "S", "8a", "M", 635746083)),
        (
            "pkcs11:token=t?pin-source=file:/etc/pin&module-path=/usr/lib/a.so",
            Pkcs11Uri("t", module="/usr/lib/a.so", pin_source="/etc/pin"),
        ),
        ("pkcs11:token=t?pin-source=file:///etc/pin", Pkcs11Uri("t", pin_source="/etc/pin")),
        ("pkcs11:token=t?pin-source=pin.txt", Pkcs11Uri("t", pin_source="pin.txt")),
        ("pkcs11:token=%e5%8f%91%e5%b8%83", Pkcs11Uri(token="发布")),
    ],
)
def test_what_is_understood(text: str, uri: Pkcs11Uri) -> None:
    assert Pkcs11Uri.parse(text) == uri


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("token=t", "named by a pkcs11: URI"),
        ("pkcs11:" + "a" * 5000, "named by a pkcs11: URI"),
        ("pkcs11:token", "the token of a pkcs11: URI is none"),
        ("pkcs11:token=a;token=b", "has token twice"),
        ("pkcs11:token=a;", "with '' is not understood"),
        ("pkcs11:tokne=a", "with 'tokne' is not understood"),
        ("pkcs11:token=a?module-name=softhsm2", "with 'module-name' is not understood"),
        ("pkcs11:token=%zz", "the token of a pkcs11: URI is none"),
        ("pkcs11:token=%ff", "is not UTF-8"),
        ("pkcs11:token=%1b%5b31m", "the token of a pkcs11: URI is none"),
        ("pkcs11:slot-id=one", "the slot-id of a pkcs11: URI is none"),
        ("pkcs11:type=cert", "of type cert names no key"),
        ("pkcs11:token=a?pin-source=|/bin/pin", "is not a file"),
        ("pkcs11:token=a?pin-source=http://x/pin", "is not a file"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Pkcs11Uri.parse(text)


def test_a_pin_in_the_uri_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="other users of this machine can see it") as caught:
        Pkcs11Uri.parse("pkcs11:token=t?pin-value=739215")

    assert "COSIGN_PKCS11_PIN" in caught.value.hint
    assert "739215" not in caught.value.message + caught.value.hint


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)


@given(
    st.builds(Pkcs11Uri, NAMES.filter(str.isprintable), object=NAMES.filter(str.isprintable), id=st.binary(max_size=8))
)
def test_what_is_shown_names_the_same_key(uri: Pkcs11Uri) -> None:
    assert Pkcs11Uri.parse(str(uri)) == uri


@given(st.text(st.sampled_from("pkcs11:?;&=%token0aF|/é\x00-"), max_size=60))
def test_text_of_any_kind_is_understood_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert Pkcs11Uri.parse("pkcs11:" + text).token.isprintable()
