"""What requests to all services of an instance have in common: a limit of time, and errors that name the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from undercurrent.errors import BadContent, CouldNotCheck, TimedOut, TooLarge, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Client, Request, excerpt, redact
from undercurrent.oci import strictjson

__all__ = ["MAX_ANSWER", "asking", "json_of", "post", "said"]

MAX_ANSWER: Final = 1024 * 1024
"""Bytes of an answer; certificates and log entries have less than twenty thousand."""


@asynccontextmanager
async def asking(service: str, patience_s: float) -> AsyncIterator[None]:
    """Limits the time that a service gets, retries and all, and says in errors which one it was.

    Args:
        service: what to call it.
        patience_s: seconds it gets.

    Raises:
        TimedOut: it took longer.
        CouldNotCheck: it could not be asked.
    """
    try:
        async with asyncio.timeout(patience_s):
            yield
    except TimeoutError:
        raise TimedOut(
            _("{service} did not answer within {seconds} seconds").format(service=service, seconds=round(patience_s))
        ) from None
    except CouldNotCheck as error:
        error.message = _("{service}: {reason}").format(service=service, reason=error.message)
        error.args = (error.message,)
        raise


async def post(client: Client, url: str, content: bytes, *, token: str = "") -> Answer:
    """Sends JSON; asking twice does no harm to any of the services.

    Args:
        client: asks.
        url: whom.
        content: JSON.
        token: an identity token to show.

    Raises:
        UnexpectedAnswer: the answer is larger than MAX_ANSWER.
        CouldNotCheck: there is none.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        return await client.fetch(Request("POST", url, headers, content), limit=MAX_ANSWER)
    except TooLarge as error:
        raise UnexpectedAnswer(error.message) from error


def json_of(answer: Answer) -> dict[str, Any]:
    """The JSON object that a service answered with.

    Raises:
        UnexpectedAnswer: it answered with something else.
    """
    where = redact(answer.url)
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise UnexpectedAnswer(
            _("{url} answers with status {status}{said}").format(url=where, status=answer.status, said=said(answer))
        )
    try:
        return strictjson.loads_object(answer.body, where)
    except BadContent as error:
        raise UnexpectedAnswer(error.message) from error


def said(answer: Answer) -> str:
    """What an answer says about why it is no better, ready to be appended to a sentence."""
    try:
        text = strictjson.loads_object(answer.body, "").get("message")
    except BadContent:
        text = None
    line = excerpt(text) if isinstance(text, str) else ""
    return _(": {text}").format(text=line) if line else ""
