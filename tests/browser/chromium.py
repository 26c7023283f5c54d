"""A real Chromium without a screen, told by its own DevTools protocol what to do: no driver has to be installed."""

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--remote-debugging-port=0", "--window-size=1200,1600"),
)
PATIENCE_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.05
LISTENING = re.compile(r"DevTools listening on ws://([0-9.:]+)/")
MESSAGE_BYTES_MAX = 64 * 1024 * 1024


def binary() -> str | None:
    """The browser on this machine, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class GoneError(Exception):
    """A command was refused, or the page that it was for is gone."""


class Tab:
    """One page. `dialogs` and `refused` are what it tried: boxes of scripts, and what its policy forbade."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.dialogs: list[str] = []
        self.refused: list[str] = []

    async def tell(self, method: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Run one command of the protocol and return its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": fields})
        while True:
            message = json.loads(await self._socket.receive_str(timeout=PATIENCE_SECONDS))
            if message.get("id") == self._number:
                if "error" in message:
                    raise GoneError(message["error"]["message"])
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    async def open(self, url: str) -> None:
        """Go to an address and wait until it has loaded."""
        for domain in ("Page", "Runtime", "Log"):
            await self.tell(f"{domain}.enable")
        await self.tell("Page.navigate", url=url)
        while True:
            message = json.loads(await self._socket.receive_str(timeout=PATIENCE_SECONDS))
            self._note(message)
            if message.get("method") == "Page.loadEventFired":
                return

    async def run(self, script: str) -> Any:  # noqa: ANN401 - any JSON value
        """The value of an expression in the page; a promise is awaited."""
        told = await self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression is true in the page."""
        looked = f"""new Promise((done, failed) => {{
          const end = Date.now() + {PATIENCE_SECONDS * 1000};
          const look = () => {{
            if (Boolean({condition})) done(true);
            else if (Date.now() > end) failed(new Error({json.dumps(condition)}));
            else setTimeout(look, {LOOK_EVERY_SECONDS * 1000});
          }};
          look();
        }})"""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await self.run(looked)
                except GoneError:
                    continue  # another page came; the condition is about that one now
                return

    async def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element, as a person would."""
        await self.until(f"document.querySelector({json.dumps(selector)})")
        spot = await self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            at = {"x": spot[0], "y": spot[1], "button": "left", "clickCount": 1}
            await self.tell("Input.dispatchMouseEvent", type=kind, **at)

    async def type(self, words: str) -> None:
        """Type into whatever has the focus."""
        await self.tell("Input.insertText", text=words)

    async def key(self, key: str) -> None:
        """Press one key of the keyboard."""
        fields: dict[str, Any] = {"text": "\r", "windowsVirtualKeyCode": 13} if key == "Enter" else {"text": key}
        await self.tell("Input.dispatchKeyEvent", type="keyDown", key=key, **fields)
        await self.tell("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self) -> bytes:
        """What is seen, as PNG."""
        shot = await self.tell("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Page.javascriptDialogOpening":
            self.dialogs.append(message["params"]["message"])
        if message.get("method") == "Log.entryAdded":
            self.refused.append(message["params"]["entry"]["text"])


@asynccontextmanager
async def tab(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a browser of its own, whose profile is kept in `folder`; both are gone at the end."""
    program = binary()
    assert program is not None
    child = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TZ": "Asia/Tokyo"},
        start_new_session=True,
    )
    try:
        base = await _devtools(child)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{base}/json/list") as answer:
                (page,) = [one for one in await answer.json(content_type=None) if one["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=MESSAGE_BYTES_MAX) as socket:
                yield Tab(socket)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        await child.communicate()


async def _devtools(child: asyncio.subprocess.Process) -> str:
    """Where it listens, as it says when it starts."""
    assert child.stderr is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while line := await child.stderr.readline():
            if match := LISTENING.search(line.decode(errors="replace")):
                return f"http://{match[1]}"
    raise AssertionError("the browser ended before it listened")
