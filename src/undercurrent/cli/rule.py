"""``uc rule``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.report import rules as view
from undercurrent.report.model import Report
from undercurrent.workflows.rules import RULES, find_rule

__all__ = ["rule"]


@command("rule", help=_("Explain a finding's code (UC201), or list all codes."))
@click.argument("code", required=False)
def rule(session: Session, code: str | None) -> Report:  # noqa: ARG001 - nothing to set
    """Shows one rule, or all."""
    return view.view(find_rule(code)) if code else view.view_all(RULES.values())
