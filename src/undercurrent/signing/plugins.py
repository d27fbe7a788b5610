"""Keys that others know how to reach: signers from other packages, by entry point, named ``NAME://…``.

A package offers one in the group ``undercurrent.signers``: a function that takes what the user wrote and returns an
async context manager of a `Signer`. docs/howto/keys-elsewhere.md has the whole protocol, with an example.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from undercurrent.errors import InvalidKey, SignerFailed, UndercurrentError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.signing.algorithms import PublicKey, Signer

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "SignerPlugin", "open_plugin_signer"]

GROUP: Final = "undercurrent.signers"
"""The group of entry points; their names are the schemes."""


class SignerPlugin(Protocol):
    """What such an entry point is."""

    def __call__(self, source: str, /) -> AbstractAsyncContextManager[Signer]:
        """Opens the key that ``source`` names: all that the user wrote, scheme included.

        What is raised as an `UndercurrentError` reaches the user as it is; anything else names the plug-in.
        """
        ...


@asynccontextmanager
async def open_plugin_signer(source: str) -> AsyncIterator[Signer]:
    """A key that a plug-in reaches, until the block ends. Whatever it signs is verified before it is believed.

    Args:
        source: ``NAME://…``.

    Raises:
        InvalidKey: no plug-in, or more than one, has this name.
        SignerFailed: the plug-in is broken, or fails.
        UndercurrentError: what the plug-in says in our words.
    """
    scheme = source.partition("://")[0]
    with _blaming(scheme):
        opened = _plugin(scheme).load()(source)
        signer = _Checked(scheme, await opened.__aenter__())
    try:
        yield signer
    except BaseException as error:
        with _blaming(scheme):
            await opened.__aexit__(type(error), error, error.__traceback__)
        raise
    with _blaming(scheme):
        await opened.__aexit__(None, None, None)


class _Checked(Signer):
    """Verifies what a plug-in signs: a mistake in it must not reach a registry."""

    def __init__(self, name: str, signer: Any) -> None:
        self._name = name
        self._signer = signer
        self._public = signer.public
        if not isinstance(self._public, PublicKey):
            raise SignerFailed(_("the plug-in {name} does not say which public key it signs with").format(name=name))

    @property
    def public(self) -> PublicKey:
        key: PublicKey = self._public
        return key

    async def sign(self, data: bytes) -> bytes:
        with _blaming(self._name):
            signature = await self._signer.sign(data)
        if isinstance(signature, bytes) and self._public.verify(signature, data):
            return signature
        raise SignerFailed(
            _("the plug-in {name} signs wrongly: its own public key does not verify it").format(name=self._name),
            hint=_("nothing was written; the form that signatures must have is in docs/howto/keys-elsewhere"),
        )


def _plugin(name: str) -> "EntryPoint":
    from importlib.metadata import entry_points  # noqa: PLC0415 - reads the whole environment

    there = entry_points(group=GROUP)
    found = {entry.value: entry for entry in there if entry.name == name}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise InvalidKey(
            _("several plug-ins are called {name}: {values}").format(name=name, values=listed(sorted(found))),
            hint=_("uninstall all but one"),
        )
    names = listed(sorted({f"{entry.name}://" for entry in there}))
    raise InvalidKey(
        _("no plug-in is installed for keys of {name}://").format(name=name),
        hint=_("keys are read from files, env://VARIABLE, pkcs11: and plug-ins; plug-ins here: {names}").format(
            names=names or _("none")
        ),
    )


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Names the plug-in in what goes wrong inside it."""
    try:
        yield
    except UndercurrentError:
        raise
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {error}"[:300]
        raise SignerFailed(
            _("the plug-in {name} fails: {reason}").format(name=name, reason=reason),
            hint=_("its package is to blame, not the image; ask whoever maintains it"),
        ) from error
