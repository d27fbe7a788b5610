"""Beginning an application without root."""

from tests.support.cli import UcRunner
from tests.support.source import ROOT

from undercurrent.hardening.templates import KINDS, dockerfile

TOOLKIT = ROOT / "toolkit" / "02_rootless_templates"


def test_the_files_are_written_and_what_to_type_next_is_said(run_uc: UcRunner) -> None:
    done = run_uc("harden", "new", "python", "--app", "shop", "--port", "9000", "--json")
    again = run_uc("harden", "new", "python", "--app", "shop", "--port", "9000")

    assert done.exit_code == 0, done.stderr
    assert done.json["kind"] == "harden-new"
    assert [file["written"] for file in done.json["data"]["files"]] == [True] * 4
    assert "--publish 9000:9000 --read-only --cap-drop ALL" in done.json["data"]["run"]
    assert (run_uc.folder / "Dockerfile").read_text() == dockerfile("python", app="shop", port=9000)
    assert ".git\n" in (run_uc.folder / ".dockerignore").read_text()
    assert again.exit_code == 0, again.stderr
    assert again.stdout.count("is so already") == 4


def test_what_to_type_next_can_be_typed(run_uc: UcRunner) -> None:
    done = run_uc("harden", "new", "alpine", "--to", "my shop", "--dry-run")

    assert "docker build --tag myapp:rootless 'my shop'" in done.stdout
    assert "uc harden audit 'my shop'" in done.stdout
    assert "uc harden prove 'my shop' --build-network host --probe http:" in done.stdout


def test_what_is_there_is_not_written_over(run_uc: UcRunner) -> None:
    (run_uc.folder / "Dockerfile").write_text("FROM mine\n")
    refused = run_uc("harden", "new", "alpine")
    shown = run_uc("harden", "new", "alpine", "--force", "--dry-run")

    assert refused.exit_code == 2
    assert "there already: Dockerfile" in refused.stderr
    assert "--force" in refused.stderr
    assert not (run_uc.folder / ".dockerignore").exists()
    assert "would be written" in shown.stdout
    assert (run_uc.folder / "Dockerfile").read_text() == "FROM mine\n"
    assert run_uc("harden", "new", "alpine", "--force").exit_code == 0
    assert (run_uc.folder / "Dockerfile").read_text() == dockerfile("alpine")


def test_the_dockerfile_alone_goes_to_standard_output(run_uc: UcRunner) -> None:
    printed = run_uc("harden", "new", "nodejs", "--uid", "20002", "--to", "-")

    assert printed.stdout == dockerfile("nodejs", uid=20002)
    assert not (run_uc.folder / "Dockerfile").exists()


def test_what_cannot_be_a_name_a_port_or_a_template_says_so(run_uc: UcRunner) -> None:
    for options, said in (
        (("python", "--app", "x\nUSER root"), "cannot name an application"),
        (("python", "--port", "80"), "port 80 is not between 1024 and 65535"),
        (("python", "--uid", "0"), "user 0 is not between 10001"),
        (("cobol",), "cobol"),
    ):
        refused = run_uc("harden", "new", *options)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


def test_an_audit_of_the_templates_finds_nothing(run_uc: UcRunner) -> None:
    audited = run_uc("harden", "audit", TOOLKIT, "--hadolint", "off", "--fail-on", "note", "--json")

    assert audited.exit_code == 0, audited.stderr
    assert audited.json["findings"] == []
    assert audited.json["data"]["identities"] == {"rootless": len(KINDS)}


def test_the_user_is_the_one_that_is_set(run_uc: UcRunner) -> None:
    (run_uc.folder / "undercurrent.toml").write_text("[harden]\nuid = 20002\n")
    assert run_uc("harden", "new", "alpine").exit_code == 0
    assert (run_uc.folder / "Dockerfile").read_text() == dockerfile("alpine", uid=20002)
