"""What comes of a proof whose application answers, and does not stay."""

from collections.abc import Callable

import pytest

from undercurrent.errors import CouldNotCheck
from undercurrent.hardening.proving import Conditions, Engine, Patience, Probe, Proof, Proving, Verdict, prove, trial
from undercurrent.hardening.proving.nouns import Answer, Built
from undercurrent.hardening.proving.predicate import as_json
from undercurrent.hardening.proving.running import PLAIN, Manner, Run
from undercurrent.hardening.proving.seen import Seen

IMAGE = Built(id="sha256:1", manifest="", name="app", user="10001", volumes=(), ports=("8080/tcp",), repositories=())
ENGINE = Engine("docker", "docker", "1", "runc 1")
UNASKED = Conditions()
ANSWER = Answer(ok=True, seen=Seen("200"), parts={"status": "200"})


async def proved(
    monkeypatch: pytest.MonkeyPatch,
    lives_s: Callable[[str, Conditions], float],
    conditions: Conditions = UNASKED,
) -> tuple[Proof, list[tuple[str, float]]]:
    """A proof by containers that answer at once, and end ``lives_s`` seconds later."""
    stays: list[tuple[str, float]] = []

    async def run(
        _engine: Engine,
        _image: str,
        conditions: Conditions,
        _probe: Probe,
        patience: Patience,
        *,
        role: str,
        manner: Manner = PLAIN,
    ) -> Run:
        assert manner.compare == (role == "before")
        stays.append((role, patience.stay_s))
        stayed = patience.stay_s < lives_s(role, conditions)
        return Run(conditions, ANSWER, exit_code=None if stayed else 1, stayed=stayed)

    monkeypatch.setattr(trial, "run", run)
    return await prove(Proving(ENGINE, IMAGE, IMAGE, patience=Patience(stay_s=2)), conditions), stays


async def test_what_ends_late_is_tried_as_long_with_root(monkeypatch: pytest.MonkeyPatch) -> None:
    proof, stays = await proved(monkeypatch, lambda role, _conditions: 9 if role in ("before", "root") else 1)

    assert proof.verdict is Verdict.ROOT
    assert stays[:3] == [("before", 0.3), ("after", 2), ("before", 2)]
    assert {seconds for _role, seconds in stays[3:]} == {2}


async def test_what_ends_late_for_want_of_a_path_needs_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    proof, _stays = await proved(monkeypatch, lambda _role, conditions: 1 if conditions.read_only else 9)

    assert proof.verdict is Verdict.FAILED


async def test_what_ends_late_as_it_is_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CouldNotCheck, match="even as it is"):
        await proved(monkeypatch, lambda _role, _conditions: 1)


@pytest.mark.parametrize(("asked", "lowest"), [(1024, 1), (443, 1)])
async def test_what_only_lacks_a_port_runs_where_anybody_may_listen_on_it(
    monkeypatch: pytest.MonkeyPatch, asked: int, lowest: int
) -> None:
    def lives(role: str, conditions: Conditions) -> float:
        return 9 if role in ("before", "root") or conditions.lowest_port <= 80 else 1

    proof, _stays = await proved(monkeypatch, lives, Conditions(lowest_port=asked))

    assert proof.verdict is Verdict.ROOT
    assert (proof.needed, proof.lowest_port) == (("CAP_NET_BIND_SERVICE",), lowest)
    assert as_json(proof)["lowest_port"] == lowest
    assert as_json(proof)["conditions"]["lowest_port"] == asked


async def test_a_port_that_anybody_may_have_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    proof, _stays = await proved(monkeypatch, lambda role, _c: 9 if role in ("before", "root") else 1)

    assert (proof.verdict, proof.lowest_port) == (Verdict.ROOT, None)
