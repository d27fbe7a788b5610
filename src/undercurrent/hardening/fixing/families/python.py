"""Python: its servers, and programs in Python that serve.

Compiled files are not written beside sources that belong to root: Python passes over that. What looks for a home
folder (caches of fonts, models, tokens) finds ``/`` where the user has no entry in the passwd file.
"""

import re
from pathlib import PurePosixPath
from typing import Any, Final

from undercurrent.hardening.fixing.families.recognising import Family, home, program_of
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY"]

_SERVERS: Final = ("gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "uwsgi", "waitress-serve", "celery")
_RUNNERS: Final = ("flask", "django-admin", "fastapi", "streamlit", "jupyter*", "mkdocs", "poetry", "pipenv", "uv")
_PORT: Final = re.compile(
    r"\bport\s*=\s*(?:int\(\s*)?(?:os\.(?:getenv|environ\.get)\([^)\n]*,\s*)?[\"']?(?P<port>\d+)\b"
)
_SQLITE: Final = re.compile(
    r"backends\.sqlite3[\"'].{0,80}?[\"']NAME[\"']\s*:\s*(?:\w[\w.(]*\(?\s*BASE_DIR|BASE_DIR)\s*[/,]\s*"
    r"(?P<folders>(?:[\"'][\w.-]+[\"']\s*[/,]\s*)*)[\"'](?P<name>[\w.-]+)[\"']",
    re.DOTALL,
)
_BIND: Final = re.compile(r"(?m)^[ \t]*bind\s*=\s*[\"'][^\"'\n]*:(?P<port>\d+)[\"']")


def _steps(situation: Situation) -> Steps:
    environment = {**home(situation), "PYTHONDONTWRITEBYTECODE": "1"}
    kept = situation.image.environment
    moves: set[int] = set()
    edits: dict[str, tuple[Edit, ...]] = {}
    if "uvicorn-gunicorn" in situation.image.base_name and set(situation.moved) == {80}:
        # https://github.com/tiangolo/uvicorn-gunicorn-docker: its gunicorn_conf.py takes PORT, else 80
        environment["PORT"] = str(situation.moved[80])
        moves = {80}
    for target, (path, text) in situation.files.items():
        if made := _mended(target, text, situation):
            edits[path] = made
            moves |= {port for port, new in situation.moved.items() if any(one.text == str(new) for one in made)}
    return Steps(
        environment={name: value for name, value in environment.items() if kept.get(name) != value},
        moves=frozenset(moves),
        edits=edits,
        **_database(situation),
    )


def _database(situation: Situation) -> dict[str, Any]:
    """Django's database in a file: its folder has to be written to, too."""
    folder = situation.image.working_folder
    for target, (_path, text) in situation.files.items():
        match = _SQLITE.search(text) if target.endswith("settings.py") else None
        if match is None:
            continue
        parts = re.findall(r"[\w.-]+", match["folders"])
        if not parts:
            told = _("its database {name} is beside its code: give it a folder of its own")
            return {"doubt": told.format(name=match["name"])}
        path = str(PurePosixPath(folder, *parts))
        return {"state": (StatePath(path, "database", lasting=True, origin=Origin(target)),), "owned": (path,)}
    return {}


def _mended(target: str, text: str, situation: Situation) -> tuple[Edit, ...]:
    """Of the file that is started, or of gunicorn's configuration: a port that stands there as a number."""
    started = any(word.endswith(".py") and target.endswith("/" + word.rpartition("/")[2]) for word in _words(situation))
    configuration = program_of(situation.image) == "gunicorn" and target.endswith("gunicorn.conf.py")
    if not (started or configuration):
        return ()
    found = (match for pattern in (_PORT, _BIND) for match in pattern.finditer(text))
    numbers = ((match.span("port"), int(match["port"])) for match in found)
    return tuple(Edit(Span(*span), str(situation.moved[port])) for span, port in numbers if port in situation.moved)


def _words(situation: Situation) -> tuple[str, ...]:
    return situation.image.entrypoint.command


FAMILY: Final = Family(
    "python",
    ("python", "*.py", *_SERVERS, *_RUNNERS),
    ("uvicorn-gunicorn*", "meinheld-gunicorn*"),
    _steps,
)
