"""Dockerfiles that strangers made to take long: they do not."""

import time

import pytest

from undercurrent.errors import BadContent
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import describe

LINES = 10_000


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine\nRUN " + "apk \\\n" * LINES + "x",
        "FROM alpine\nRUN " + "chmod \\\n" * LINES + "x",
        "FROM alpine\nRUN " + "install \\\n" * LINES + "x",
        "FROM nginx\nRUN sed -i '" + "s/8" * 10_000 + "' /etc/nginx/nginx.conf",
        "FROM nginx\nCOPY <<EOF /etc/nginx/nginx.conf\n" + "\n" * 200_000 + "EOF\n",
        "FROM alpine\nRUN " + "useradd \\\n" * LINES + "app\nUSER app",
        "FROM alpine\n" + "USER 1\n" * LINES,
        "FROM alpine\nEXPOSE " + "1-65535 " * 500,
        'FROM alpine\nCMD ["' + '", "'.join(["tini"] * LINES) + '"]',
        "".join(f"FROM alpine AS s{n}\nCOPY --from=s{n - 1} /etc/passwd /etc/passwd\n" for n in range(1, 1000)),
        "FROM alpine AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nENV A{n}=1\n" for n in range(400)),
        "FROM alpine\n" + "ENTRYPOINT x\n" * LINES,
        "FROM alpine\nENV PATH=" + ":" * 60_000 + "\n" + "COPY x /y/\n" * 5000 + 'CMD ["app"]',
    ],
    ids=[
        *("apk", "chmod", "install", "sed", "blank", "useradd", "users", "ports", "tini", "passwd", "stages"),
        *("entrypoints", "path"),
    ],
)
def test_it_ends_soon(text: str) -> None:
    start = time.process_time()
    describe(parse(text))

    assert time.process_time() - start < 10


def test_more_stages_than_anybody_has_are_refused() -> None:
    text = "FROM alpine AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(600))

    with pytest.raises(BadContent, match="500"):
        describe(parse(text))
