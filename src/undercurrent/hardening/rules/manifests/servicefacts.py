"""What rules look for in compose services beyond the checks of a patch."""

from collections.abc import Iterator

from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.servicechecks import ServiceViolation
from undercurrent.hardening.numbers import as_number, is_root
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.rules.low_uid import is_low
from undercurrent.hardening.rules.secretnames import is_secret

__all__ = ["low_ports", "secrets", "user_low", "user_root", "user_unset"]


def user_unset(service: Service) -> Iterator[ServiceViolation]:
    """Nobody is named, so the image decides."""
    if not service.user:
        yield ServiceViolation("user", ("user",))


def user_root(service: Service) -> Iterator[ServiceViolation]:
    """Root is named."""
    if service.user and is_root(service.user):
        yield ServiceViolation("user", ("user",), service.user)


def user_low(service: Service) -> Iterator[ServiceViolation]:
    """A user id that the host may use itself."""
    user = service.user.partition(":")[0]
    if (uid := as_number(user)) is not None and is_low(uid):
        yield ServiceViolation("user", ("user",), user)


def secrets(service: Service) -> Iterator[ServiceViolation]:
    """Variables that are called like secrets and have their value here."""
    for name, value in service.environment.items():
        if is_secret(name, value):
            yield ServiceViolation("user", ("environment", name), name)


def low_ports(service: Service) -> Iterator[ServiceViolation]:
    """Container ports below 1024."""
    for mapping in service.ports:
        if mapping.target < FIRST_FREE:
            yield ServiceViolation("user", mapping.key, str(mapping.target))
