"""Signs and verifies files, such as release artefacts: a bundle beside each, and a record of the outcome."""

import base64
import binascii
import mmap
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import BadContent, NotFound, TooLarge, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.durable import replacing
from undercurrent.oci.files.regular import reading
from undercurrent.settings import Settings
from undercurrent.signing import bundle, legacy
from undercurrent.signing.algorithms import Data
from undercurrent.signing.blobs import verify_blob, verify_detached
from undercurrent.signing.bundle import MessageSignature
from undercurrent.signing.checks import Check, Trust
from undercurrent.signing.examine import MAX_ATTESTATION
from undercurrent.signing.identities import Maker, named
from undercurrent.signing.material import Material
from undercurrent.signing.signatory import Signatory
from undercurrent.signing.verify import Verdict
from undercurrent.workflows.recording import Recording, recording

__all__ = ["STDIN", "SUFFIX", "SignedBlob", "VerifiedBlob", "sign_blobs", "verify_blobs", "verify_blobs_detached"]

SUFFIX: Final = ".sigstore.json"
"""What is added to a file's name to get that of its bundle; as sigstore's clients do."""
STDIN: Final = "-"
_MAPPED_FROM: Final = 64 * 1024 * 1024
"""Bytes from which on a file is mapped into memory, not read into it."""
_LARGEST_STDIN: Final = 1024 * 1024 * 1024
_LARGEST_TEXT: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class VerifiedBlob:
    """What came of verifying a file.

    Attributes:
        name: of the file.
        digest: of what was in it.
        verdict: verified, unsigned, or untrusted.
        reason: kebab-case, for machines: why it is not verified; empty if it is.
        message: one sentence for people.
        check: of its signature; None without one.
    """

    name: str
    digest: Digest
    verdict: Verdict
    reason: str
    message: str
    check: Check | None = None

    @property
    def maker(self) -> Maker | None:
        """Who signed it, if somebody who is trusted did."""
        return self.check.maker if self.check else None


@dataclass(frozen=True, slots=True)
class SignedBlob:
    """What came of signing a file.

    Attributes:
        name: of the file.
        digest: of what was in it.
        bundle: where its signature is.
        changed: whether that was written now; else it was there already.
        maker: whose signature it is.
    """

    name: str
    digest: Digest
    bundle: Path
    changed: bool
    maker: Maker


def verify_blobs(
    files: Sequence[str], trust: Trust, settings: Settings, *, beside: Path | None = None
) -> tuple[VerifiedBlob, ...]:
    """Verifies files by their bundles.

    Args:
        files: their names; `STDIN` for standard input.
        trust: whom to believe.
        settings: where the evidence goes.
        beside: the bundle of the only file; beside each file, with `SUFFIX`, when None.

    Raises:
        NotFound, CouldNotCheck: a file cannot be read, or ``beside`` is not there.
        BadContent: one is no file, or too large.
    """
    with recording(settings) as record:
        record.open()
        return tuple([_verified(name, trust, beside, record) for name in files])


def verify_blobs_detached(
    file: str, trust: Trust, settings: Settings, signature: str, certificate: Path | None = None
) -> tuple[VerifiedBlob, ...]:
    """Verifies a file by a signature that is in a file of its own, or in the argument itself.

    Args:
        file: its name; `STDIN` for standard input.
        trust: whom to believe.
        settings: where the evidence goes.
        signature: the name of a file that holds it, or the signature itself, in base64.
        certificate: file with the signer's certificate (PEM), and those above it.

    Raises:
        NotFound, CouldNotCheck, BadContent: as `verify_blobs`.
        UsageError: the signature is neither a file nor base64.
    """
    chain: tuple[bytes, ...] = ()
    if certificate is not None:
        pem = _read(certificate, _LARGEST_TEXT)
        pem = pem if b"-----" in pem else _decoded(pem) or pem
        chain = legacy.certificates(pem.decode("ascii", "replace"), str(certificate))
    raw = _signature(signature)
    with recording(settings) as record, _content(file) as data:
        record.open()
        check = verify_detached(data, raw, trust, Material(chain=chain))
        return (_recorded(record, file, data, check),)


