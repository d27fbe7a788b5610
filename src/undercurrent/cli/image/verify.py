"""``uc image verify``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.pairs import pairs
from undercurrent.cli.trusting import refuse_beside_policy, trust_of, trust_options
from undercurrent.i18n import translate as _
from undercurrent.report import verification as view
from undercurrent.report.model import Report
from undercurrent.workflows.verifying import verify_images

__all__ = ["verify"]


@command(
    "verify",
    help=_("Say of each image whether somebody that you trust signed it, or what a policy says: one verdict each."),
)
@choice_options
@setting(
    "--policy",
    of=("signing", "policy"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Judge by this policy: it says which images have to be signed by whom, and what else they need."),
)
@click.option("--explain", is_flag=True, help=_("Show how the policy came to each verdict, also the good ones."))
@trust_options
@click.option("-a", "--annotation", multiple=True, metavar="NAME=VALUE", help=_("The signature must say this too."))
@click.option("--recursive", is_flag=True, help=_("Each platform of an index must be signed too."))
@click.option("--deep", is_flag=True, help=_("Also read all content and compare its digests."))
async def verify(session: Session, recursive: bool, deep: bool, explain: bool, **flags: Any) -> Report:
    """Verifies them."""
    settings, observer = session.settings, session.observer
    if settings.signing.policy:
        refuse_beside_policy(session, flags, recursive=recursive)
        return await _by_policy(session, settings.signing.policy, flags, deep=deep, explain=explain)
    trust = await trust_of(session, flags, pairs(flags["annotation"], "--annotation"))
    async with chosen(session, flags, engine_first=True, read=True) as (found, _asked):
        summary = await verify_images(found, trust, settings, recursive=recursive, deep=deep, observer=observer)
    return view.view(summary)


async def _by_policy(session: Session, file: Path, flags: dict[str, Any], *, deep: bool, explain: bool) -> Report:
    from undercurrent.report import decisions  # noqa: PLC0415 - whoever verifies with a key does not wait for it
    from undercurrent.workflows.judging import judge_images  # noqa: PLC0415
    from undercurrent.workflows.policies import policy_in  # noqa: PLC0415

    settings, observer = session.settings, session.observer
    policy = await policy_in(file, settings, observer=observer)
    async with chosen(session, flags, engine_first=True, read=True) as (found, _asked):
        judged = await judge_images(found, policy, settings, deep=deep, observer=observer)
    return decisions.view(judged, policy, explain=explain)
