"""Writes the reference pages that are made from the source: commands, settings, errors, rules; English and Chinese.

``python -m docs.generate`` writes them, ``make docs`` does that first, and a test fails when they are not current.
"""

# ruff: noqa: INP001 - a script beside the pages that it writes

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docs.commandspage import commands_page
from docs.settingspage import settings_page

from undercurrent import errors, i18n
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.planning.tables import schema as catalogue_schema
from undercurrent.report import rules as view
from undercurrent.signing.policy.model import schema as policy_schema
from undercurrent.workflows.rules import RULES

__all__ = ["ERROR_TEXTS", "EXIT_CODES", "ErrorText", "all_pages", "error_types", "main"]

_FOLDER: Final = Path(__file__).parent
_SUFFIXES: Final = {"en": ".md", "zh_CN": ".zh.md"}


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What an error code means, and what to do about it."""

    meaning: str
    remedy: str


EXIT_CODES: Final[Mapping[int, str]] = {
    0: N_("Everything was done, and nothing was found."),
    1: N_("A check was made and said no: there are findings, or something was refused."),
    2: N_("What was asked for makes no sense: usage, configuration, a name that does not exist."),
    3: N_("This machine lacks something; the message says what installs it."),
    4: N_("Nobody can say: a registry or another service did not answer. Never the same as 1."),
    130: N_("The user stopped the run; the same command goes on where it stopped."),
}

ERROR_TEXTS: Final[Mapping[str, ErrorText]] = {
    "usage": ErrorText(
        N_("What was asked for makes no sense, or contradicts itself."),
        N_("Read the message; `--help` after any command shows what it takes."),
    ),
    "invalid-config": ErrorText(
        N_("A value in a file, in an environment variable or in a flag cannot be used. The message says where it is."),
        N_("`uc config show` lists every setting, its value, and where it came from."),
    ),
    "invalid-reference": ErrorText(
        N_("The name of an image, a digest or a platform does not parse."),
        N_(
            "An image is written `[host[:port]/]name[:tag][@sha256:…]`, a platform `os/architecture`. "
            "Repositories are in lower case."
        ),
    ),
    "invalid-key": ErrorText(
        N_("A file is not a key, is a key of a kind that is not supported, or the password does not open it."),
        N_("Check the file with `uc key show FILE`. The password is read from `COSIGN_PASSWORD`, or asked for."),
    ),
    "retired-key": ErrorText(
        N_("The key was replaced (`uc key rotate`), and the time for which it still counted is over."),
        N_("Trust the key that took its place, and take the old one out of `public_keys`."),
    ),
    "not-found": ErrorText(
        N_("The place was asked and answered: it has no such thing."),
        N_("Check the spelling; `uc image list` shows what can be found, and where."),
    ),
    "environment": ErrorText(
        N_("This machine lacks something: space on the disk, the right to write to a folder, a service."),
        N_("`uc doctor` shows what is there, what is missing, and what installs it."),
    ),
    "missing-extra": ErrorText(
        N_("A Python package that only some users need is not installed."),
        N_("Install it with the line in the message: `pip install 'undercurrent[…]'`."),
    ),
    "missing-tool": ErrorText(
        N_("A program that this command starts is not on the PATH."),
        N_("`uc doctor` has the line that installs it here."),
    ),
    "signer-failed": ErrorText(
        N_("Whatever keeps the key, a token or a plug-in, did not sign, or signed wrongly. Nothing was written."),
        N_("Check that the token is plugged in, and the plug-in's package; then run the same command again."),
    ),
    "could-not-check": ErrorText(
        N_("Nobody can say: the other side did not answer, or not usefully. It is never taken for a no."),
        N_("Run the same command again later; what was done is not done twice."),
    ),
    "unreachable": ErrorText(
        N_("There is no connection: no such host, refused, cut off, or a certificate that is not trusted."),
        N_(
            "Check the name, the network and `HTTPS_PROXY`; name your own certificates with `net.ca_bundle`. "
            "Plain HTTP has to be allowed by name: `net.plain_http`."
        ),
    ),
    "timed-out": ErrorText(
        N_("The other side took longer than it was given."),
        N_("Try again, or give it more time: `net.timeout_s`, `net.connect_timeout_s`."),
    ),
    "unauthorized": ErrorText(
        N_("The credentials are missing, wrong, or not enough for what was asked (401, 403)."),
        N_("`uc login HOST`; credentials of docker, podman and their helpers are used as well."),
    ),
    "rate-limited": ErrorText(
        N_("The other side wants fewer requests (429), and kept saying so."),
        N_("Wait, log in (registries allow more then), or lower `net.max_per_host`."),
    ),
    "remote-fault": ErrorText(
        N_("The other side failed (5xx), each time it was asked."),
        N_("Try again later; if it stays so, its operators need to know."),
    ),
    "unexpected-answer": ErrorText(
        N_("The answer is one that the specification does not allow."),
        N_("Check that the host is a registry, and that no proxy or login page answers in its place."),
    ),
    "refused": ErrorText(
        N_("A check was made, and it said no."),
        N_("The message says which check, and why."),
    ),
    "bad-content": ErrorText(
        N_("Something that came from outside is not what it claims to be: cut off, damaged, or made to deceive."),
        N_("Fetch it again from where it was made. Do not use what was refused."),
    ),
    "digest-mismatch": ErrorText(
        N_("Content does not have the digest, or the size, that names it: it was changed or damaged."),
        N_("Fetch it again from where it was made. If it stays so, find out who changed it."),
    ),
    "too-large": ErrorText(
        N_("Content is larger than its kind may be; it was not read."),
        N_("Check what it really is: a manifest has at most 4 MiB."),
    ),
    "unsupported": ErrorText(
        N_("It is valid, but it cannot be handled here."),
        N_("The message says what can be."),
    ),
    "interrupted": ErrorText(
        N_("The user stopped the run."),
        N_("Give the same command again: it goes on where it stopped."),
    ),
}


def error_types(
    root: type[errors.UndercurrentError] = errors.UndercurrentError,
) -> Iterator[type[errors.UndercurrentError]]:
    """Every kind of error below ``root`` that has a code of its own, parents first."""
    for kind in root.__subclasses__():
        if "code" in vars(kind):
            yield kind
        yield from error_types(kind)


def all_pages() -> Mapping[Path, str]:
    """Content by path, in both languages; the language spoken is the one from before when this returns."""
    spoken = i18n.language()
    pages: dict[Path, str] = {}
    try:
        for language, suffix in _SUFFIXES.items():
            i18n.activate(language)
            for name, content in _pages():
                pages[_FOLDER / "reference" / (name + suffix)] = content + "\n"
    finally:
        i18n.activate(spoken)
    for name, made in (("policy", policy_schema()), ("catalogue", catalogue_schema())):
        text = json.dumps(made, indent=2, ensure_ascii=False)
        pages[_FOLDER / "reference" / f"{name}.schema.json"] = text + "\n"
    return pages


def _pages() -> Iterator[tuple[str, str]]:
    yield "errors", _errors_page()
    yield "settings", settings_page()
    yield "commands", commands_page()
    yield "rules/index", _rules_page()
    for rule in RULES.values():
        yield f"rules/{rule.code}", view.page(rule)


def _errors_page() -> str:
    parts = [
        "# " + _("Errors and exit codes"),
        _(
            "Each error has a code that never changes and is never translated: it stands in square brackets after "
            "the word error, and in `error.code` of the JSON output. The exit code tells a script what kind of error "
            "it was."
        ),
        "## " + _("Exit codes") + " {#exit-codes}",
        "\n".join(
            [_row(_("code"), _("meaning")), "|---:|---|"]
            + [_row(str(code), _(meaning)) for code, meaning in EXIT_CODES.items()]
        ),
        "## " + _("Errors") + " {#errors}",
    ]
    for kind in error_types():
        text = ERROR_TEXTS[kind.code]
        facts = _("exit code {code}").format(code=kind.exit_code)
        if kind.retryable:
            facts += " · " + _("tried again by itself, a few times")
        parts += [f"### {kind.code}", f"*`{kind.__name__}` · {facts}*", _(text.meaning), _(text.remedy)]
    return "\n\n".join(parts)


def _rules_page() -> str:
    rows = [
        _row(f"[{rule.code}]({rule.code}.md)", rule.name, view.severity_name(rule.severity), _(rule.summary))
        for rule in RULES.values()
    ]
    heading = _row(_("code"), _("name"), _("severity"), _("what it finds"))
    intro = _("What can be found. `uc rule CODE` prints the same pages; JSON and SARIF output carry the codes.")
    return "\n\n".join(("# " + _("Rules"), intro, "\n".join((heading, "|---|---|---|---|", *rows))))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Writes the pages that are not as they should be."""
    for path, content in all_pages().items():
        if not path.is_file() or path.read_text("utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
            sys.stdout.write(f"{path.relative_to(_FOLDER.parent)}\n")


if __name__ == "__main__":
    main()
