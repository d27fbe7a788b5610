"""A real browser without a window, told what to do over its own protocol.

Source: https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import base64
import itertools
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from tests.support.peers import require_peer

__all__ = ["Page", "browser"]

_START_S: Final = 60.0
_ANSWER_S: Final = 60.0
_LARGEST: Final = 256 * 1024 * 1024


@dataclass(slots=True)
class Page:
    """One tab.

    Attributes:
        said: what the console and the log of the browser said: errors, warnings, what a policy blocked.
        asked: every address that it asked for.
    """

    _socket: aiohttp.ClientWebSocketResponse
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _waiting: dict[int, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(_ANSWER_S):
            return await answer

    async def listen(self) -> None:
        """Takes what the browser says until it is closed."""
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                waiting = self._waiting.pop(told["id"])
                if "error" in told:
                    waiting.set_exception(RuntimeError(f"the browser refused: {told['error']}"))
                else:
                    waiting.set_result(told["result"])
            else:
                self._note(told["method"], told["params"])

    def _note(self, method: str, told: Mapping[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Runtime.consoleAPICalled":
                self.said.append(" ".join(str(part.get("value", part.get("description"))) for part in told["args"]))
            case "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                self.said.append(details.get("exception", {}).get("description") or details["text"])
            case "Log.entryAdded":
                self.said.append(told["entry"]["text"])
            case "Network.requestWillBeSent":
                self.asked.append(told["request"]["url"])

    async def open(self, address: str, *, script: bool = True) -> None:
        """Loads a page; with ``script=False`` as a browser that runs none."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self._loaded.clear()
        await self.call("Page.navigate", url=address)
        async with asyncio.timeout(_ANSWER_S):
            await self._loaded.wait()

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"]["exception"]["description"])
        return told["result"].get("value")

    async def resize(self, width: int, height: int = 900) -> None:
        """The size of the window, pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def prefer(self, *, scheme: str = "light", media: str = "") -> None:
        """What the reader's system prefers, besides nothing that moves, and the medium (``print``)."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        await self.call("Emulation.setEmulatedMedia", media=media, features=features)

    async def press(self, key: str, code: int) -> None:
        """A key, down and up."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                text=text * (kind == "keyDown"),
            )

    async def picture(self, *, whole: bool = True, **clip: Any) -> bytes:
        """A PNG of the page."""
        told = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)
        return base64.b64decode(told["data"])

    async def pdf(self) -> bytes:
        """The page as it is printed."""
        told = await self.call("Page.printToPDF", printBackground=True)
        return base64.b64decode(told["data"])


@asynccontextmanager
async def browser(*more: str) -> AsyncIterator[Page]:
    """A browser that nobody used before, with one tab.

    Args:
        more: arguments for it.
    """
    program = require_peer("chromium")
    with tempfile.TemporaryDirectory(prefix="uc-browser-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            str(program),
            *_arguments(Path(folder), more),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
            start_new_session=True,
        )
        try:
            port = await _port(Path(folder), process)
            async with aiohttp.ClientSession() as session, _tab(session, port) as page:
                yield page
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _arguments(folder: Path, more: Sequence[str]) -> list[str]:
    return [
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--hide-scrollbars",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # the sandbox is not for root, as CI's containers often are
        *more,
        "about:blank",
    ]


async def _port(folder: Path, process: asyncio.subprocess.Process) -> int:
    async with asyncio.timeout(_START_S):
        while process.returncode is None:
            written = folder / "DevToolsActivePort"
            if written.is_file() and (lines := written.read_text("utf-8").splitlines()):
                return int(lines[0])
            await asyncio.sleep(0.05)
    raise RuntimeError(f"chromium ended with {process.returncode}")


@asynccontextmanager
async def _tab(session: aiohttp.ClientSession, port: int) -> AsyncIterator[Page]:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs = await answer.json()
    address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
    async with session.ws_connect(address, max_msg_size=_LARGEST) as socket:
        page = Page(socket)
        listening = asyncio.create_task(page.listen())
        try:
            yield page
        finally:
            listening.cancel()
