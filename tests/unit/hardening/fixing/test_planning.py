"""What a fix changes in a Dockerfile, and what it leaves."""

from pathlib import Path

import pytest
from tests.support.fixes import fixed, planned, source_of

from undercurrent.hardening.fixing import FixPlan

GO = """\
FROM golang:1.22 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /server .

FROM scratch
COPY --from=build /server /server
EXPOSE 9000
ENTRYPOINT ["/server"]
"""


def kinds(found: FixPlan) -> list[str]:
    return [change.kind for change in found.changes]


def test_a_user_is_put_behind_what_builds_and_nothing_else_changes() -> None:
    assert fixed(GO, unsafe=False) == GO.replace("EXPOSE 9000", "USER 10001:10001\nEXPOSE 9000")


def test_a_fixed_file_is_not_changed_again() -> None:
    once = fixed(GO)
    again = planned(once)
    assert not again.edits
    assert not again.changes


def test_the_number_can_be_chosen() -> None:
    assert "USER 20000:20000\n" in fixed(GO, uid=20000)


def test_an_empty_line_below_sets_it_apart_above_too() -> None:
    text = 'FROM python:3.12\nCOPY app.py /app.py\n\n# started so\nCMD ["python", "/app.py"]\n'
    assert fixed(text).endswith('=1\nUSER 10001:10001\n\n# started so\nCMD ["python", "/app.py"]\n')
    assert "COPY app.py /app.py\n\nENV" in fixed(text)


@pytest.mark.parametrize("ending", ["", "\n"])
def test_the_last_line_ends_as_it_did(ending: str) -> None:
    text = f'FROM scratch\nCMD ["/server"]\nCOPY server /{ending}'
    expected = (
        f'FROM scratch\nCMD ["/server"]\nCOPY server /{"" if ending else chr(10)}{chr(10)}USER 10001:10001{ending}'
    )
    assert fixed(text).replace("\n\n", "\n") == expected.replace("\n\n", "\n")
    assert fixed(text).endswith(f"USER 10001:10001{ending}")


def test_line_ends_and_the_case_of_keywords_are_kept() -> None:
    text = 'from scratch\r\ncopy server /server\r\nexpose 9000\r\ncmd ["/server"]\r\n'
    assert fixed(text) == text.replace("expose", "user 10001:10001\r\nexpose")


def test_user_root_at_the_end_is_the_line_that_changes() -> None:
    text = 'FROM scratch\nCOPY server /server\nEXPOSE 9000\nUSER root\nCMD ["/server"]\n'
    assert fixed(text) == text.replace("USER root", "USER 10001:10001")


def test_an_account_that_was_made_and_forgotten_is_used_by_its_number() -> None:
    text = 'FROM python:3.12\nRUN useradd -m web\nCOPY . /app\nCMD ["python", "/app/main.py"]\n'
    result = fixed(text)
    assert "RUN useradd --uid 10001 -m web\n" in result
    assert "\nUSER 10001\n" in result


def test_an_account_with_a_number_keeps_it() -> None:
    text = 'FROM python:3.12-alpine\nRUN adduser -D -u 5005 web\nCOPY . /app\nCMD ["python", "/app/main.py"]\n'
    result = fixed(text)
    assert "RUN adduser -D -u 5005 web\n" in result
    assert "\nUSER 5005\n" in result


def test_a_name_becomes_the_number_that_it_has_today() -> None:
    text = 'FROM debian:bookworm\nRUN useradd -m web\nUSER web\nCMD ["/srv/run"]\n'
    result = planned(text, unsafe=False)
    assert source_of(result) == text.replace("useradd", "useradd --uid 1000").replace("USER web", "USER 1000")


def test_a_number_that_nobody_can_tell_is_only_given_when_asked_for() -> None:
    text = 'FROM debian:bookworm\nRUN useradd --system web\nUSER web\nCMD ["/srv/run"]\n'
    assert not planned(text, unsafe=False).edits
    assert planned(text, unsafe=False).hidden[0].unsafe_because
    assert "useradd --uid 10001 --system web\nUSER 10001\n" in fixed(text)


