"""Where low ports go, and every mention of them."""

import pytest
from tests.support.fixes import fixed, planned


@pytest.mark.parametrize(
    ("command", "moved"),
    [
        ('["gunicorn", "--bind", "0.0.0.0:80", "app:app"]', '["gunicorn", "--bind", "0.0.0.0:8080", "app:app"]'),
        ('["uvicorn", "app:app", "--port", "80"]', '["uvicorn", "app:app", "--port", "8080"]'),
        ("uvicorn app:app --port=80 --workers 80", "uvicorn app:app --port=8080 --workers 80"),
        ("gunicorn -b :80 app:app", "gunicorn -b :8080 app:app"),
        ('["python", "manage.py", "runserver", "0:80"]', '["python", "manage.py", "runserver", "0:8080"]'),
    ],
)
def test_what_is_started_with_the_port_moves_it(command: str, moved: str) -> None:
    text = f"FROM python:3.12\nCOPY . /app\nEXPOSE 80\nCMD {command}\n"
    result = fixed(text)
    assert f"EXPOSE 8080\nCMD {moved}\n" in result
    assert not planned(result).edits


def test_variables_and_health_checks_follow() -> None:
    text = """\
FROM node:22
ARG PORT=80
ENV PORT $PORT
EXPOSE $PORT 9229
HEALTHCHECK CMD curl -f http://localhost/health || exit 1
CMD ["node", "server.js"]
"""
    result = fixed(text)
    assert "ARG PORT=8080\n" in result
    assert "EXPOSE $PORT 9229\n" in result
    assert "http://localhost:8080/health" in result


def test_a_port_that_nothing_here_says_stays_and_is_told_of() -> None:
    text = 'FROM scratch\nCOPY server /server\nEXPOSE 80\nCMD ["/server"]\n'
    safe = planned(text, unsafe=False)
    assert not safe.edits
    assert [(one.kind, one.line) for one in safe.unfixed] == [("port", 3)]
    assert safe.run is None
    found = planned(text)
    assert found.run is not None
    assert found.run.lowest_port == 80
    assert "EXPOSE 80\n" in fixed(text)


def test_a_port_that_all_mappings_follow_is_a_safe_change() -> None:
    text = "FROM nginx:1.27\nCOPY site /usr/share/nginx/html\n"
    assert not planned(text, unsafe=False).edits
    found = planned(text, unsafe=False, mapped=frozenset({80}))
    assert found.edits
    assert found.moved == {80: 8080}


def test_what_runs_without_root_is_run_as_it_is_while_its_port_waits() -> None:
    found = planned("FROM nginx:1.27\nRUN chown 101 /run\nUSER nginx\n", unsafe=False)
    assert [change.kind for change in found.changes] == ["user"]
    assert "port" in [change.kind for change in found.hidden]
    assert found.run is not None
    assert [(port.outside, port.inside) for port in found.run.ports] == [(80, 80)]
    assert found.run.lowest_port == 80
