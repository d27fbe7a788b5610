"""Java: programs unpack native libraries into /tmp and load them from there, so that may not be ``noexec``."""

import re
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY"]

_PROPERTY: Final = re.compile(r"(?m)^server\.port[ \t]*[=:][ \t]*(?P<port>\d+)")
_YAML: Final = re.compile(r"(?m)^server:[ \t]*\r?\n(?:[ \t]+[^\n]*\r?\n)*?[ \t]+port:[ \t]*(?P<port>\d+)")
_TOMCAT: Final = ("/usr/local/tomcat/logs", "/usr/local/tomcat/temp", "/usr/local/tomcat/work")


def _steps(situation: Situation) -> Steps:
    origin = Origin(situation.image.dockerfile.name)
    state = [StatePath("/tmp", "native-libraries", lasting=False, origin=origin)]
    tomcat = "tomcat" in situation.image.base_name.rpartition("/")[2]
    folders = _TOMCAT if tomcat else ()
    state += [StatePath(path, "server", lasting=False, origin=origin) for path in folders]
    edits: dict[str, tuple[Edit, ...]] = {}
    moves: set[int] = set()
    for target, (path, text) in situation.files.items():
        pattern = _PROPERTY if target.endswith("application.properties") else _YAML
        if not target.endswith(("application.properties", "application.yml", "application.yaml")):
            continue
        found = [match for match in pattern.finditer(text) if int(match["port"]) in situation.moved]
        if found:
            edits[path] = tuple(Edit(Span(*one.span("port")), str(situation.moved[int(one["port"])])) for one in found)
            moves |= {int(one["port"]) for one in found}
    return Steps(state=tuple(state), owned=folders, moves=frozenset(moves), edits=edits)


FAMILY: Final = Family(
    "java",
    ("java", "catalina.sh", "*.jar", "jetty*", "kafka-server-start*", "java_*"),
    ("tomcat", "jetty", "spring*"),
    _steps,
)
