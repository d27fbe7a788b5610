"""The documents whose commands are run, and what each of them needs around it.

``python -m tests.support.documents [DOCUMENT…]`` writes what the commands print now into the documents.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.background import in_background
from tests.support.engines import EngineServer, podman
from tests.support.needing import compile_server
from tests.support.peers import require_peer
from tests.support.registry import FakeRegistry
from tests.support.servers import distribution
from tests.support.sigstore_stack import Sigstore, sigstore_stack
from tests.support.source import ROOT
from tests.support.transcripts import CUT, HOME, REGISTRY, Ran, aligned, commands, failed, home, rewritten, run
from tests.support.warm import warm_program

__all__ = ["DOCUMENTS", "Document", "follow"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document in two languages.

    Attributes:
        english, chinese: paths below the root.
        peers: real programs that its commands need; then its registry is a real one, too.
    """

    english: str
    chinese: str
    peers: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """What it says in ``en`` or ``zh``."""
        return (ROOT / (self.chinese if language == "zh" else self.english)).read_text("utf-8")


def _page(name: str, *peers: str) -> Document:
    return Document(f"docs/{name}.md", f"docs/{name}.zh.md", peers)


SIGSTORE: Final = "sigstore"
"""The peer that is a whole sigstore; documents call its issuer `ISSUER`."""
ISSUER: Final = "https://id.example.com"
"""As long as ``http://127.0.0.1:54321``, so that lines break where they are shown to."""

APPLICATION: Final = "cc"
"""The peer that builds a small web server: documents have it in ``app``."""

DOCUMENTS: Final = (
    Document("README.md", "README.zh-CN.md"),
    _page("tutorial"),
    _page("howto/sign-a-registry"),
    _page("howto/verify-in-ci"),
    _page("howto/sboms"),
    _page("howto/policy"),
    _page("howto/rotate-keys"),
    _page("howto/keyless", "cosign", SIGSTORE),
    _page("howto/keys-elsewhere", "softhsm2-util", "pkcs11-tool"),
    _page("howto/move-images-with-signatures", "skopeo"),
    _page("howto/one-statement-about-many-images", "cosign"),
    _page("howto/use-with-cosign", "cosign"),
    _page("howto/notation", "notation"),
    _page("howto/plan-windows"),
    _page("howto/sign-files"),
    _page("howto/signatures-in-another-repository", "cosign"),
    _page("howto/local-engine", "podman"),
    _page("howto/harden-prove", "podman", "strace", APPLICATION),
    _page("howto/checklists"),
    _page("howto/evidence"),
    _page("howto/plan"),
    _page("howto/plan-returns"),
    _page("howto/standing"),
    _page("howto/harden-audit"),
    _page("howto/rootless-templates"),
    _page("howto/harden-manifests"),
    _page("howto/harden-fix"),
    _page("howto/configuration"),
    _page("howto/troubleshooting"),
)


_DOCKERFILE: Final = """\
FROM scratch
COPY --chown=10001:10001 files /
COPY server /
EXPOSE 8080
USER 10001:10001
ENTRYPOINT ["/server"]
CMD ["write=/run/server.pid"]
"""


def follow(document: Document, language: str) -> list[Ran]:
    """Runs the commands of a document in ``en`` or ``zh``."""
    text = document.text(language)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        programs = _made(folder / "bin")
        environ = {"LANGUAGE": {"zh": "zh_CN"}.get(language, language)}
        for peer in document.peers:
            if peer == "podman":
                environ |= _podman(stack.enter_context(podman()), programs)
            elif peer not in (SIGSTORE, APPLICATION):
                (programs / peer).symlink_to(require_peer(peer))
        # `make demo` runs `uc demo` in an environment that it makes first; here there is one already.
        for name in ("make", "uc"):
            warm_program().install(programs / name)
        environ["PATH"] = os.pathsep.join((str(programs), *os.get_exec_path()))
        where = stack.enter_context(home())
        replace = {HOME: str(where)}
        if APPLICATION in document.peers:
            _with_application(where)
        if SIGSTORE in document.peers:
            sigstore = stack.enter_context(sigstore_stack(_made(folder / "sigstore")))
            environ |= _with_identity(sigstore, where)
            replace[ISSUER] = sigstore.issuer.url
        if REGISTRY in text:
            replace[REGISTRY] = stack.enter_context(_registry(folder, real=bool(document.peers)))
            if "notation" in document.peers:
                _allow_plain_http(where, replace[REGISTRY])
        return run(text, where, replace=replace, **environ)


