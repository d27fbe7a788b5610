"""Node: npm and yarn keep caches and logs in the home folder, development servers beside the modules."""

import json
import re
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family, home, program_of
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY"]

_RUNNERS: Final = frozenset({"npm", "yarn", "pnpm", "npx", "ng", "vue-cli-service", "react-scripts", "vite", "next"})
_LISTEN: Final = re.compile(r"\.listen\(\s*(?P<port>\d+)\b")
_PORT: Final = re.compile(r"(?i)\bport\s*(?:=|:)\s*(?:process\.env\.\w+\s*(?:\|\||\?\?)\s*)?[\"']?(?P<port>\d+)\b")


def _steps(situation: Situation) -> Steps:
    image = situation.image
    runner = {program_of(image), *image.entrypoint.chain, *image.entrypoint.command[:1]} & _RUNNERS
    environment = home(situation)
    if runner & {"npm", "npx"}:
        environment["NPM_CONFIG_CACHE"] = "/tmp/.npm"
    folders = _caches(situation, runner) if runner else ()
    origin = Origin(image.dockerfile.name, image.ending["CMD"].line if "CMD" in image.ending else 0)
    edits, moves = _ports(situation)
    return Steps(
        environment={name: value for name, value in environment.items() if image.environment.get(name) != value},
        state=tuple(StatePath(path, "cache", lasting=False, origin=origin) for path in folders),
        owned=folders,
        moves=moves,
        edits=edits,
    )


def _caches(situation: Situation, runner: set[str]) -> tuple[str, ...]:
    """Where development servers write: known tools by their names, scripts of npm by what they start."""
    folder = situation.image.working_folder.rstrip("/")
    if not folder:
        return ()
    tools = {*runner, *_scripts(situation)}
    found = []
    if tools & {"ng"}:
        found.append(f"{folder}/.angular")
    if tools & {"next"}:
        found.append(f"{folder}/.next/cache")
    if tools & {"react-scripts", "vue-cli-service", "webpack", "vite"}:
        found.append(f"{folder}/node_modules/.cache")
    return tuple(found)


def _scripts(situation: Situation) -> set[str]:
    """The words of the scripts in package.json that are started: ``react-scripts`` of ``npm start``."""
    texts = [text for target, (_path, text) in situation.files.items() if target.endswith("/package.json")]
    words: set[str] = set()
    for text in texts[:1]:
        try:
            scripts = json.loads(text).get("scripts", {})
        except (ValueError, AttributeError, RecursionError):
            continue
        started = [word for word in situation.image.entrypoint.command if word in scripts] or ["start"]
        words |= {word for name in started for word in str(scripts.get(name, "")).split()}
    return words


def _ports(situation: Situation) -> tuple[dict[str, tuple[Edit, ...]], frozenset[int]]:
    """Ports that stand as numbers in the file that is started."""
    edits: dict[str, tuple[Edit, ...]] = {}
    moves: set[int] = set()
    started = [word for word in situation.image.entrypoint.command if word.endswith((".js", ".mjs", ".cjs"))]
    for target, (path, text) in situation.files.items():
        if not any(target.endswith("/" + word.removeprefix("./")) for word in started):
            continue
        found = [(match.span("port"), int(match["port"])) for one in (_LISTEN, _PORT) for match in one.finditer(text)]
        made = {Edit(Span(*span), str(situation.moved[port])) for span, port in found if port in situation.moved}
        if made:
            edits[path] = tuple(sorted(made))
            moves |= {port for _span, port in found if port in situation.moved}
    return edits, frozenset(moves)


FAMILY: Final = Family(
    "node",
    (*_RUNNERS, "node", "nodejs", "pm2*", "nodemon", "ts-node", "*.js", "serve", "http-server", "bun", "deno"),
    (),
    _steps,
)
