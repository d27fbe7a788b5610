"""Whether a run was good: what was seen in it, held against what was seen before."""

from dataclasses import replace

from undercurrent.hardening.numbers import is_root
from undercurrent.hardening.proving.checks import looked_at
from undercurrent.hardening.proving.nouns import Answer, Built, Check
from undercurrent.hardening.proving.probes import Probe, compared
from undercurrent.hardening.proving.running import EXIT, Patience, Run
from undercurrent.hardening.proving.seen import Seen, Value
from undercurrent.i18n import gettext_noop as N_

__all__ = ["judged", "serves"]


def serves(seen: Run, before: Run | None, probe: Probe) -> bool:
    """Whether it does what it did before: answers the same, or ends the same."""
    return all(check.ok for check in _deeds(seen, before, probe))


def judged(image: Built, seen: Run, before: Run | None, probe: Probe, patience: Patience) -> list[Check]:
    """All checks of a run."""
    checks = [_image_user(image)]
    if seen.seen is not None:
        checks += looked_at(seen.seen, seen.conditions)
    else:
        checks.append(Check("seen", ok=False, seen=Seen(seen.error or N_("it ended before it could be looked at"))))
    checks += _deeds(seen, before, probe, patience)
    if seen.again is not None:
        again = compared(seen.answer, seen.again, probe) if probe.asks else _up(seen.again)
        checks.append(replace(again, name="restart"))
    return checks


def _deeds(seen: Run, before: Run | None, probe: Probe, patience: Patience | None = None) -> list[Check]:
    if _one_shot(seen, before, probe):
        expected = before.exit_code if before is not None else 0
        if seen.exit_code is None:
            return [Check("exit-code", ok=False, seen=Seen(seen.error or N_("it does not end")))]
        ended: dict[str, Value] = {"code": seen.exit_code}
        if before is not None and before.exit_code is not None:
            ended["before"] = before.exit_code
        text = N_("exit {code} (before: {before})") if "before" in ended else EXIT
        return [Check("exit-code", ok=seen.exit_code == expected, seen=Seen(text, ended))]
    checks = [compared(before.answer if before else None, seen.answer, probe)] if probe.asks else []
    stayed = Seen(N_("{seconds:g} s"), {"seconds": patience.stay_s}) if patience else Seen()
    return [*checks, Check("stays-up", ok=seen.stayed, seen=stayed if seen.stayed else _end(seen))]


def _end(seen: Run) -> Seen:
    if seen.error or seen.exit_code is None:
        return Seen(seen.error)
    return Seen(EXIT, {"code": seen.exit_code})


def _image_user(image: Built) -> Check:
    """Whether the image says by itself that it does not run as root: else it depends on whoever starts it."""
    seen = Seen("USER {user}", {"user": image.user or "-"})
    return Check("image-user", ok=not is_root(image.user), seen=seen, needed=False)


def _one_shot(seen: Run, before: Run | None, probe: Probe) -> bool:
    """Whether it is a program that does its work and ends, rather than a server."""
    if probe.kind == "exit":
        return True
    return probe.kind == "none" and (seen.ended if before is None else before.ended)


def _up(answer: Answer) -> Check:
    return Check("restart", ok=answer.ok, seen=answer.error or Seen(N_("up")))
