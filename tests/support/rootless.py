"""Takes an application from as it is to proved: audits it, fixes it, and asks the fixed one what was asked before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.apps import App
from tests.support.cli import Result, UcRunner

__all__ = ["Hardened", "harden", "show_rootless"]


@dataclass(frozen=True, slots=True)
class Hardened:
    """What came of an application.

    Attributes:
        before: codes of what an audit finds in it.
        image: what the fix says of its image.
        after: codes of what an audit finds once it is fixed.
        left: changes that a second fix makes.
        proved: the run of `uc harden prove`.
    """

    before: frozenset[str]
    image: Mapping[str, Any]
    after: frozenset[str]
    left: list[Any]
    proved: Result


def harden(app: App, uc: UcRunner, environ: Mapping[str, str], *, stay_s: float = 0.3) -> Hardened:
    """Audits a copy of the application, fixes it, audits it again, and has it proved, beside one as it was.

    Args:
        app: which one.
        uc: runs the commands.
        environ: variables of the engine.
        stay_s: that each container has to stay up after it has answered.
    """
    before, after = app.copy(uc.folder / "before"), app.copy(uc.folder / "after")
    fixed = _fixed(uc, after)
    again = _fixed(uc, after)
    audited = uc("harden", "audit", before, after, "--offline", "--hadolint=off", "--fail-on=never", "--json")
    asked = ("--probe", app.after, "--probe-before", app.probe, f"--stay={stay_s}")
    proved = uc(
        "harden", "prove", after, "--before", before, *asked, *_flags(fixed["run"] or {}), "--json", env=environ
    )
    codes = [_codes(audited, uc.folder, app_folder) for app_folder in (before, after)]
    return Hardened(codes[0], fixed, codes[1], [*again["changes"], *again["unfixed"]], proved)


def show_rootless(seen: Hardened, app: App) -> None:
    """Asserts that it ran as root, or as a name, before, and that it is proved to do without after its fix."""
    assert seen.before & {"UC101", "UC103"}, "it runs as root, or as a user that has a name and no number"
    assert not seen.after & {"UC101", "UC102", "UC103"}
    assert (seen.image["after"], seen.image["unfixed"]) == ("rootless", [])
    assert {*seen.image["run"]["tmpfs"], *seen.image["run"]["volumes"]} >= set(app.writes)
    assert seen.left == [], "a second fix finds nothing to do"
    assert seen.proved.exit_code == 0, seen.proved.stderr + seen.proved.stdout
    assert seen.proved.json["data"]["verdict"] == "rootless"
    assert seen.proved.json["data"]["missing"] == []


def _fixed(uc: UcRunner, folder: Path) -> dict[str, Any]:
    done = uc("harden", "fix", folder, "--write", "--unsafe-fixes", "--json")
    assert done.stdout, done.stderr
    (image,) = done.json["data"]["images"]
    return dict(image)


def _codes(audited: Result, home: Path, folder: Path) -> frozenset[str]:
    """Codes of what was found in the folder; names of files begin in ``home``."""
    assert audited.exit_code == 0, audited.stderr
    places = [(one["code"], home / one["place"]["name"]) for one in audited.json["findings"]]
    return frozenset(code for code, file in places if file.is_relative_to(folder))


def _flags(run: Mapping[str, Any]) -> Iterator[str]:
    """How the fix says that it is to be run, as `uc harden prove` takes it."""
    options = iter(run.get("docker", ()))
    for option in options:
        if option == "--user":
            yield from (option, next(options))
        elif option == "--tmpfs":
            path, _colon, how = next(options).partition(":")
            yield from (option, f"{path}:exec" if "exec" in how.split(",") else path)
        elif option == "--volume":
            yield from (option, next(options).partition(":")[2])
        elif option == "--env":
            yield from (option, next(options))
        elif option == "--cap-add":
            raise AssertionError(f"the fix keeps {next(options)}")
