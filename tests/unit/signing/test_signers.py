"""Keys that are elsewhere: whoever is named opens them, and what a plug-in gets wrong is said to be its fault."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from undercurrent.errors import InvalidKey, MissingExtra, SignerFailed, Unreachable, UsageError
from undercurrent.signing.keys import PrivateKey, write_key_pair
from undercurrent.signing.signers import is_file, open_signer, public_key

PREAMBLE = """
from contextlib import asynccontextmanager
from undercurrent.errors import Unreachable
from undercurrent.signing.keys import PrivateKey

KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()
CLOSED = []

class Signer:
    public = KEY.public

    async def sign(self, data):
        return await KEY.sign(data)

@asynccontextmanager
async def open_signer(source):
    yield Signer()
    CLOSED.append(source)
"""


class Packages:
    """Packages that are installed as far as Python can tell, in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def install(self, name: str, source: str, scheme: str = "cloudkey") -> None:
        """Installs one with ``source`` as its module, after what a plug-in that works looks like."""
        (self._folder / f"{name}.py").write_text(PREAMBLE + dedent(source))
        information = self._folder / f"{name}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[undercurrent.signers]\n{scheme} = {name}:open_signer\n")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    monkeypatch.syspath_prepend(tmp_path)
    return Packages(tmp_path)


async def test_a_plugin_signs_with_its_key(packages: Packages) -> None:
    packages.install("plugin_that_works", "")

    async with open_signer("cloudkey://eu/release?version=3") as signer:
        signature = await signer.sign(b"data")

    assert signer.public.verify(signature, b"data")
    assert sys.modules["plugin_that_works"].CLOSED == ["cloudkey://eu/release?version=3"]
    assert await public_key("cloudkey://eu/release") == signer.public


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("plugin_broken", "raise RuntimeError('no libcloud')", "fails: RuntimeError: no libcloud"),
        ("plugin_lacking", "import no_such_library", "fails: ModuleNotFoundError: No module named 'no_such_library'"),
        ("plugin_empty", "del open_signer", "fails: AttributeError"),
        ("plugin_no_context", "def open_signer(source):\n    return Signer()", "fails: AttributeError"),
        ("plugin_no_key", "del Signer.public", "fails: AttributeError"),
        ("plugin_odd_key", "Signer.public = 'a key'", "does not say which public key it signs with"),
        ("plugin_exits", "import sys\nsys.exit('bye')", "fails: SystemExit: bye"),
        (
            "plugin_raising",
            """
            async def sign(self, data):
                raise KeyError("Signature")
            Signer.sign = sign
            """,
            "fails: KeyError: 'Signature'",
        ),
        (
            "plugin_other_key",
            """
            async def sign(self, data):
                return await OTHER.sign(data)
            Signer.sign = sign
            """,
            "signs wrongly",
        ),
        (
            "plugin_text",
            """
            async def sign(self, data):
                return "c2ln"
            Signer.sign = sign
            """,
            "signs wrongly",
        ),
        (
            "plugin_closing",
            """
            @asynccontextmanager
            async def open_signer(source):
                yield Signer()
                raise OSError("the session hangs")
            """,
            "fails: OSError: the session hangs",
        ),
    ],
)
async def test_a_plugin_that_fails_is_named(packages: Packages, name: str, source: str, message: str) -> None:
    packages.install(name, source)

    with pytest.raises(SignerFailed, match=f"the plug-in cloudkey {message}"):
        async with open_signer("cloudkey://release") as signer:
            await signer.sign(b"data")


async def test_what_a_plugin_says_in_our_words_is_left_as_it_is(packages: Packages) -> None:
    source = """
    async def sign(self, data):
        raise Unreachable("the key service does not answer")
    Signer.sign = sign
    """
    packages.install("plugin_offline", source)

    with pytest.raises(Unreachable, match=r"^the key service does not answer$"):
        async with open_signer("cloudkey://release") as signer:
            await signer.sign(b"data")


async def test_what_goes_wrong_elsewhere_is_not_the_plugins_fault(packages: Packages) -> None:
    packages.install("plugin_blameless", "")

    with pytest.raises(ZeroDivisionError):
        async with open_signer("cloudkey://release"):
            raise ZeroDivisionError


async def test_a_name_means_one_plugin(packages: Packages) -> None:
    packages.install("plugin_one", "")
    packages.install("plugin_two", "")

    with pytest.raises(InvalidKey, match="several plug-ins are called cloudkey: plugin_one:open_signer, plugin_two"):
        await public_key("cloudkey://release")
    with pytest.raises(InvalidKey, match="no plug-in is installed for keys of otherkey://") as caught:
        await public_key("otherkey://release")
    assert "cloudkey://" in caught.value.hint


async def test_files_and_variables_are_opened_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = PrivateKey.generate()
    private, public = write_key_pair(key, tmp_path / "my.key", b"secret")
    monkeypatch.setenv("OUR_KEY", private.read_text())

    for source in (private, str(private), "env://OUR_KEY"):
        async with open_signer(source, b"secret") as signer:
            assert signer.public == key.public
    assert await public_key(public) == key.public


def test_what_is_a_file() -> None:
    assert all(map(is_file, ["cosign.key", "/keys/a", "C:key", "pkcs12:key", "a/b://c"]))
    assert not any(map(is_file, ["env://KEY", "pkcs11:token=a", "cloudkey://a", "AWSKMS:///alias"]))


@pytest.mark.parametrize("source", ["pkcs11:object=a", "pkcs11:token=a?module-path=/nowhere.so"])
async def test_without_the_extra_a_token_cannot_be_asked(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((UsageError, SignerFailed)):
        await public_key(source)
    monkeypatch.setenv("COSIGN_PKCS11_MODULE_PATH", "/nowhere.so")
    monkeypatch.setitem(sys.modules, "pkcs11", None)

    with pytest.raises(MissingExtra, match="needs python-pkcs11") as caught:
        await public_key(source)

    assert caught.value.hint == "pip install 'undercurrent[pkcs11]'"
