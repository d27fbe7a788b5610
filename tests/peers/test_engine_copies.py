"""Images of real engines are verified by their signed copies, however the engine calls and saves them."""

from pathlib import Path

from tests.support.cli import UcRunner
from tests.support.engines import EngineServer
from tests.support.images import layer_tar


def build(engine: EngineServer, folder: Path, name: str, text: str) -> None:
    rootfs = folder / "rootfs.tar"
    rootfs.write_bytes(layer_tar({"motd": text.encode()}))
    engine.run("import", "--change", f"LABEL text={text}", rootfs, name)


def test_what_was_signed_is_verified_until_it_is_built_again(
    engine_server: EngineServer, run_uc: UcRunner, tmp_path: Path
) -> None:
    name = "example.test/copied:1.0"
    variable = {"podman": "CONTAINER_HOST", "docker": "DOCKER_HOST"}[engine_server.engine]
    env = {variable: f"unix://{engine_server.socket}", "COSIGN_PASSWORD": "", "COLUMNS": "200"}
    place = f"{engine_server.engine}:{name}"
    assert run_uc("key", "generate", env=env).exit_code == 0
    build(engine_server, tmp_path, name, "one")

    assert run_uc("image", "verify", place, env=env).exit_code == 1
    signed = run_uc("image", "sign", place, env=env)
    assert signed.exit_code == 0, signed.stderr
    verified = run_uc("image", "verify", place, env=env)
    assert verified.exit_code == 0, verified.stdout + verified.stderr
    listed = run_uc("image", "list", "--engine", engine_server.engine, "--include", name, "--json", env=env)
    assert [image["signatures"] for image in listed.json["data"]["images"]] == [["bundle", "legacy"]]

    build(engine_server, tmp_path, name, "two")
    refused = run_uc("image", "verify", place, "--json", env=env)
    assert refused.exit_code == 1
    assert [image["reason"] for image in refused.json["data"]["images"]] == ["other-build"]
