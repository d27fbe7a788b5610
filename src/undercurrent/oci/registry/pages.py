"""Lists that come in pages, each naming the next one in ``Link`` (RFC 8288)."""

import re
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from yarl import URL

from undercurrent.errors import UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Request, address
from undercurrent.oci import strictjson

if TYPE_CHECKING:
    from undercurrent.oci.registry.host import Registry

__all__ = ["answers", "next_page", "pages"]

_MOST_PAGES: Final = 2000
"""Of a list; registries that give few at a time give a hundred."""
_LONGEST_LIST: Final = 64 * 1024 * 1024
"""Bytes of all pages: more than a million tags."""
_LARGEST_PAGE: Final = 32 * 1024 * 1024  # registries that know no pages send everything at once
_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[^;,\"]+(?:\"[^\"]*\")?)*)")
_NEXT: Final = re.compile(r";\s*rel\s*=\s*\"?(?:[^\";]*\s)?next(?:\s[^\";]*)?\"?\s*(?:;|$)", re.IGNORECASE)


def next_page(answer: Answer) -> str | None:
    """The address of the next page, absolute; None after the last one.

    Raises:
        UnexpectedAnswer: it is on another host.
    """
    for value in answer.headers.getall("Link", []):
        for link in _LINK.finditer(value):
            if _NEXT.search(link[2]):
                return _same_host(answer.url, link[1])
    return None


def _same_host(here: str, link: str) -> str:
    base = URL(here, encoded=True)
    target = address(link, base)
    if target is None or target.host != base.host:
        raise UnexpectedAnswer(_("{host} continues a list on another host").format(host=base.host))
    return str(target)


async def answers(
    registry: "Registry", url: str, *scopes: str, repository: str = "", headers: dict[str, str] | None = None
) -> AsyncIterator[Answer]:
    """The first answer, and those of the pages that follow it.

    Raises:
        UnexpectedAnswer: the pages lead in a circle, to another host, or do not end.
    """
    seen, size = set[str](), 0
    for _page in range(_MOST_PAGES):
        answer = await registry.fetch(
            Request("GET", url, headers or {}), *scopes, repository=repository, limit=_LARGEST_PAGE
        )
        seen |= {url, answer.url}  # what is asked for may be written in another way where it is answered
        size += len(answer.body)
        if size > _LONGEST_LIST:
            raise UnexpectedAnswer(_("{host} continues a list without end").format(host=registry.host))
        yield answer
        following = next_page(answer) if answer.status == HTTPStatus.OK else None
        if following is None:
            return
        if following in seen:
            raise UnexpectedAnswer(_("{host} continues a list in a circle").format(host=registry.host))
        url = following
    raise UnexpectedAnswer(_("{host} continues a list without end").format(host=registry.host))


async def pages(
    registry: "Registry",
    url: str,
    key: str,
    refused: Callable[[Answer], Exception],
    *scopes: str,
    repository: str = "",
) -> AsyncIterator[list[str]]:
    """The texts under ``key``, a page at a time.

    Args:
        registry: is asked.
        url: the first page.
        key: where the list stands in the JSON of a page.
        refused: makes the error of an answer that is no page.
        scopes: what the question needs to be allowed.
        repository: whose credentials to show.

    Raises:
        UnexpectedAnswer: a page is not what it should be.
    """
    async for answer in answers(registry, url, *scopes, repository=repository):
        if answer.status != HTTPStatus.OK:
            raise refused(answer)
        document = strictjson.loads_object(answer.body, _("the answer of {host}").format(host=registry.host))
        found: Any = document.get(key, "")
        if found is None:
            found = []  # Go writes an empty list as null
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise UnexpectedAnswer(_("{host} sent something else in place of a list").format(host=registry.host))
        yield found
