"""What a run has done, on disk, so that the next one goes on where it was cut off.

A journal is a file of JSON lines: a header (of which job, in which version of Undercurrent, and the fingerprint of
what was asked), a line for each time it was opened, a line for each item that ended, and a last line when all did.
Each line is appended by one write, so what a killed process leaves is whole lines and at most one torn one at the
end. Lines are not forced to the disk one by one: a power failure may cost the newest, whose items are done again.
"""

import errno
import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from undercurrent import __version__
from undercurrent.errors import BadContent, ConfigError, EnvironmentLacks, Refused, UndercurrentError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.settings import state_folder

if TYPE_CHECKING:
    from undercurrent.evidence import JSON

__all__ = ["Journal", "OpenJournal", "fingerprint_of"]

_FORMAT: Final = 1
_START: Final = b'{"journal":'
"""How every header of every version starts."""


def fingerprint_of(job: str, asked: "JSON") -> str:
    """Names what was asked of ``job``: 32 hex digits, the same for the same JSON whatever the order of its keys."""
    canonical = json.dumps([job, asked], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Journal:
    """Where a run writes down what it has done.

    Attributes:
        path: the file; made if it is not there.
        fingerprint: of what was asked (`fingerprint_of`): a journal of something else is not continued.
        resume: whether to go on with an unfinished journal; else it is begun anew.
    """

    path: Path
    fingerprint: str
    resume: bool = True

    @classmethod
    def at_home(cls, job: str, asked: "JSON", *, resume: bool = True) -> "Journal":
        """The usual place: a file named by the fingerprint, in the user's state folder."""
        fingerprint = fingerprint_of(job, asked)
        return cls(state_folder() / "runs" / f"{fingerprint}.jsonl", fingerprint, resume)

    @contextmanager
    def opened(self, job: str) -> Iterator["OpenJournal"]:
        """Locks the file, reads what is done, and begins it anew unless it is to be continued.

        Raises:
            Refused: another run holds it; says which process.
            ConfigError: the file cannot be opened, or is no journal (it is left alone then).
            EnvironmentLacks: there is no room for it.
            BadContent: a line in the middle is damaged.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise _unusable(self.path, error) from error
        try:
            self._lock(descriptor)
            found = _read(self.path)
            header = self._header(job)
            if found.continues(header) and self.resume:
                os.ftruncate(descriptor, found.length)
                journal = OpenJournal(self.path, descriptor, found.done)
            else:
                os.ftruncate(descriptor, 0)
                journal = OpenJournal(self.path, descriptor, {})
                journal.append({**header, "started": _now()})
            journal.append({"opened": {"pid": os.getpid(), "host": socket.gethostname(), "at": _now()}})
            yield journal
        finally:
            os.close(descriptor)

    def _header(self, job: str) -> dict[str, Any]:
        return {"journal": _FORMAT, "undercurrent": __version__, "job": job, "fingerprint": self.fingerprint}

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(self.path).holder
            raise Refused(
                _("the same job is under way already: process {pid} on {host}, since {at}").format(
                    pid=holder.get("pid", "?"), host=holder.get("host", "?"), at=holder.get("at", "?")
                ),
                hint=_("wait until it has ended, or stop it with: kill {pid}").format(pid=holder.get("pid", "?")),
            ) from None
        except OSError as error:
            raise _unusable(self.path, error) from error


class OpenJournal:
    """A journal that this process holds.

    Attributes:
        done: encoded results of the items that ended well, by key.
    """

    def __init__(self, path: Path, descriptor: int, done: Mapping[str, Any]) -> None:
        self.done = done
        self._path = path
        self._descriptor = descriptor

    def succeeded(self, key: str, encoded: "JSON") -> None:
        """Writes down an item that was done."""
        self.append({"key": key, "result": encoded})

    def failed(self, key: str, error: UndercurrentError) -> None:
        """Writes down an item that could not be done; the next run tries it again."""
        self.append({"key": key, "error": {"code": error.code, "message": error.message, "hint": error.hint}})

    def finished(self) -> None:
        """Writes down that every item has ended: nobody goes on with this journal."""
        self.append({"finished": _now()})
        os.fsync(self._descriptor)

    def append(self, line: Mapping[str, Any]) -> None:
        """Writes one line.

        Raises:
            EnvironmentLacks: it cannot be written whole; the journal is as it was before.
        """
        data = json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        try:
            _write_whole(self._descriptor, data)
        except OSError as error:
            os.ftruncate(self._descriptor, end)
            raise _no_room(self._path, error) from error


@dataclass(slots=True)
class _Found:
    """What a journal's file holds; ``length`` is that of its whole lines, in bytes."""

    header: dict[str, Any]
    holder: dict[str, Any]
    done: dict[str, Any]
    finished: bool
    length: int

    def continues(self, header: Mapping[str, Any]) -> bool:
        return not self.finished and header.items() <= self.header.items()


def _unusable(path: Path, error: OSError) -> UndercurrentError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _no_room(path, error)
    return ConfigError(
        _("cannot use the journal {path}: {reason}").format(path=path, reason=system_reason(error)),
        hint=_("check that you may write this file and its folder"),
    )


def _no_room(path: Path, error: OSError) -> EnvironmentLacks:
    return EnvironmentLacks(
        _("cannot write the journal {path}: {reason}").format(path=path, reason=system_reason(error)),
        hint=_("make room on its disk, then run the same command again"),
    )


def _read(path: Path) -> _Found:
    found = _Found(header={}, holder={}, done={}, finished=False, length=0)
    with path.open("rb") as lines:
        start = lines.read(len(_START))
        if not _START.startswith(start):
            raise ConfigError(
                _("{path} is not a journal").format(path=path), hint=_("name another file; this one is left as it is")
            )
        lines.seek(0)
        for number, raw in enumerate(lines, 1):
            if not raw.endswith(b"\n"):
                break  # torn: the process died while it wrote this
            _take_line(found, raw, path, number)
            found.length += len(raw)
    return found


def _take_line(found: _Found, raw: bytes, path: Path, number: int) -> None:
    try:
        line = json.loads(raw)
        if number == 1:
            found.header = line
        elif "result" in line:
            found.done[line["key"]] = line["result"]
        elif "opened" in line:
            found.holder = line["opened"]
        elif "finished" in line:
            found.finished = True
    except (ValueError, TypeError, KeyError) as error:
        raise BadContent(
            _("line {number} of the journal {path} is damaged").format(number=number, path=path),
            hint=_("delete the file to begin anew"),
        ) from error


def _write_whole(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
