"""Signs with an identity: the instance that is set, and a token from wherever one can be had."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.progress import Noted, Observer, silent
from undercurrent.settings import Settings
from undercurrent.signing.keyless.signatory import KeylessSignatory
from undercurrent.signing.keyless.sources import Tokens, found_here, from_file, given
from undercurrent.workflows.roots import instance_in_use

__all__ = ["Tokens", "found_here", "from_file", "given", "keyless_signatory"]


@asynccontextmanager
async def keyless_signatory(
    settings: Settings, tokens: Tokens, *, observer: Observer = silent
) -> AsyncIterator[KeylessSignatory]:
    """Whoever the token names, ready to sign.

    Args:
        settings: which instance, and how it is talked to.
        tokens: where tokens come from.
        observer: is told about retries, where somebody is waited for, and who signs.

    Raises:
        UsageError: there is no token that is valid, or the instance is not described as it has to be.
        Unauthorized: the token is not accepted.
        CouldNotCheck: a service does not answer.
    """
    async with Client(settings.net, observer=observer) as client:
        instance = await instance_in_use(settings, client, observer=observer)
        signatory = await KeylessSignatory(instance, tokens(instance.issuer), client).opened()
        who = signatory.maker
        note = _("signing as {identity}, for whom {issuer} vouches; the transparency log makes that public")
        observer(Noted(note.format(identity=who.subject, issuer=who.issuer)))
        yield signatory