async def sign_blobs(
    files: Sequence[str],
    signatory: Signatory,
    settings: Settings,
    *,
    beside: Path | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
) -> tuple[SignedBlob, ...]:
    """Signs files that the same signatory has not signed yet; each gets a bundle.

    Args:
        files: their names; `STDIN` for standard input, which needs ``beside``.
        signatory: signs.
        settings: where the evidence goes.
        beside: where the bundle of the only file goes; beside each file, with `SUFFIX`, when None.
        overwrite: put the new bundle in the place of one that is by somebody else, or about what the file was before.
        dry_run: look only; ``changed`` is what would be done.

    Raises:
        UsageError: a bundle of another kind is there, or nobody said where it goes.
        NotFound, CouldNotCheck, BadContent: a file cannot be read.
        EnvironmentLacks: a bundle cannot be written.
    """
    with recording(settings) as record:
        if not dry_run:
            record.open()
        return tuple(
            [
                await _signed(name, signatory, beside or _beside(name), record, overwrite=overwrite, dry_run=dry_run)
                for name in files
            ]
        )


def _beside(name: str) -> Path:
    if name == STDIN:
        raise UsageError(
            _("standard input has no name for its bundle"), hint=_("say where the bundle is with --bundle FILE")
        )
    return Path(name + SUFFIX)


async def _signed(
    name: str, signatory: Signatory, target: Path, record: Recording, *, overwrite: bool, dry_run: bool
) -> SignedBlob:
    with _content(name) as data:
        digest, changed = Digest.of(data), True
        existing = _existing(target)
        if existing is not None:
            changed = not verify_blob(data, existing, signatory.trust, str(target)).accepted
        if existing is not None and changed and not overwrite:
            raise UsageError(
                _("{path} is there, and is no signature of yours over what is in {name} now").format(
                    path=target, name=name
                ),
                hint=_("name another with --bundle, or replace it with --overwrite"),
            )
        if changed and not dry_run:
            signed = await signatory.sign(bytes(data))
            message = MessageSignature("SHA2_256", bytes.fromhex(digest.encoded), signed.signature)
            with replacing(target, target.parent) as file:
                file.write(bundle.dump(message, signed.material))
            record.add("blob-signed", digest, "signed", name, maker=signatory.maker, bundle=str(target))
    return SignedBlob(name, digest, target, changed, signatory.maker)


def _verified(name: str, trust: Trust, beside: Path | None, record: Recording) -> VerifiedBlob:
    target = beside or _beside(name)
    with _content(name) as data:
        raw = _read(beside, MAX_ATTESTATION) if beside else _existing(target)
        if raw is None:
            message = _("there is no {path}").format(path=target)
            unsigned = VerifiedBlob(name, Digest.of(data), Verdict.UNSIGNED, Verdict.UNSIGNED.value, message)
            return _record(record, unsigned)
        return _recorded(record, name, data, verify_blob(data, raw, trust, str(target)))


def _recorded(record: Recording, name: str, data: Data, check: Check) -> VerifiedBlob:
    verdict, message = Verdict.UNTRUSTED, check.message
    if check.accepted and check.maker is not None:
        verdict, message = Verdict.VERIFIED, _("signed by {keys}").format(keys=named(check.maker))
    return _record(record, VerifiedBlob(name, Digest.of(data), verdict, check.reason or "", message, check))


def _record(record: Recording, blob: VerifiedBlob) -> VerifiedBlob:
    record.add("blob-verified", blob.digest, blob.verdict, blob.name, maker=blob.maker, reason=blob.reason)
    return blob


@contextmanager
def _content(name: str) -> Iterator[Data]:
    """What a file holds."""
    if name == STDIN:
        content = sys.stdin.buffer.read(_LARGEST_STDIN + 1)
        if len(content) > _LARGEST_STDIN:
            raise TooLarge(_("standard input has more than {limit} bytes").format(limit=_LARGEST_STDIN))
        yield content
        return
    with reading(Path(name)) as file:
        if file.seek(0, 2) < _MAPPED_FROM:
            file.seek(0)
            yield file.read()
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
            yield view


def _read(path: Path, limit: int) -> bytes:
    """A small file.

    Raises:
        NotFound, CouldNotCheck, BadContent: it cannot be read, or is too large.
    """
    with reading(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(_("{what} is larger than {limit} bytes").format(what=path, limit=limit))
    return content


def _existing(path: Path) -> bytes | None:
    """A bundle; None if there is none."""
    try:
        return _read(path, MAX_ATTESTATION)
    except NotFound:
        return None


def _signature(said: str) -> bytes:
    """A signature: base64 in a file, the bytes themselves in a file, or base64."""
    try:
        content = _read(Path(said), _LARGEST_TEXT)
        return _decoded(content) or content
    except (NotFound, BadContent, OSError, ValueError) as error:
        found = _decoded(said.encode())
        if not found:
            raise UsageError(
                _("{text!r} is neither a file with a signature nor base64").format(text=said[:100])
            ) from error
        return found


def _decoded(text: bytes) -> bytes:
    """What base64 holds; empty if it is none."""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return b""
