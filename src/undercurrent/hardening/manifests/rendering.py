"""Helm's charts and Kustomize's folders, rendered by the real programs: what they make is what runs."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from undercurrent.errors import MissingTool, Refused, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.processes import call, plain
from undercurrent.splices import as_text, line_of

__all__ = ["render_chart", "render_kustomization", "source_of"]

_TIME_LIMIT_S: Final = 120.0
_MOST: Final = 16 * 1024 * 1024
_LAST_WORDS: Final = 600
_SOURCE: Final = re.compile(r"^# Source: (.+?)\r?$", re.MULTILINE)


async def render_chart(chart: Path, name: str, values: Sequence[Path] = ()) -> str:
    """What ``helm template`` makes of a chart.

    Args:
        chart: its folder.
        name: how messages call it.
        values: files with values, the last of which wins.

    Raises:
        MissingTool: there is no helm.
        Refused: helm refuses the chart; the message has its words.
        TimedOut: it does not end.
        TooLarge: it makes too much.
    """
    program = shutil.which("helm")
    if program is None:
        raise MissingTool(
            _("{path} is a Helm chart, and helm is not installed").format(path=name),
            hint=_("install it: https://helm.sh/docs/intro/install/"),
        )
    options = [part for path in values for part in ("--values", str(path))]
    with tempfile.TemporaryDirectory(prefix="uc-helm-") as home:
        # Neither plug-ins nor repositories of the user's have a say, and no cluster is asked.
        folders = {name: f"{home}/{name}" for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
        environment = {**os.environ, **folders, "KUBECONFIG": os.devnull}
        return await _run([program, "template", "release", str(chart), *options], environment, name)


async def render_kustomization(folder: Path, name: str) -> str:
    """What ``kustomize build`` makes of a folder; ``kubectl kustomize`` where only that is there.

    Args:
        folder: that of the kustomization.
        name: how messages call it.

    Raises:
        MissingTool: there is neither.
        Refused: it refuses the folder; the message has its words.
        TimedOut: it does not end.
        TooLarge: it makes too much.
    """
    kustomize, kubectl = shutil.which("kustomize"), shutil.which("kubectl")
    if kustomize is None and kubectl is None:
        raise MissingTool(
            _("{path} is a kustomization, and kustomize is not installed").format(path=name),
            hint=_("install it: https://kubectl.docs.kubernetes.io/installation/kustomize/"),
        )
    command = [kustomize, "build"] if kustomize else [str(kubectl), "kustomize"]
    return await _run([*command, str(folder)], dict(os.environ), name)


async def _run(command: Sequence[str], environment: dict[str, str], what: str) -> str:
    name = Path(command[0]).name
    ran = await call(*command, timeout_s=_TIME_LIMIT_S, environ=environment, kept=_MOST)
    if ran.code != 0:
        words = " ".join(plain(ran.err).split())[-_LAST_WORDS:]
        raise Refused(
            _("{program} cannot render {path}: {reason}").format(program=name, path=what, reason=words),
            hint=_("run `{command}` by hand to see all that it says").format(command=" ".join((name, *command[1:]))),
        )
    if ran.cut:
        raise TooLarge(_("{program} makes more than 16 MiB of {path}").format(program=name, path=what))
    return as_text(ran.stdout)


def source_of(text: str, line: int) -> str:
    """The template that a line of Helm's output comes from, as Helm says: ``chart/templates/web.yaml``; or empty."""
    found: Iterator[re.Match[str]] = _SOURCE.finditer(text)
    source = ""
    for match in found:
        if line_of(text, match.start()) > line:
            break
        source = match[1]
    return source
