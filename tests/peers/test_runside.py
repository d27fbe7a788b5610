"""What a fix says about running its image is what engines take."""

from pathlib import Path

import pytest
from tests.support.engines import EngineServer
from tests.support.needing import compile_server

from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.hardening.runside import Engine, RunSide, engine_options

DOCKERFILE = 'FROM scratch\nCOPY skeleton /\nCOPY needs /needs\nENTRYPOINT ["/needs"]\n'


@pytest.mark.parametrize("name", ["docker", "podman"])
@pytest.mark.parametrize("group", [None, 20])
def test_a_folder_of_root_in_the_image_is_writable_to_who_runs(
    name: Engine, group: int | None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine: EngineServer = request.getfixturevalue(f"{name}_engine")
    compile_server(tmp_path / "needs")
    for folder in ("run/app", "tmp"):
        (tmp_path / "skeleton" / folder).mkdir(parents=True)
    (tmp_path / "skeleton" / "tmp").chmod(0o1777)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    image = f"example.test/run-side-{name}:1"
    engine.run("build", "--quiet", "--network=none", "--tag", image, tmp_path)
    here = Origin("Dockerfile", 1)
    state = tuple(StatePath(path, "state", lasting=False, origin=here) for path in ("/run/app", "/tmp"))  # noqa: S108

    options = engine_options(RunSide(10001, group, tmpfs=state), engine=name)
    said = engine.run("run", "--rm", "--network=none", *options, image, "write=/run/app/a", "write=/tmp/a", "exit=0")

    assert said == ""
    engine.run("rmi", image)
