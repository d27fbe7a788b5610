"""What people see of an audit."""

import pytest

from undercurrent.errors import CouldNotCheck
from undercurrent.findings import Finding, Fix, Place, Severity
from undercurrent.hardening.auditing.ranking import Ranked, Use
from undercurrent.hardening.model import Identity
from undercurrent.hardening.rules import hadolint, low_uid, no_healthcheck, runs_as_root
from undercurrent.report.audits import FailOn, view
from undercurrent.report.human import human
from undercurrent.workflows.auditing import Audit, Audited, Unchecked, ranked

ROOT = Ranked(Identity.ROOT, ports=(80, 8080), needs=(("CAP_NET_BIND_SERVICE", "low-port", True),), target="0")


def found(name: str, *findings: Finding, images: tuple[Ranked, ...] = (ROOT,)) -> Audited:
    return Audited(name, "dockerfile", images, findings)


def audit(*audited: Audited, **uses: list[tuple[str, Use]]) -> Audit:
    return Audit(audited, (), ranked(audited, uses))


def test_what_is_in_the_way_is_said_once() -> None:
    text = human(view(audit(found("web/Dockerfile", runs_as_root.RULE.found(Place("web/Dockerfile", 1), "m")))))

    row = next(line for line in text.splitlines() if "web/" in line)
    assert row.split() == ["3.0", "web/", "root", "port", "80", "80,", "8080"]


@pytest.mark.parametrize(
    ("names", "titles", "folder"),
    [
        (["shop/web/Dockerfile", "shop/api/Dockerfile"], {"web/", "api/"}, "shop/"),
        (["/srv/a/x/Dockerfile", "/srv/a/Dockerfile"], {"a/x/", "a/"}, "/srv/"),
        (["web/Dockerfile", "Dockerfile"], {"web/", "Dockerfile"}, ""),
        (["shop/web/Dockerfile"], {"shop/web/"}, ""),
        (["https://x//a/Dockerfile", "https://x//b.Dockerfile"], {"a/", "b.Dockerfile"}, "https://x/"),
    ],
)
def test_the_folder_that_all_are_below_is_said_once(names: list[str], titles: set[str], folder: str) -> None:
    text = human(view(audit(*map(found, names))))

    assert {line.split()[1] for line in text.splitlines()[2 : 2 + len(names)]} == titles
    assert (f"these are below {folder}" in text) == bool(folder)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (Ranked(Identity.ROOT, drops="gosu"), "root, then gosu"),
        (Ranked(Identity.UNKNOWN, base="acme/base"), "base acme/base is not known"),
        (Ranked(Identity.ROOT, doubts=2), "2 things not understood"),
        (Ranked(Identity.ROOT, needs=(("CAP_SYS_ADMIN", "mount", False),)), "it mounts (no way around is known)"),
        (Ranked(Identity.ROOT, needs=(("CAP_X", "something-new", True),)), "something-new"),
    ],
)
def test_why_it_is_not_easy(image: Ranked, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")

    assert said in human(view(audit(found("Dockerfile", images=(image,)))))


def test_ports_that_are_open_stand_for_the_others() -> None:
    audited = (found("a/Dockerfile"),)
    use = Use("compose.yaml: a", (443,))

    text = human(view(Audit(audited, (), ranked(audited, {"a/Dockerfile": [("", use)]}))))

    assert "open 443" in text
    assert "8080" not in text


def test_what_another_program_says_comes_last() -> None:
    place = Place("Dockerfile", 1)
    findings = [
        hadolint.RULE.found(place, "DL3000: x", severity=Severity.ERROR, properties={"code": "DL3000"}),
        low_uid.RULE.found(place, "m"),
        runs_as_root.RULE.found(place, "m"),
    ]

    text = human(view(audit(found("Dockerfile", *findings))))

    codes = [line.split()[0] for line in text.splitlines() if line.startswith("UC")]
    assert codes == ["UC101", "UC104", "UC139"]


@pytest.mark.parametrize(
    ("fail_on", "severity", "code"),
    [("error", Severity.WARNING, 0), ("warning", Severity.WARNING, 1), ("note", Severity.NOTE, 1)],
)
def test_the_threshold(fail_on: FailOn, severity: Severity, code: int) -> None:
    finding = no_healthcheck.RULE.found(Place("Dockerfile", 1), "m", severity=severity)

    assert view(audit(found("Dockerfile", finding)), fail_on).exit_code == code
    assert view(audit(found("Dockerfile", finding)), "never").exit_code == 0


def test_what_could_not_be_checked_outweighs_everything() -> None:
    lost = Unchecked("b/Dockerfile", CouldNotCheck("permission denied"))

    report = view(Audit((), (lost,)), "never")

    assert report.exit_code == 4
    assert "permission denied" in human(report)
    assert report.data["could_not_check"] == [
        {"name": "b/Dockerfile", "code": "could-not-check", "message": "permission denied"}
    ]


def test_many_images_are_cut_unless_all_are_asked_for() -> None:
    audited = [found(f"d{number}/Dockerfile") for number in range(20)]

    short, whole = human(view(audit(*audited))), human(view(audit(*audited), everything=True))

    assert "5 more images; --all shows them" in short
    assert all(f"d{number}/" in whole for number in range(20))


def test_where_no_image_is_built_files_are_counted() -> None:
    finding = runs_as_root.RULE.found(Place("pod.yaml", 1), "m")
    pod = Audited("pod.yaml", "kubernetes", (), (finding,))

    assert human(view(Audit((pod,)))).splitlines()[-1] == "1 file: 1 error"
    assert human(view(Audit((pod,), (Unchecked("x", CouldNotCheck("no")),)))).splitlines()[-1].startswith("2 files: ")


def test_what_would_mend_it_is_a_column_only_where_something_would() -> None:
    bare = runs_as_root.RULE.found(Place("acme/app:1"), "m")
    mended = runs_as_root.RULE.found(Place("web/Dockerfile", 1), "m", fix=Fix("end with USER", safe=True))

    lines = human(view(audit(found("acme/app:1", bare), found("web/Dockerfile", mended)), everything=True)).splitlines()

    image, file = (lines[lines.index(name) + 1].split() for name in ("acme/app:1", "web/Dockerfile"))
    assert (image[-2:], file[-2:]) == (["is", "so"], ["mend", "it"])
    assert "`uc rule CODE` explains a finding and says what to do" in lines