@contextmanager
def _registry(folder: Path, *, real: bool) -> Iterator[str]:
    if real:
        with distribution("docker-registry", _made(folder / "registry")) as server:
            yield server.host
    else:
        with in_background(FakeRegistry()) as registry:
            yield registry.host


def _allow_plain_http(home: Path, host: str) -> None:
    """Lets notation talk to a registry on this machine without TLS: it would only to one that is called localhost."""
    configuration = home / ".config" / "notation" / "config.json"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(json.dumps({"insecureRegistries": [host]}))


def _podman(server: EngineServer, programs: Path) -> dict[str, str]:
    """Podman and buildah on the PATH, working on the storage of ``server``."""
    _program(programs / "podman", f'unset CONTAINER_HOST\nexec {" ".join(server.client)} "$@"')
    return {"CONTAINER_HOST": f"unix://{server.socket}", **server.environ}


def _with_identity(sigstore: Sigstore, home: Path) -> dict[str, str]:
    """What somebody has who may sign: the files about the instance, and a token."""
    shutil.copy(sigstore.trust_config, home / "sigstore.json")
    shutil.copy(sigstore.trusted_root, home / "trusted_root.json")
    return {"SIGSTORE_ID_TOKEN": sigstore.issuer.of_person()}


def _with_application(home: Path) -> None:
    """A web server that writes down its process number, ready to be built."""
    folder = _made(home / "app")
    for name in ("run", "tmp"):
        (folder / "files" / name).mkdir(parents=True)
    compile_server(folder / "server")
    (folder / "Dockerfile").write_text(_DOCKERFILE)


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main(names: Sequence[str]) -> None:
    """Writes what the commands of documents print now; of output that is cut, the same lines stay."""
    for document in DOCUMENTS:
        if names and not set(names) & {document.english, document.chinese}:
            continue
        english, chinese = document.text("en"), document.text("zh")
        assert commands(english) == commands(chinese), f"{document.chinese} shows other commands"
        ran = _followed(document, "en")
        kept = [_kept(one) for one in ran]
        (ROOT / document.english).write_text(rewritten(english, ran, kept), "utf-8")
        translated = _followed(document, "zh")
        kept = [_kept(one, as_in, lines) for one, as_in, lines in zip(translated, ran, kept, strict=True)]
        (ROOT / document.chinese).write_text(rewritten(chinese, translated, kept), "utf-8")
        sys.stdout.write(f"{document.english} {document.chinese}\n")


def _followed(document: Document, language: str) -> list[Ran]:
    ran = follow(document, language)
    for one in failed(ran):
        raise SystemExit("\n".join((f"$ {one.step.command}", *one.printed, f"ended with {one.exit_code}")))
    return ran


def _kept(one: Ran, original: Ran | None = None, kept: Sequence[int | None] = ()) -> Sequence[int | None]:
    """The printed lines to show: those that are shown now, or those of the original where there are as many lines."""
    shown, everything = one.step.shown, range(len(one.printed))
    if original and not kept:
        return ()
    if original and len(original.printed) == len(one.printed):
        return kept
    if not original and not shown:
        return ()
    if CUT not in shown and CUT not in (original or one).step.shown:
        return everything
    found = aligned(shown, one.printed)
    if found is None:
        raise SystemExit(
            f"$ {one.step.command}\n" + "\n".join(one.printed) + "\n\nCut this by hand, then run me again."
        )
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
