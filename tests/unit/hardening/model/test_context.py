"""The build context: what .dockerignore leaves, and never anything outside."""

import os
from pathlib import Path

import pytest

from undercurrent.hardening.model.context import LARGEST, Context


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "context"
    (root / "conf" / "deep").mkdir(parents=True)
    (root / "start.sh").write_text("#!/bin/sh\n")
    (root / "conf" / "nginx.conf").write_text("listen 80;\n")
    (root / "conf" / "deep" / "x.conf").write_text("x\n")
    (tmp_path / "outside").write_text("secret\n")
    return root


def test_files_are_read_from_the_root(root: Path) -> None:
    context = Context.of(root)

    assert context.read("start.sh") == context.read("/./start.sh") == context.read("conf/../start.sh") == "#!/bin/sh\n"
    assert context.read("conf") is None
    assert context.read("missing") is None
    assert context.has_folder("conf/")
    assert not context.has_folder("start.sh")
    assert context.listing("conf") == ("conf/deep/x.conf", "conf/nginx.conf")


def test_nothing_outside_is_read(root: Path) -> None:
    (root / "link").symlink_to("../outside")
    (root / "folder").symlink_to("..")
    (root / "inside").symlink_to("conf/nginx.conf")
    (root / "loop").symlink_to("loop")
    context = Context.of(root)

    assert context.read("../outside") is None
    assert context.read("link") is None
    assert context.read("folder/outside") is None
    assert context.read("loop") is None
    assert context.read("inside") == "listen 80;\n"
    assert not context.has_folder("folder")
    assert context.read("a\0b") is None
    assert not any(name.startswith("folder/") for name in context.listing())


def test_what_never_ends_or_is_large_is_not_read(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "device").symlink_to("/dev/zero")
    (root / "large").write_bytes(b"x" * (LARGEST + 1))
    (root / "binary").write_bytes(b"\x7fELF\xff")
    context = Context.of(root)

    assert context.read("pipe") is None
    assert context.read("device") is None
    assert context.read("large") is None
    assert context.read("binary") == "\x7fELF\udcff"


@pytest.mark.parametrize(
    ("patterns", "path", "out"),
    [
        ("*.sh", "start.sh", True),
        ("*.sh", "conf/start.sh", False),
        ("**/*.sh", "conf/deep/start.sh", True),
        ("**/*.sh", "start.sh", True),
        ("conf", "conf/deep/x.conf", True),
        ("/conf/", "conf/nginx.conf", True),
        ("conf/*\n!conf/nginx.conf", "conf/nginx.conf", False),
        ("conf/*\n!conf/nginx.conf", "conf/other", True),
        ("*\n!*.sh", "start.sh", False),
        ("# *.sh", "start.sh", False),
        ("conf/**", "conf/deep/x.conf", True),
        ("conf/**/x.conf", "conf/x.conf", True),
        ("con[^x]", "conf/a", True),
        ("con[^f]", "conf/a", False),
        ("c??f/*", "conf/a", True),
        ("", "start.sh", False),
        ("../conf", "conf/a", True),
        ("**/" * 100 + "z", "a/" * 100 + "b", False),
    ],
)
def test_dockerignore(root: Path, patterns: str, path: str, out: bool) -> None:
    (root / ".dockerignore").write_text(patterns + "\n")

    assert Context.of(root).leaves_out(path) is out


def test_an_ignore_file_of_the_dockerfile_counts_instead(root: Path) -> None:
    (root / ".dockerignore").write_text("*.sh\n")
    (root / "prod.Dockerfile.dockerignore").write_text("conf\n")

    assert Context.of(root).read("start.sh") is None
    context = Context.of(root, "prod.Dockerfile")
    assert context.read("start.sh")
    assert context.listing() == (".dockerignore", "prod.Dockerfile.dockerignore", "start.sh")
