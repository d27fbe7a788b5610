"""A view of what a machine has and lacks."""

from collections.abc import Sequence
from dataclasses import asdict

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.report.model import Block, Cell, Report, Table, Text
from undercurrent.workflows.doctor.capability import Capability, Kind

__all__ = ["view"]

_LACKS_SOMETHING = 3


def view(capabilities: Sequence[Capability], *, required: bool = False) -> Report:
    """What is here, which version, what it is for; then what would bring the rest.

    Args:
        capabilities: to be shown.
        required: whether one that is missing ends the command with 3.
    """
    missing = [capability for capability in capabilities if not capability.present]
    blocks: list[Block] = [
        _table(title, rows)
        for kind, title in _titles().items()
        if (rows := [capability for capability in capabilities if capability.kind == kind])
    ]
    if lines := [(capability.name, capability.install) for capability in missing if capability.install]:
        blocks.append(
            Table([_("missing"), _("what brings it")], lines, _("What would bring the rest"), squeeze=frozenset({1}))
        )
    if any(capability.planned for capability in capabilities):
        blocks.append(Text(_("* what needs this is not in this version yet"), "quiet"))
    present = len(capabilities) - len(missing)
    failed = required and missing
    summary = (
        Cell(_("missing: {names}").format(names=listed(capability.name for capability in missing)), "bad")
        if failed
        else Cell(_("{present} of {total} are here").format(present=present, total=len(capabilities)))
    )
    data = {"capabilities": [_data(capability) for capability in capabilities]}
    return Report("doctor", data, blocks, summary=summary, exit_code=_LACKS_SOMETHING if failed else 0)


def _titles() -> dict[Kind, str]:
    return {
        "program": _("Programs"),
        "engine": _("Engines that answer"),
        "python": _("Python packages"),
        "place": _("Places"),
        "kernel": _("Kernel"),
    }


def _table(title: str, capabilities: Sequence[Capability]) -> Table:
    return Table(
        ["", _("name"), _("version"), _("what for")],
        [_row(item) for item in capabilities],
        title,
        squeeze=frozenset({2, 3}),
    )


def _row(capability: Capability) -> list[Cell | str]:
    mark = Cell(_("yes"), "good") if capability.present else Cell(_("no"), "quiet" if capability.planned else "unsure")
    purpose = _(capability.enables) + (" *" if capability.planned else "")
    return [mark, Cell(capability.name, "strong"), capability.version, purpose]


def _data(capability: Capability) -> dict[str, object]:
    return {**asdict(capability), "enables": _(capability.enables)}
