"""``uc harden prove``."""

from pathlib import Path
from typing import Any, Final

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.pairs import pairs
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.proving import Conditions, Patience, asked, parse_probe
from undercurrent.i18n import translate as _
from undercurrent.report import proving as view
from undercurrent.report.model import Report
from undercurrent.workflows.proving import Wanted, prove_target

__all__ = ["prove"]


_AS_THEY_ARE: Final = (
    *("engine", "stage", "build_network", "tag", "predicate"),
    *("propose", "shrink", "fix", "unsafe"),
)


def _conditions(flags: dict[str, Any]) -> Conditions:
    return Conditions(
        user=asked.user_of(flags["user"]),
        writable=(*map(asked.tmpfs_of, flags["tmpfs"]), *map(asked.volume_of, flags["volume"])),
        environment=asked.environment_of(flags["env"]),
        network=asked.network_of(flags["network"]),
        command=asked.words_of(flags["cmd"]),
        capabilities=tuple(map(asked.capability_of, flags["cap_add"])),
        lowest_port=flags["lowest_port"],
    )


def _wanted(target: str, flags: dict[str, Any]) -> Wanted:
    probe, probe_before = (flags[name] and parse_probe(flags[name]) for name in ("probe", "probe_before"))
    return Wanted(
        target,
        flags["before"],
        _conditions(flags),
        probe or None,
        probe_before or None,
        patience=Patience(flags["wait"], flags["stay"], flags["wait"]),
        build_s=flags["timeout"],
        capabilities_before=tuple(map(asked.capability_of, flags["cap_before"])),
        arguments=pairs(flags["build_arg"], "--build-arg"),
        **{key: flags[key] for key in _AS_THEY_ARE},
    )


@command(
    "prove",
    help=_(
        "Build and run it without root, capabilities and a writable root, and see in the running container that it "
        "is so and that it answers as before. What is built and run here are programs: prove what you trust."
    ),
)
@click.argument("target", metavar="PATH|IMAGE")
@click.option("--probe", metavar="PROBE", help=_("What to ask: http://:8080/, tcp:5432, exec:COMMAND, or none."))
@click.option("--probe-before", metavar="PROBE", help=_("What to ask the image before, where that differs."))
@click.option("--before", metavar="PATH|IMAGE", help=_("What to compare with; none for nothing."))
@click.option("--fix", is_flag=True, help=_("Prove what uc harden fix would make of it; nothing is written."))
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help=_("With --fix: also what is not safe."))
@click.option("--cmd", default="", metavar="ARGS", help=_("Its arguments, as JSON or words."))
@click.option("--user", "--uid", default="", metavar="USER", help=_("Who runs it; the image's user, or 10001:10001."))
@click.option("--tmpfs", multiple=True, metavar="PATH[:OPTIONS]", help=_("Path that is writable and begins empty."))
@click.option("--volume", multiple=True, metavar="PATH", help=_("Path that is a volume."))
@click.option("--cap-add", multiple=True, metavar="NAME", help=_("Capability that it keeps, all the same."))
@click.option("--cap-before", multiple=True, metavar="NAME", help=_("Capability that it is given today."))
@click.option(
    "--lowest-port",
    type=click.IntRange(1, FIRST_FREE),
    default=FIRST_FREE,
    metavar="PORT",
    help=_("The lowest port that anybody may listen on; 1024, as on Kubernetes, unless given."),
)
@click.option("--propose/--no-propose", default=True, help=_("Find paths that have to be writable, and try them."))
@click.option("--shrink", is_flag=True, help=_("Find the fewest writable paths and capabilities."))
@click.option("--env", multiple=True, metavar="NAME[=VALUE]", help=_("Environment variable."))
@click.option("--engine", type=click.Choice(["auto", "podman", "docker"]), default="auto", help=_("Who runs it."))
@click.option("--network", default="none", metavar="NAME", help=_("The engine's network that it is in."))
@click.option("--build-network", default="none", metavar="NAME", help=_("Likewise, while it is built."))
@click.option("--target", "stage", default="", metavar="NAME", help=_("Stage to build."))
@click.option("--build-arg", multiple=True, metavar="NAME=VALUE", help=_("Build argument."))
@click.option("-t", "--tag", default="", metavar="REF", help=_("Keep the image that was built, under this name."))
@click.option(
    "--wait",
    type=click.FloatRange(0, min_open=True),
    default=30,
    metavar="SECONDS",
    help=_("Seconds to wait for an answer."),
)
@click.option(
    "--stay", type=click.FloatRange(0), default=2, metavar="SECONDS", help=_("Seconds that it has to stay up.")
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=1800,
    metavar="SECONDS",
    help=_("Seconds for each build."),
)
@click.option("--predicate", type=click.Path(path_type=Path), metavar="FILE", help=_("Write it for uc image attest."))
async def prove(session: Session, target: str, **flags: Any) -> Report:
    """Proves it."""
    return view.view(await prove_target(_wanted(target, flags), session.settings, observer=session.observer))
