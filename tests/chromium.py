"""A headless Chromium that tests drive through its DevTools protocol; one for all tests of a run.

Debian's and Ubuntu's package is ``chromium``; tests of pages are skipped where there is none.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
"""Where it is; ``None`` where there is none."""

_PATIENCE = 60


class Page:
    """A tab: what it computes, what it complains about, and what it asks for."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.complaints: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """Send a command of the protocol, and wait for the answer."""
        return self._browser.send(method, params, self._session, self)

    def open(self, path: Path, *, fragment: str = "") -> Page:
        """Go to a file, and wait until it is there."""
        self.send("Page.bringToFront")  # what is behind is drawn by no one
        self.send("Page.navigate", url=path.as_uri() + fragment)
        self.run("document.readyState === 'complete' || "
                 "new Promise(done => addEventListener('load', () => done(true)))")  # fmt: skip
        return self

    def run(self, script: str) -> Any:
        """The value of an expression, or of what it promises."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)  # fmt: skip
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def look(self, *, width: int, height: int = 900, dark: bool = False) -> Page:
        """How large the window is, and whether dark pages are preferred."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        return self

    def heard(self, event: dict[str, Any]) -> None:
        """Keep what a page complains about, and what it asks for."""
        params = event["params"]
        match event["method"]:
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])


class Browser:
    """The browser, and the one line to it."""

    def __init__(self, address: str) -> None:
        import websocket

        self._line = websocket.create_connection(address, timeout=_PATIENCE, suppress_origin=True)
        self._numbers = itertools.count(1)
        self._pages: dict[str, Page] = {}

    def page(self) -> Page:
        """A new tab."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})[
            "sessionId"
        ]
        self._pages[session] = Page(self, session)
        return self._pages[session]

    def send(
        self, method: str, params: dict[str, Any], session: str = "", page: Page | None = None
    ) -> Any:
        """Send a command and wait for its answer; what happens meanwhile goes to its page."""
        number = next(self._numbers)
        at = {"sessionId": session} if session else {}
        self._line.send(json.dumps({"id": number, "method": method, "params": params, **at}))
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            message = json.loads(self._line.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]
            heard = page if message.get("sessionId") == session else None
            heard = heard or self._pages.get(message.get("sessionId", ""))
            if heard is not None and "params" in message:
                heard.heard(message)
        raise AssertionError(f"{method} was not answered")

    def close(self) -> None:
        """Close the line."""
        self._line.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, for as long as this lasts."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--disable-background-networking",
            "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stderr is not None
            said = (re.search(r"listening on (ws://\S+)", line) for line in process.stderr)
            browser = Browser(next(found[1] for found in said if found))
            yield browser
            browser.close()
        finally:
            process.terminate()
            process.wait(_PATIENCE)
