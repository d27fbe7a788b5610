"""Dockerfiles, shell scripts and YAML: nodes cover what is read, and give back the same bytes."""

from contextlib import suppress
from typing import Final

from undercurrent import yamltext
from undercurrent.errors import UndercurrentError
from undercurrent.hardening.dockerfile import parse, scopes, stages, unparse
from undercurrent.hardening.shell import bodies, script

__all__ = ["dockerfile", "dockerfiles", "manifests", "scripts", "shell", "yaml"]

_DOCKERFILES: Final = (
    """\
# syntax=docker/dockerfile:1
ARG TAG=3.22
FROM --platform=$BUILDPLATFORM alpine:${TAG:-edge} AS build
ENV A=1 B="$A x" C='y'
RUN --mount=type=cache,target=/c apk add \\
  # a comment
  nginx && useradd -u ${A} app
COPY <<EOF <<-'TWO' /etc/
listen $A;
EOF
\tx
\tTWO
FROM build
COPY --from=build --chown=1:1 ["/a", "/b"]
ONBUILD RUN ["sh", "-c", "x"]
HEALTHCHECK --interval=5s CMD curl -f http://localhost/
USER ${A#x}:${B//1/2}
""",
    "# escape=`\r\nFROM a`\r\n as b\r\nRUN <<EOF\r\nchown 1 /x\r\nEOF\r\nCMD x",
)
_SCRIPTS: Final = (
    'set -e; if [ "$(id -u)" = 0 ]; then exec gosu app "$0" "$@"; fi\nexec "$@"\n',
    "apt-get update && apt-get install -y a || exit 1; for i in 1 2; do echo $i >> /f; done\n",
    "cat > /etc/x <<'EOF'\na $b\nEOF\ncase $1 in a|b) (x | y &) ;; esac; f() { z `q`; }; A=$(b) c <<<\"d\"\n",
)
_MANIFESTS: Final = (
    "services:\n  web: &w\n    image: a # b\n    ports: ['80:80', {target: 1}]\n  two:\n    <<: *w\n    user: \"1\"\n",
    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    args: |-\n      x\n      y\n---\n{kind: List}\n",
)


def dockerfiles() -> tuple[bytes, ...]:
    """Input that is right."""
    return tuple(text.encode() for text in _DOCKERFILES)


def scripts() -> tuple[bytes, ...]:
    """Input that is right."""
    return tuple(text.encode() for text in _SCRIPTS)


def manifests() -> tuple[bytes, ...]:
    """Input that is right."""
    return tuple(text.encode() for text in _MANIFESTS)


def dockerfile(data: bytes) -> None:
    """Reads one, its stages, its variables and its scripts; no byte is lost on the way."""
    read = parse(data)
    assert unparse(read) == data
    ends = [0, *(node.span.end for node in read.nodes)]
    assert [node.span.start for node in read.nodes] == ends[:-1]
    assert ends[-1] == len(read.source)
    for instruction in read.instructions:
        for word in instruction.words:
            assert instruction.span.start <= word.span.start <= word.span.end <= instruction.span.end
        for body in bodies(instruction, {"A": "b"}, read.source):
            for command in body.script.commands:
                place = body.source(command.span)
                assert instruction.span.start <= place.start <= place.end <= instruction.span.end
    with suppress(UndercurrentError):
        for stage in stages(read):
            for _scope in scopes(stage):
                pass


def shell(data: bytes) -> None:
    """Reads a script; every word stands where it says."""
    read = script(data.decode("utf-8", "surrogateescape"), {"PATH": "/bin"})
    for command in read.commands:
        assert len(command.words) == len(command.places)
        for place in (command.span, *command.places):
            assert 0 <= place.start <= place.end <= len(read.text)


def yaml(data: bytes) -> None:
    """Reads a file, and what its documents hold."""
    for document in yamltext.parse(data, "compose.yaml"):
        yamltext.plain(document.root)
