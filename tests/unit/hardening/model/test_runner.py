"""Who runs: through stages, bases, build arguments and passwd files; what is not known is never safe."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from undercurrent.errors import BadContent, NotFound
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import BaseImage, Context, FinalImage, Identity, describe, wanted_bases
from undercurrent.hardening.model.documented import account_of

ROOT, ROOTLESS, UNKNOWN = Identity.ROOT, Identity.ROOTLESS, Identity.UNKNOWN


def image(text: str, **more: object) -> FinalImage:
    return describe(parse(text), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "identity", "uid"),
    [
        ("FROM alpine", ROOT, 0),
        ("FROM scratch", ROOT, 0),
        ("FROM acme/app", UNKNOWN, None),
        ("FROM gcr.io/distroless/static:nonroot", ROOTLESS, 65532),
        ("FROM gcr.io/distroless/static", ROOT, 0),
        ("FROM nginxinc/nginx-unprivileged", ROOTLESS, 101),
        ("FROM grafana/grafana\nUSER root", ROOT, 0),
        ("FROM acme/app\nUSER root", ROOT, 0),
        ("FROM acme/app\nUSER 0", ROOT, 0),
        ("FROM acme/app\nUSER 0:0", ROOT, 0),
        ("FROM acme/app\nUSER 0:1000", ROOT, 0),
        ("FROM acme/app\nUSER root:root", ROOT, 0),
        ("FROM acme/app\nUSER +0", ROOT, 0),
        ("FROM acme/app\nUSER 00", ROOT, 0),
        ("FROM acme/app\nUSER :1000", ROOT, 0),
        ("FROM acme/app\nUSER 10001", ROOTLESS, 10001),
        ("FROM acme/app\nUSER 10001:0", ROOTLESS, 10001),
        ("FROM acme/app\nUSER 4294967296", UNKNOWN, None),
        ("FROM acme/app\nUSER -1", UNKNOWN, None),
        ("FROM acme/app\nUSER " + "1" * 5000, UNKNOWN, None),
        ("FROM acme/app\nUSER \u00b2", UNKNOWN, None),
        ("FROM acme/app\nUSER \u0663", UNKNOWN, None),
        ("FROM debian\nRUN userdel www-data\nUSER www-data", UNKNOWN, None),
        ("FROM debian\nRUN cp /tmp/passwd /etc/passwd\nUSER www-data", UNKNOWN, None),
        ("FROM debian\nRUN mv $FILE /etc/passwd\nUSER www-data", UNKNOWN, None),
        ("FROM debian\nRUN install -m 644 /x/passwd /etc/\nUSER www-data", UNKNOWN, None),
        ("FROM debian\nRUN cp /etc/passwd /tmp/passwd && cp /x /etc/\nUSER www-data", ROOTLESS, 33),
        ("FROM debian\nRUN echo 'a:x:" + "1" * 5000 + ":1::/:' >> /etc/passwd\nUSER a", UNKNOWN, None),
        ("FROM debian\nENV ETC=//etc\nCOPY passwd $ETC/passwd\nUSER www-data", UNKNOWN, None),
        ("FROM acme/app\nUSER app", UNKNOWN, None),
        ("FROM acme/app\nRUN useradd app\nUSER app", ROOTLESS, None),
        ("FROM node\nUSER node", ROOTLESS, 1000),
        ("FROM node\nUSER node:node", ROOTLESS, 1000),
        ("FROM node\nUSER Node", UNKNOWN, None),
        ("FROM debian\nUSER www-data", ROOTLESS, 33),
        ("FROM alpine\nUSER www-data", UNKNOWN, None),
        ("FROM alpine\nRUN apk add --no-cache nginx\nUSER nginx", ROOTLESS, None),
        ("FROM debian\nRUN apt-get update && apt-get install -y tor=0.4.8\nUSER debian-tor", ROOTLESS, None),
        ("FROM alpine\nUSER nobody", ROOTLESS, 65534),
        ("FROM alpine\nuser 10001", ROOTLESS, 10001),
        ("FROM alpine\nUSER 10001\nUSER root", ROOT, 0),
        ("FROM alpine\nUSER root\nUSER 10001", ROOTLESS, 10001),
        ("FROM gradle:8", ROOT, 0),
    ],
)
def test_one_stage(text: str, identity: Identity, uid: int | None) -> None:
    runner = image(text).runner

    assert (runner.identity, runner.uid) == (identity, uid)
    assert runner.reason


STAGES = """\
ARG BASE=alpine
FROM golang AS build
USER 10001
FROM build AS test
FROM ${BASE} AS plain
FROM scratch
COPY --from=build /app /app
"""


@pytest.mark.parametrize(
    ("target", "identity"),
    [("build", ROOTLESS), ("TEST", ROOTLESS), ("1", ROOTLESS), ("plain", ROOT), ("3", ROOT), (None, ROOT)],
)
def test_a_stage_has_the_user_of_the_one_that_it_is_built_on(target: str | None, identity: Identity) -> None:
    assert image(STAGES, target=target).runner.identity is identity


def test_a_build_argument_may_name_the_base() -> None:
    text = "ARG BASE=alpine\nFROM $BASE"

    assert image(text).runner.identity is ROOT
    assert image(text, arguments={"BASE": "gcr.io/distroless/static:nonroot"}).runner.identity is ROOTLESS
    assert image("ARG BASE\nFROM ${BASE}").runner.identity is UNKNOWN
    assert image("ARG V\nFROM python:${V}-slim").runner.identity is ROOT
    assert image("ARG V\nFROM python:$V\nUSER www-data").runner.identity is UNKNOWN
    assert image("ARG V\nFROM elasticsearch:$V").runner.identity is UNKNOWN
    assert image("ARG R\nFROM $R/python:3").runner.identity is UNKNOWN
    assert wanted_bases(parse("ARG V\nFROM python:$V")) == ("python:$V",)
    assert wanted_bases(parse(text)) == ("alpine",)
    assert wanted_bases(parse("FROM scratch")) == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FROM scratch\nCOPY --from=acme/users:1 /etc/passwd /etc/passwd", ("acme/users:1",)),
        ("FROM alpine\nCOPY --from=acme/users:1 /etc/passwd /etc/passwd", ("alpine", "acme/users:1")),
        ("FROM golang AS a\nFROM scratch\nCOPY --from=a /etc/passwd /etc/\n", ("golang",)),
        ("FROM alpine\nCOPY --from=acme/tools:1 /usr/bin/tool /usr/bin/", ("alpine",)),
        ("FROM golang AS a\nFROM alpine\nCOPY --from=a /app /app", ("alpine",)),
    ],
)
def test_images_whose_accounts_are_copied_are_wanted_too(text: str, wanted: tuple[str, ...]) -> None:
    assert wanted_bases(parse(text)) == wanted


@pytest.mark.parametrize(
    ("text", "arguments", "identity", "uid"),
    [
        ("ARG UID=10001\nUSER $UID", {}, ROOTLESS, 10001),
        ("ARG UID=10001\nUSER $UID", {"UID": "0"}, ROOT, 0),
        ("ARG UID\nUSER $UID", {}, UNKNOWN, None),
        ("ARG UID\nUSER $UID", {"UID": "10001"}, ROOTLESS, 10001),
        ("ARG UID\nUSER ${UID:-10001}", {}, ROOTLESS, 10001),
        ("ARG UID\nENV RUN_AS=$UID\nUSER $RUN_AS", {}, UNKNOWN, None),
        ("ENV RUN_AS=10001\nUSER ${RUN_AS}:${RUN_AS}", {}, ROOTLESS, 10001),
        ("ARG A=10001\nENV A=0\nUSER $A", {}, ROOT, 0),
        ("USER $NOBODY_SETS_THIS", {}, UNKNOWN, None),
        ("ARG NAME=app\nRUN adduser -D -u 10001 $NAME\nUSER ${NAME}", {}, ROOTLESS, 10001),
        ("USER ${BROKEN", {}, UNKNOWN, None),
    ],
)
def test_variables(text: str, arguments: Mapping[str, str], identity: Identity, uid: int | None) -> None:
    runner = image("FROM alpine\n" + text, arguments=arguments).runner

    assert (runner.identity, runner.uid) == (identity, uid)


def test_a_variable_of_a_base_that_is_fully_known_has_no_value_if_it_is_not_there() -> None:
    bases = {"acme/base": BaseImage("acme/base", "app", "registry", environment={"RUN_AS": "10001"})}

    assert image("FROM acme/base\nUSER $RUN_AS", bases=bases).runner.uid == 10001
    assert image("FROM acme/base\nUSER $OTHER", bases=bases).runner.identity is ROOT


@pytest.mark.parametrize(
    ("body", "uid", "gid"),
    [
        ("useradd -u 10001 app", 10001, 10001),
        ("groupadd -g 3000 grp && useradd -r -m -g grp -u 10001 app", 10001, 3000),
        ("useradd --uid=10001 --gid 0 app", 10001, 0),
        ("useradd -rms /bin/bash -u10001 app", 10001, 10001),
        ("useradd -o -u 0 app", 0, 0),
        ("adduser -D -H -u 10001 app", 10001, 10001),
        ("addgroup -g 3000 -S app && adduser -u 10001 -SHG app app", 10001, 3000),
        ("adduser --system --uid 10001 --group app", 10001, 10001),
        ("adduser --disabled-password --gecos '' --uid 10001 app", 10001, 10001),
        ("addgroup -S app; adduser -S app -G app", None, None),
        ("echo 'app:x:10001:10002:App:/home/app:/bin/sh' >> /etc/passwd", 10001, 10002),
        ('echo "app:x:0:0::/:/bin/sh" >> /etc/passwd', 0, 0),
        ("printf 'app:x:10001:1::/:/bin/sh\\n' | tee -a /etc/passwd", None, None),
        ("useradd app && usermod -u 10001 -g 5 app", 10001, 5),
        ("useradd -u 10001 old && usermod -l app old", 10001, 10001),
        ("useradd -u 10001 app && groupmod -g 3000 app", 10001, 3000),
        ("groupadd -g 7 old && groupmod -n new old && useradd -u 10001 -g new app", 10001, 7),
        ("useradd -u 10001 app && usermod -u $(x) -g $(y) app", None, None),
        ("useradd -u 10001 app && deluser app sudo", 10001, 10001),
        ("useradd -u 10001 app && useradd -R /mnt -o -u 0 app && usermod --prefix /mnt -u 0 app", 10001, 10001),
        ("useradd -g " + "1" * 5000 + " app", None, None),
        ("useradd -u " + "1" * 5000 + " app", None, None),
        ("set -eux; \\\n  if true; then \\\n # a comment\n useradd -u 10001 app; fi", 10001, 10001),
    ],
)
def test_users_that_commands_create(body: str, uid: int | None, gid: int | None) -> None:
    runner = image(f"FROM debian\nRUN {body}\nUSER app").runner

    expected = ROOT if uid == 0 else ROOTLESS
    if "tee" in body:
        expected = UNKNOWN  # what goes through a pipe is not followed
    assert (runner.identity, runner.uid, runner.gid) == (expected, uid, gid)


def test_documents_and_lists_are_commands_too() -> None:
    text = "FROM alpine\nRUN <<EOF\nadduser -D -u 10001 a\nEOF\nRUN <<EOT sh -e\nadduser -D -u 10002 b\nEOT\n"
    text += 'RUN ["adduser", "-D", "-u", "10003", "c"]\nUSER '

    assert [image(text + name).runner.uid for name in "abc"] == [10001, 10002, 10003]


def test_a_passwd_file_is_copied_from_a_stage(tmp_path: Path) -> None:
    build = "FROM alpine AS build\nRUN adduser -D -u 10001 app && adduser -D -o -u 0 toor\n"
    final = build + "FROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\nUSER "
    (tmp_path / "passwd").write_text("app:x:0:0::/:/bin/sh\n")
    own = "FROM scratch\nCOPY passwd /etc/\nUSER app"

    assert image(final + "app").runner.uid == 10001
    assert image(final + "toor").runner.identity is ROOT
    assert image(final + "other").runner.identity is UNKNOWN
    assert image(own.replace("/etc/", "/etc/passwd"), context=Context.of(tmp_path)).runner.identity is ROOT
    assert image(own.replace("/etc/", "/etc/passwd")).doubts
    assert image("FROM debian\nCOPY --from=acme/x /etc/passwd /etc/passwd\nUSER www-data").runner.identity is UNKNOWN


def test_a_passwd_file_is_copied_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "root" / "etc" / "passwd").write_text("app:x:10001:10001::/:/bin/sh\n")
    context = Context.of(tmp_path)

    for copy in ("root/ /", "root/etc /etc/", "--chown=1 root/etc /etc"):
        assert image(f"FROM debian\nCOPY {copy}\nUSER app", context=context).runner.uid == 10001
        assert image(f"FROM debian\nCOPY {copy}\nUSER www-data", context=context).runner.identity is UNKNOWN
    assert image("FROM debian\nCOPY root /srv\nUSER www-data", context=context).runner.uid == 33


def test_what_a_base_keeps_for_those_built_from_it_comes_first() -> None:
    base = BaseImage("acme/base", "", "registry", on_build=("RUN useradd -u 10001 app", "USER app"))

    assert image("FROM acme/base", bases={"acme/base": base}).runner.uid == 10001
    assert image("FROM acme/base\nUSER 0", bases={"acme/base": base}).runner.identity is ROOT
    assert image("FROM alpine AS a\nONBUILD USER 10001\nFROM a").runner.uid == 10001
    assert image("FROM alpine AS a\nONBUILD USER 10001\nFROM a", target="a").runner.uid == 0


def test_what_a_base_keeps_is_no_instruction_of_the_file() -> None:
    base = BaseImage("acme/base", "", "registry", on_build=("USER app", 'CMD ["old"]'))
    text = 'FROM acme/base AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["y"]\n'

    assert image("FROM acme/base", bases={"acme/base": base}).ending == {}
    assert set(image(text, bases={"acme/base": base}).ending) == {"ENTRYPOINT"}
    assert set(image(text, bases={"acme/base": base}, target="a").ending) == {"CMD"}


def test_a_name_that_the_base_knows() -> None:
    accounts = (account_of("app:10001:10001:/home/app", "x"), account_of("sneaky:0:0:/root", "x"))
    bases = {"acme/base": BaseImage("acme/base", "app", "settings", accounts=accounts)}

    assert image("FROM acme/base", bases=bases).runner.uid == 10001
    assert image("FROM acme/base\nUSER sneaky", bases=bases).runner.identity is ROOT
    assert image("FROM acme/base", bases={"acme/base": None}).runner.identity is UNKNOWN


def test_home_is_that_of_the_user() -> None:
    assert image("FROM node\nUSER node").home == "/home/node"
    assert image("FROM node\nUSER 1000").home == "/home/node"
    assert image("FROM alpine").home == "/root"
    assert image("FROM alpine\nUSER 10001").home == "/"
    assert image("FROM alpine\nENV HOME=/tmp\nUSER 10001").home == "/tmp"
    assert image("FROM alpine\nUSER " + "1" * 5000).home == "/"


def test_a_path_has_one_slash_at_its_beginning() -> None:
    assert image("FROM alpine\nENV ROOT=/\nWORKDIR ${ROOT}/app").working_folder == "/app"
    assert image("FROM alpine\nWORKDIR //a/../b\nWORKDIR c").working_folder == "/b/c"
    assert image("FROM alpine\nVOLUME //data").volumes == ("/data",)


def test_what_has_no_such_stage_is_an_error() -> None:
    with pytest.raises(NotFound):
        image("FROM alpine", target="prod")
    with pytest.raises(BadContent):
        image("# nothing")