def test_stages_that_are_built_on_a_fixed_one_go_on_as_root() -> None:
    text = """\
FROM python:3.12 AS base
COPY app.py /app.py
CMD ["python", "/app.py"]

FROM base AS test
RUN apt-get update && apt-get install -y git
"""
    result = fixed(text, target="base")
    assert "USER 10001:10001\nCMD" in result
    assert "FROM base AS test\nUSER 0\nRUN apt-get" in result


def test_what_root_does_after_another_user_is_bracketed() -> None:
    text = """\
FROM nginx:1.27
USER nginx
COPY --chown=101:101 site /usr/share/nginx/html
"""
    result = fixed(text)
    assert "USER 0\n# nginx without root" in result
    assert result.endswith("EXPOSE 8080\nUSER 101\n")


def test_a_program_that_nobody_knows_is_no_safe_change() -> None:
    text = 'FROM debian:bookworm\nRUN apt-get update && apt-get install -y jq\nENTRYPOINT ["jq"]\n'
    found = planned(text, unsafe=False)
    assert not found.edits
    assert [change.kind for change in found.hidden] == ["user"]
    assert "USER 10001:10001\n" in fixed(text)


def test_a_base_that_nobody_knows_is_no_safe_change() -> None:
    text = 'FROM registry.example/team/base:1\nCOPY app /app\nEXPOSE 9000\nCMD ["/app"]\n'
    found = planned(text, unsafe=False)
    assert not found.edits
    assert [one.kind for one in found.unfixed] == ["unknown-user"]


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ('["/usr/sbin/sshd", "-D"]', "needs-root"),
        ('["mvn", "spring-boot:run"]', "builds-at-start"),
        ('["go", "run", "main.go"]', "builds-at-start"),
    ],
)
def test_what_cannot_do_without_root_is_left_with_the_reason(command: str, kind: str) -> None:
    found = planned(f"FROM debian:bookworm\nCOPY . /src\nCMD {command}\n")
    assert not found.edits
    assert [(one.kind, one.line) for one in found.unfixed if one.kind == kind] == [(kind, 3)]
    assert found.unfixed[0].reason


def test_a_file_that_does_not_build_is_left() -> None:
    found = planned("FROM debian:bookworm\nRUNN true\n")
    assert not found.edits
    assert found.unfixed[0].kind == "does-not-build"
    assert found.unfixed[0].line == 2


def test_nothing_is_put_behind_a_line_that_goes_on() -> None:
    found = planned('FROM scratch\nCMD ["/server"]\nCOPY server \\\n  / \\\n')
    assert not found.edits
    assert [(one.kind, one.line) for one in found.unfixed] == [("open-line", 3)]


def test_windows_is_left() -> None:
    found = planned('# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCMD ["app.exe"]\n')
    assert not found.edits
    assert "windows" in [one.kind for one in found.unfixed]


def test_folders_of_volumes_are_made_before_them_and_old_ones_are_told_of() -> None:
    text = """\
FROM python:3.12
VOLUME /data
COPY app.py /app.py
EXPOSE 9000
CMD ["python", "/app.py"]
"""
    result = fixed(text)
    assert "RUN mkdir -p /data \\\n && chown -R 10001:10001 /data\nVOLUME /data" in result.replace(
        "mkdir -p /data && chown", "mkdir -p /data \\\n && chown"
    )
    found = planned(text, unsafe=False)
    assert not found.edits
    assert any("/data" in change.unsafe_because for change in found.hidden)


def test_a_program_in_roots_home_can_be_reached() -> None:
    text = 'FROM python:3.12\nRUN pip install --user flask\nENV PATH=/root/.local/bin:$PATH\nCMD ["flask", "run"]\n'
    assert "RUN chmod a+rx /root\n" in fixed(text)


def test_the_run_side_says_what_was_found(tmp_path: Path) -> None:
    found = planned("FROM nginx:1.27\nCOPY site /usr/share/nginx/html\n")
    assert found.run is not None
    assert found.run.user == 10001
    assert [(port.outside, port.inside) for port in found.run.ports] == [(80, 8080)]
    assert "/tmp" in [state.path for state in found.run.tmpfs]
