"""Every error that Undercurrent raises on purpose.

    UndercurrentError
    ├── UsageError                    usage                 exit 2   what was asked for makes no sense
    │   ├── ConfigError               invalid-config
    │   ├── InvalidReference          invalid-reference
    │   ├── InvalidKey                invalid-key           a key file that is not one, or a wrong password
    │   │   └── RetiredKey            retired-key           a key that was replaced, and does not count any more
    │   └── NotFound                  not-found             the place answered: it has no such thing
    ├── EnvironmentLacks              environment           exit 3   this machine lacks something
    │   ├── MissingExtra              missing-extra
    │   ├── MissingTool               missing-tool
    │   └── SignerFailed              signer-failed         a token or a plug-in that should sign does not
    ├── CouldNotCheck                 could-not-check       exit 4   nobody can say: never read as "no"
    │   ├── Unreachable               unreachable           retried
    │   ├── TimedOut                  timed-out             retried
    │   ├── Unauthorized              unauthorized          401, 403
    │   ├── RateLimited               rate-limited          429, retried after `retry_after`
    │   ├── RemoteFault               remote-fault          5xx, retried
    │   └── UnexpectedAnswer          unexpected-answer     an answer that the specification does not allow
    ├── Refused                       refused               exit 1   a check said no
    │   ├── BadContent                bad-content           bytes from outside that are not what they claim
    │   │   ├── DigestMismatch        digest-mismatch
    │   │   └── TooLarge              too-large
    │   └── Unsupported               unsupported           valid, but not something that can be done here
    └── Interrupted                   interrupted           exit 130

The error decides whether to retry (`retryable`), which exit code the command ends with (`exit_code`), and
what the user reads: a message that names the thing, and a hint that says what to do.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

__all__ = [
    "BadContent",
    "ConfigError",
    "CouldNotCheck",
    "DigestMismatch",
    "EnvironmentLacks",
    "Interrupted",
    "InvalidKey",
    "InvalidReference",
    "MissingExtra",
    "MissingTool",
    "NotFound",
    "RateLimited",
    "Refused",
    "RemoteFault",
    "RetiredKey",
    "SignerFailed",
    "TimedOut",
    "TooLarge",
    "Unauthorized",
    "UndercurrentError",
    "UnexpectedAnswer",
    "Unreachable",
    "Unsupported",
    "UsageError",
    "together",
]

Kind = TypeVar("Kind", bound="UndercurrentError")


class UndercurrentError(Exception):
    """Root of the tree.

    Args:
        message: what went wrong and with which thing, one sentence, in the user's language.
        hint: what to do about it, or "".

    Attributes:
        also: what else is wrong, where that can be told in one go.
        code: stable, kebab-case, never translated; JSON output and the docs use it.
        exit_code: what the command ends with when this error ends it.
        retryable: whether the same call may go through later without anybody changing anything.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.also: tuple[UndercurrentError, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles without the constructor: that of a subclass takes other arguments than `args` holds."""
        return _unpickled, (type(self), self.args), self.__dict__

    @property
    def docs(self) -> str:
        """Path of the page about this code, below the root of the documentation."""
        return f"reference/errors/#{self.code}"


def together(errors: Sequence[Kind]) -> Kind:
    """The first of ``errors``, at least one, which tells the others too."""
    first = errors[0]
    for other in errors[1:]:
        first.also += (other, *other.also)
    return first


def _unpickled(kind: type[UndercurrentError], arguments: tuple[Any, ...]) -> UndercurrentError:
    return kind.__new__(kind, *arguments)


class UsageError(UndercurrentError):
    """What was asked for makes no sense."""

    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """A configuration file, environment variable or flag has a value that cannot be used."""

    code = "invalid-config"


class InvalidReference(UsageError):
    """A name of an image, digest or platform does not parse."""

    code = "invalid-reference"


class InvalidKey(UsageError):
    """A key file that is not one, of a kind that is not supported, or a password that does not open it."""

    code = "invalid-key"


class RetiredKey(InvalidKey):
    """A key that was replaced, and whose time is over."""

    code = "retired-key"


class NotFound(UsageError):
    """The place was asked and answered: it has no such thing."""

    code = "not-found"


class EnvironmentLacks(UndercurrentError):
    """This machine lacks something; the hint says what installs it."""

    code = "environment"
    exit_code = 3


class MissingExtra(EnvironmentLacks):
    """A Python package that one capability needs is not installed."""

    code = "missing-extra"

    def __init__(self, package: str, extra: str, message: str) -> None:
        super().__init__(message, hint=f"pip install 'undercurrent[{extra}]'")
        self.package = package
        self.extra = extra


class MissingTool(EnvironmentLacks):
    """A program that one capability needs is not on the PATH."""

    code = "missing-tool"


class SignerFailed(EnvironmentLacks):
    """Whatever keeps the key, a token or a plug-in, does not sign, or signs wrongly."""

    code = "signer-failed"


class CouldNotCheck(UndercurrentError):
    """Nobody can say: the other side did not answer, or not usefully. Never read as "no"."""

    code = "could-not-check"
    exit_code = 4


class Unreachable(CouldNotCheck):
    """No connection: refused, reset, no such host, no trusted certificate."""

    code = "unreachable"
    retryable = True


class TimedOut(CouldNotCheck):
    """The other side took longer than it was given."""

    code = "timed-out"
    retryable = True


class Unauthorized(CouldNotCheck):
    """401 or 403: the credentials are missing, wrong, or not enough."""

    code = "unauthorized"


class RateLimited(CouldNotCheck):
    """429.

    Attributes:
        retry_after: seconds that the other side asked for, or None.
    """

    code = "rate-limited"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class RemoteFault(CouldNotCheck):
    """5xx.

    Attributes:
        retry_after: seconds that the other side asked for, or None.
    """

    code = "remote-fault"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class UnexpectedAnswer(CouldNotCheck):
    """An answer that the specification does not allow."""

    code = "unexpected-answer"


class Refused(UndercurrentError):
    """A check was made, and said no."""

    code = "refused"


class BadContent(Refused):
    """Bytes from outside that are not what they claim to be."""

    code = "bad-content"


class DigestMismatch(BadContent):
    """Content does not have the digest or the size that names it."""

    code = "digest-mismatch"


class TooLarge(BadContent):
    """Content is larger than its kind may be."""

    code = "too-large"


class Unsupported(Refused):
    """Valid, but not something that can be done here."""

    code = "unsupported"


class Interrupted(UndercurrentError):
    """The user stopped the run; the hint says how to go on."""

    code = "interrupted"
    exit_code = 130
