"""``uc demo``: the main job on real images, here and now, through the very commands that a user types."""

import asyncio
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.main import root
from undercurrent.errors import UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci.files.layout import Layout
from undercurrent.sbom.syft import find_syft
from undercurrent.settings import ALIASES
from undercurrent.workflows.demo import DemoFolder, flip_byte, swap_signatures

__all__ = ["demo"]


@command("demo", help=_("Watch the main job run on real images from this machine: no registry, no Docker, no root."))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("undercurrent-demo"))
def demo(session: Session, folder: Path) -> None:
    """Packs, signs, verifies, tampers, verifies again, makes a server rootless, and says where that leaves you."""
    del session
    prepared = DemoFolder.prepare(folder, asyncio.run(find_syft()).path)
    with _inside(prepared.path):
        click.echo(f"$ cd {shlex.quote(str(folder))}")
        for step in (_pack, _sign, _verify, _tamper, _verify_again, _harden, _standing):
            step()
    _say(_("Everything is still there to look at: {folder}").format(folder=folder))


def _pack() -> None:
    _say(_("1. Four images, made of what is on this machine: this program's own packages, syft, licences."))
    _run("image pack files/tools -t demo/tools:1.0 --layout images --compression zstd --user 10001:10001")
    _run("image pack files/syft -t demo/syft:1.0 --layout images --compression zstd --entrypoint /syft")
    _run("image pack linux/amd64=files/hello linux/arm64=files/hello -t demo/hello:1.0 --layout images")
    _run("image pack files/licences -t demo/licences:1.0 --layout images")
    _run("image list")


def _sign() -> None:
    _say(_("2. A key, then a signature and an SBOM for each image and each platform."))
    _run("key generate")
    _run("image sign --all --recursive --sbom")
    _run("image sbom demo/tools:1.0 --to sboms")
    _run("image tree demo/hello:1.0")


def _verify() -> None:
    _say(_("3. Every signature is verified, every byte is compared with its digest."))
    _run("image verify --all --recursive --deep")


def _tamper() -> None:
    layout = Layout.open("images")
    path = asyncio.run(flip_byte(layout, "demo/syft:1.0"))
    _say(_("4. Somebody flips one byte of demo/syft:1.0, in {file}").format(file=path))
    asyncio.run(swap_signatures(layout, "demo/licences:1.0", "demo/hello:1.0"))
    _say(_("   and hangs the signature of demo/hello:1.0 on demo/licences:1.0, in the place of its own."))


def _verify_again() -> None:
    _say(_("5. Both are refused, and it is said why. This is where each image stands:"))
    _run("image verify --all --recursive --deep", expected=1)


def _harden() -> None:
    _say(_("6. A web server as most are: root, on port 80. What is wrong with it, what would change, what is left:"))
    _run("harden audit web", expected=1)
    _run("harden fix web", expected=1)
    _run("harden fix web --write")
    _run("harden manifests web --write")
    _run("harden audit web")


def _standing() -> None:
    _say(_("7. All of this was recorded. Out of that comes where you stand, and what to do next:"))
    _run("status")
    _run("report -o standing.html")


def _say(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _run(line: str, *, expected: int = 0) -> None:
    """Runs a command as if it had been typed.

    Raises:
        UndercurrentError: it ended otherwise than it should have.
    """
    click.echo(f"\n$ uc {line}")
    code = root().main(shlex.split(line), prog_name="uc", standalone_mode=False)
    if code != expected:
        raise UndercurrentError(
            _("`uc {line}` ended with {code}, not {expected}").format(line=line, code=code, expected=expected)
        )


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """In ``folder``, with a password for its key, and without what the user has set for other images."""
    before, kept = Path.cwd(), dict(os.environ)
    for name in (*ALIASES, *(name for name in os.environ if name.startswith("UNDERCURRENT_"))):
        os.environ.pop(name, None)
    os.environ["COSIGN_PASSWORD"] = "demo"  # noqa: S105 - of a key that is made here and for nothing else
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(kept)
