"""``uc policy test``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.report import policycases as view
from undercurrent.report.model import Report
from undercurrent.signing.policy.cases import read_cases
from undercurrent.workflows.policies import policy_in, try_cases

__all__ = ["test"]


@command("test", help=_("Try a policy on recorded cases: folders, or files of cases. Ends with 1 if one is different."))
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CASES...")
async def test(session: Session, file: Path, cases: tuple[Path, ...]) -> Report:
    """Tries it."""
    policy = await policy_in(file, session.settings, observer=session.observer)
    read = [case for path in cases for case in read_cases(path)]
    return view.tried(await try_cases(policy, read, session.settings), policy)
