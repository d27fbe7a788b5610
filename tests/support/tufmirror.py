"""A repository of The Update Framework, made with python-tuf and served on a loopback port.

Specification: https://theupdateframework.github.io/specification/latest/
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

__all__ = ["TufMirror", "tuf_mirror"]

_LONG: Final = timedelta(days=365)
_ROLES: Final = ("root", "timestamp", "snapshot", "targets")
_Signed = TypeVar("_Signed", Snapshot, Targets, Timestamp)


@dataclass(slots=True)
class TufMirror:
    """A mirror that runs, until it is `gone`.

    Attributes:
        url: its address.
        folder: what it serves.
        asked: paths that it was asked for.
        signers: of each role; change one, then `publish` with a new root.
    """

    url: str
    folder: Path
    asked: list[str]
    gone: "_Gone"
    signers: dict[str, CryptoSigner] = field(
        default_factory=lambda: {role: CryptoSigner.generate_ecdsa() for role in _ROLES}
    )
    _versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ROLES, 0))
    _root_signers: list[CryptoSigner] = field(default_factory=list)

    @property
    def first_root(self) -> bytes:
        """Where trust in it begins."""
        return (self.folder / "1.root.json").read_bytes()

    def publish(self, targets: dict[str, bytes], *, expires: dict[str, datetime] | None = None) -> None:
        """Publishes new metadata of every role, and ``targets``.

        Args:
            targets: content by name.
            expires: when the metadata of a role expires; in a year where nothing is said.
        """
        until = {role: datetime.now(UTC).replace(microsecond=0) + _LONG for role in _ROLES} | (expires or {})
        self.publish_root(expires=until["root"])
        listed = {name: TargetFile.from_data(name, content) for name, content in targets.items()}
        for name, content in targets.items():
            place = self.folder / "targets" / f"{listed[name].hashes['sha256']}.{name}"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
        self._versioned(Targets(self._next("targets"), expires=until["targets"], targets=listed))
        meta = {"targets.json": MetaFile(self._versions["targets"])}
        self._versioned(Snapshot(self._next("snapshot"), expires=until["snapshot"], meta=meta))
        self.publish_timestamp(until["timestamp"])

    def publish_timestamp(self, expires: datetime) -> None:
        """Confirms the snapshot that was published last."""
        snapshot = MetaFile(self._versions["snapshot"])
        signed = Timestamp(self._next("timestamp"), expires=expires, snapshot_meta=snapshot)
        (self.folder / "timestamp.json").write_bytes(self._signed(signed))

    def publish_root(self, *, expires: datetime | None = None) -> None:
        """Publishes a new root, with the signers of now, which the old root's signer signs too."""
        root = Root(self._next("root"), expires=expires or datetime.now(UTC).replace(microsecond=0) + _LONG)
        for role, signer in self.signers.items():
            root.add_key(signer.public_key, role)
        metadata = Metadata(root)
        metadata.sign(self.signers["root"])
        if self._root_signers and self._root_signers[-1] is not self.signers["root"]:
            metadata.sign(self._root_signers[-1], append=True)
        self._root_signers.append(self.signers["root"])
        (self.folder / f"{root.version}.root.json").write_bytes(metadata.to_bytes())

    def usurp(self) -> None:
        """Takes the mirror over, without the keys of those who kept it."""
        self.signers = {role: CryptoSigner.generate_ecdsa() for role in _ROLES}
        self._root_signers.clear()

    def _next(self, role: str) -> int:
        self._versions[role] += 1
        return self._versions[role]

    def _versioned(self, signed: _Signed) -> None:
        (self.folder / f"{signed.version}.{signed.type}.json").write_bytes(self._signed(signed))

    def _signed(self, signed: _Signed) -> bytes:
        metadata: Metadata[_Signed] = Metadata(signed)
        metadata.sign(self.signers[signed.type])
        return metadata.to_bytes()


class _Gone:
    """Stops the server when it is called."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server

    def __call__(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def tuf_mirror(folder: Path) -> Iterator[TufMirror]:
    """Runs a mirror that serves ``folder``, which is empty."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield TufMirror(f"http://127.0.0.1:{server.server_address[1]}", folder, asked, _Gone(server))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
