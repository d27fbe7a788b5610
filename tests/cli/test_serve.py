"""``uc serve`` in a process of its own, asked over the wire."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.cli import UcRunner, command_line_environment
from tests.support.dashboards import WAIT_S, Served, serving
from tests.support.sheets import filled_store

from undercurrent.evidence import Record, new_run_id, open_store

TOKEN = "0123456789abcdef-token"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - the test that it needs a token


@pytest.fixture
def server(run_uc: UcRunner) -> Iterator[Served]:
    filled_store(run_uc.folder / "evidence.db", 160)
    with serving(run_uc) as served:
        yield served


def test_the_page_is_served(server: Served) -> None:
    answer = server.ask("/")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    assert b'<html lang="en"' in answer.body
    assert b"<script>window.owned" not in answer.body
    assert b'<html lang="zh-CN"' in server.ask("/?lang=zh").body
    assert b'<html lang="zh-CN"' in server.ask("/", **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).body
    head = server.ask("/", "HEAD")
    assert (head.status, head.body) == (200, b"")


def test_nothing_can_be_changed_and_no_other_name_is_answered(server: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = server.ask("/api/v1/records", method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"
    assert server.ask("/", Host="evil.example").status == 421
    assert server.ask("/metrics", Host=f"evil.example:{server.port}").status == 421
    assert server.ask("/healthz", Host="localhost").json == {"status": "ok"}
    assert server.ask("/nowhere").status == 404
    assert server.ask("/../../etc/passwd").status == 404


def test_answers_are_what_the_description_says(server: Served) -> None:
    document = server.ask("/api/openapi.json").json
    asked = {
        "/api/v1/standing": "/api/v1/standing",
        "/api/v1/records?limit=7": "/api/v1/records",
        "/healthz": "/healthz",
    }
    first = server.ask("/api/v1/records?limit=1").json["data"]["records"][0]
    asked[f"/api/v1/records/{first['id']}"] = "/api/v1/records/{id}"
    for address, path in asked.items():
        answer = server.ask(address)
        assert answer.status == 200
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        jsonschema.validate(answer.json, {**content["schema"], "components": document["components"]})
    for address in ("/api/v1/records?limit=0", "/api/v1/records/zzz", "/api/v1/records/0000"):
        answer = server.ask(address)
        assert answer.status in {400, 404}
        content = document["paths"]["/api/v1/records/{id}"]["get"]["responses"][str(answer.status)]["content"]
        schema = content["application/json"]["schema"]
        jsonschema.validate(answer.json, {**schema, "components": document["components"]})


def test_records_are_read_page_by_page(server: Served) -> None:
    seen: list[str] = []
    after = ""
    while True:
        data = server.ask(f"/api/v1/records?limit=70{after}").json["data"]
        seen += [record["id"] for record in data["records"]]
        if data["next"] is None:
            break
        after = f"&after={data['next']}"

    assert len(seen) == len(set(seen)) == 160
    assert seen == sorted(seen, reverse=True)
    signed = server.ask("/api/v1/records?kind=image-signed&outcome=signed").json["data"]["records"]
    assert {(record["kind"], record["outcome"]) for record in signed} == {("image-signed", "signed")}
    assert server.ask("/api/v1/records?since=2999-01-01").json["data"] == {"records": [], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=%D9%A3",
        "limit=9999999999999999999",
        "since=yesterday",
        "since=0001-01-01",
        "after=' OR 1=1",
        "after=%00",
        "nme=x",
    ],
)
def test_questions_that_make_no_sense_are_told_so(server: Served, query: str) -> None:
    answer = server.ask("/api/v1/records?" + query.replace(" ", "%20"))

    assert answer.status == 400 or query == "since=0001-01-01"
    if answer.status == 400:
        assert answer.json["kind"] == "error"
        assert answer.json["error"]["message"]
    assert b"Traceback" not in answer.body


def test_metrics_are_read_back(server: Served) -> None:
    answer = server.ask("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    standing = server.ask("/api/v1/standing").json["data"]

    assert families["undercurrent_evidence_records"].samples[0].value == 160
    done = {one.labels["measure"]: one.value for one in families["undercurrent_coverage_done"].samples}
    assert done["images-signed"] > 0
    assert "images-signed" in json.dumps(standing)
    assert len(families["undercurrent_window_end_timestamp_seconds"].samples) > 5


def test_what_is_recorded_meanwhile_is_seen(server: Served, run_uc: UcRunner) -> None:
    before = server.ask("/metrics").body
    with open_store(f"sqlite:///{run_uc.folder / 'evidence.db'}") as store:
        store.record(
            Record("image-signed", f"sha256:{'f' * 64}", "signed", {}, "t", "1", datetime.now(UTC), new_run_id(), "n:1")
        )
    after = server.ask("/metrics").body

    assert b"undercurrent_evidence_records 160.0" in before
    assert b"undercurrent_evidence_records 161.0" in after


def test_evidence_that_cannot_be_read_is_said_and_comes_back(server: Served, run_uc: UcRunner) -> None:
    store = run_uc.folder / "evidence.db"
    kept = store.read_bytes()
    for name in ("evidence.db-wal", "evidence.db-shm"):
        (run_uc.folder / name).unlink(missing_ok=True)
    store.write_bytes(b"this is no database, and never was one, whatever its name may say" * 20)

    answer = server.ask("/api/v1/standing")
    assert answer.status == 503
    assert "evidence.db" in answer.json["error"]["message"]
    page = server.ask("/")
    assert page.status == 503
    assert b"evidence.db" in page.body
    assert b"Traceback" not in page.body
    assert server.ask("/metrics").status == 503
    assert server.ask("/healthz").status == 200
    store.write_bytes(kept)
    assert server.ask("/api/v1/standing").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_asked_to(run_uc: UcRunner, number: int) -> None:
    filled_store(run_uc.folder / "evidence.db", 20)
    with serving(run_uc) as served:
        assert served.ask("/healthz").status == 200
        served.process.send_signal(number)
        _out, said = served.process.communicate(timeout=WAIT_S)

        assert served.process.returncode == 0
        assert said == ""


def test_a_port_that_somebody_has_is_said(run_uc: UcRunner) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_uc("serve", "--port", str(port))

    assert done.exit_code == 3
    assert str(port) in done.stderr
    assert "Address already in use" in done.stderr


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.7", "status.example"])
def test_elsewhere_it_does_not_start_without_a_token(run_uc: UcRunner, host: str) -> None:
    done = run_uc("serve", "--host", host, "--port", "0")

    assert done.exit_code == 2
    assert "token" in done.stderr


def test_a_token_is_no_word_that_can_be_guessed(run_uc: UcRunner) -> None:
    (run_uc.folder / "token").write_text("short\n")
    done = run_uc("serve", "--token-file", "token")
    assert done.exit_code == 2
    assert "short" not in done.stderr
    assert run_uc("serve", "--token-file", "missing").exit_code == 2
    assert run_uc("serve", env={"UNDERCURRENT_SERVE_TOKEN": "has a space in it, sorry"}).exit_code == 2


def test_elsewhere_every_question_needs_the_token(run_uc: UcRunner) -> None:
    filled_store(run_uc.folder / "evidence.db", 20)
    (run_uc.folder / "token").write_text(f"{TOKEN}\n")
    with serving(run_uc, "--host", EVERYWHERE, "--token-file", "token", "--allow-host", "Status.example") as served:
        assert served.ask("/").status == 401
        assert served.ask("/metrics", Authorization="Bearer wrong").status == 401
        assert served.ask("/healthz").status == 200
        known = {"Authorization": f"Bearer {TOKEN}"}
        assert served.ask("/", **known).status == 200
        assert served.ask("/metrics", Host="192.0.2.7:1", **known).status == 200
        assert served.ask("/metrics", Host="status.example", **known).status == 200
        assert served.ask("/metrics", Host="evil.example", **known).status == 421
        assert "security" in served.ask("/api/openapi.json", **known).json


def test_the_library_that_serves_may_be_missing(run_uc: UcRunner, tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError('none', name='starlette')\n")
    environment = command_line_environment(run_uc.home)
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "undercurrent", "serve", "--port", "0"],
        cwd=run_uc.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3
    assert "starlette" in done.stderr
    assert "pip install 'undercurrent[dashboard]'" in done.stderr
