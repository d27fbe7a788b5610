"""The one place that imports ``sigstore``, ``id`` and ``tuf``, and only when it is used.

What they do here: find out where an identity token can be had on this machine, let somebody sign in with a browser,
and follow The Update Framework. All of it blocks, so callers run it in a thread. What goes over the network for
The Update Framework goes through our own client.
"""

import importlib.resources
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from undercurrent.errors import BadContent, CouldNotCheck, UnexpectedAnswer, UsageError
from undercurrent.i18n import translate as _
from undercurrent.net import excerpt

__all__ = ["Fetch", "Updated", "ambient_token", "browser_token", "bundled_root", "update"]

Fetch = Callable[[str], bytes | None]
"""Gets what is at an address; None if there is nothing. Raises CouldNotCheck."""

_ROLES: Final = ("root", "timestamp", "snapshot", "targets")


@dataclass(frozen=True, slots=True)
class Updated:
    """What a repository of The Update Framework says now.

    Attributes:
        targets: content by name, of those that were asked for and are there.
        expires: from then on nothing of it counts, unless it was confirmed again.
    """

    targets: Mapping[str, bytes] = field(repr=False)
    expires: datetime


def ambient_token(audience: str) -> str | None:
    """The identity token of the job that this runs in (GitHub Actions, GitLab CI, Buildkite, CircleCI, Google Cloud).

    Returns:
        None where this is no such job.

    Raises:
        UsageError: it is one, and may not or cannot have a token.
        CouldNotCheck: whoever has the tokens does not answer.
    """
    import id as ambient  # noqa: PLC0415 - see the module's docstring
    import urllib3  # noqa: PLC0415 - which it asks with

    try:
        return ambient.detect_credential(audience)
    except ambient.GitHubOidcPermissionCredentialError as error:
        raise UsageError(
            _("this job may not have an identity token"),
            hint=_("give it the permission: `permissions: {id-token: write}` in the workflow"),
        ) from error
    except (ambient.IdentityError, urllib3.exceptions.HTTPError) as error:
        reason = excerpt(str(error))
        if isinstance(error, urllib3.exceptions.HTTPError) or isinstance(
            error.__context__, urllib3.exceptions.HTTPError
        ):
            raise CouldNotCheck(
                _("whoever has the identity token of this job does not answer: {reason}").format(reason=reason)
            ) from error
        raise UsageError(
            _("this job has no identity token: {reason}").format(reason=reason),
            hint=_("in GitLab CI, ask for one: `id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}`"),
        ) from error


def browser_token(issuer: str) -> str:
    """An identity token of whoever signs in with a browser now.

    Args:
        issuer: where; a URL.

    Raises:
        UsageError: nobody did.
        CouldNotCheck: the issuer does not answer.
    """
    import requests  # noqa: PLC0415 - see the module's docstring
    from sigstore import errors, oidc  # noqa: PLC0415 - likewise

    try:
        return str(oidc.Issuer(issuer).identity_token())
    except (errors.NetworkError, requests.RequestException) as error:
        raise CouldNotCheck(
            _("{issuer} does not answer").format(issuer=issuer), hint=_("nobody can sign in there now; try again later")
        ) from error
    except (oidc.IdentityError, oidc.IssuerError, EOFError, KeyError, ValueError) as error:
        raise UsageError(_("nobody signed in at {issuer}").format(issuer=issuer)) from error


def bundled_root(url: str) -> bytes | None:
    """The root metadata that the sigstore package brings along for a repository; None for one it does not know.

    It is where trust begins, however old: newer roots are signed by older ones.
    """
    folder = importlib.resources.files("sigstore") / "_store" / quote(url, safe="")
    file = folder / "root.json"
    return file.read_bytes() if file.is_file() else None


def update(url: str, folder: Path, names: Iterable[str], fetch: Fetch, bootstrap: bytes | None) -> Updated:
    """Follows a repository of The Update Framework (https://theupdateframework.github.io/specification/latest/).

    Args:
        url: of the repository; its targets are below ``targets/``.
        folder: what was verified before, which nothing older may replace; what is new is added.
        names: of the targets.
        fetch: gets what is at an address.
        bootstrap: root metadata that is trusted; None to begin with what is in ``folder``.

    Raises:
        BadContent: something is forged, or older than what was there before.
        UnexpectedAnswer: something is missing.
        CouldNotCheck: the metadata has expired, or something could not be fetched.
        OSError: ``folder`` cannot be used.
    """
    from tuf.api import exceptions, metadata  # noqa: PLC0415 - see the module's docstring
    from tuf.ngclient.fetcher import FetcherInterface  # noqa: PLC0415 - likewise
    from tuf.ngclient.updater import Updater  # noqa: PLC0415 - likewise

    class Fetcher(FetcherInterface):
        def _fetch(self, url: str) -> Iterator[bytes]:
            content = fetch(url)
            if content is None:
                raise exceptions.DownloadHTTPError(_("{url} is not there").format(url=url), 404)
            return iter((content,))

    roles, targets = folder / "metadata", folder / "targets"
    roles.mkdir(parents=True, exist_ok=True)
    try:
        updater = Updater(str(roles), url, str(targets), f"{url}/targets/", Fetcher(), bootstrap=bootstrap)
        found = {}
        for name in names:
            if target := updater.get_targetinfo(name):
                path = updater.find_cached_target(target) or updater.download_target(target)
                found[name] = Path(path).read_bytes()
        expiries = [metadata.Metadata.from_file(str(roles / f"{role}.json")).signed.expires for role in _ROLES]
        return Updated(found, min(expiries))
    except exceptions.ExpiredMetadataError as error:
        raise CouldNotCheck(
            _("what {url} says of its roots has expired: {reason}").format(url=url, reason=error),
            hint=_("its keepers have to confirm it again, or this machine's clock is wrong"),
        ) from error
    except exceptions.RepositoryError as error:
        raise BadContent(
            _("{url} does not prove what it says about its roots: {reason}").format(
                url=url, reason=excerpt(str(error))
            ),
            hint=_("what was verified before is kept; somebody may be tampering with this mirror"),
        ) from error
    except exceptions.DownloadError as error:
        if isinstance(error.__cause__, CouldNotCheck):
            raise error.__cause__ from None
        raise UnexpectedAnswer(
            _("{url} does not have all it should have: {reason}").format(url=url, reason=excerpt(str(error)))
        ) from error
