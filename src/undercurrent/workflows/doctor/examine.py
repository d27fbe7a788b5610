"""Examines a machine, all at once and in a few seconds, whatever is missing or hangs."""

import asyncio
import difflib
from collections.abc import Iterable

from undercurrent.errors import UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.workflows.doctor.capability import Capability, Machine
from undercurrent.workflows.doctor.kernel import kernel_probes
from undercurrent.workflows.doctor.programs import program_probes
from undercurrent.workflows.doctor.surroundings import surrounding_probes

__all__ = ["choose", "examine"]


async def examine(machine: Machine | None = None) -> tuple[Capability, ...]:
    """Everything that this project knows how to use, present or not, always in the same order.

    Args:
        machine: this one when None.
    """
    machine = machine or Machine.here()
    probes = (*program_probes(), *surrounding_probes(), *kernel_probes(machine))
    return tuple(await asyncio.gather(*(probe(machine) for probe in probes)))


def choose(capabilities: Iterable[Capability], names: Iterable[str]) -> tuple[Capability, ...]:
    """Those with the given names, in the order of the names.

    Raises:
        UsageError: nothing has that name.
    """
    by_name = {capability.name: capability for capability in capabilities}
    unknown = next((name for name in names if name not in by_name), None)
    if unknown is not None:
        close = difflib.get_close_matches(unknown, by_name, 1)
        raise UsageError(
            _("there is nothing called {name!r} to require").format(name=unknown),
            hint=_("did you mean {names}?").format(names=close[0])
            if close
            else _("known are: {names}").format(names=listed(by_name)),
        )
    return tuple(by_name[name] for name in names)
