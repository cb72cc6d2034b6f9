"""Chromium without a window, driven over its DevTools pipe with Python's standard library alone."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Chromium:
    """One browser with one page. `logged` holds what the page's console and the policy's watch said."""

    def __init__(self):
        self.program = shutil.which("chromium") or shutil.which("chromium-browser")
        if not self.program:
            raise FileNotFoundError("chromium is not installed")
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()
        arguments = [self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe",
                     "--user-data-dir=" + self.folder.name, "about:blank"]

        def pipes():  # the browser reads descriptor 3 and writes 4
            os.dup2(to_browser, 13)
            os.dup2(from_browser, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(arguments, preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.session, self.logged, self.events = b"", 0, None, [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")

    def close(self):
        self.process.kill()
        self.process.wait(10)
        os.close(self.out)
        os.close(self.into)
        self.folder.cleanup()

    def read(self, seconds):
        """The next message; None when none comes in time."""
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                return None
            block = os.read(self.into, 1 << 16)
            if not block:
                raise RuntimeError("chromium has gone")
            self.buffer += block
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def note(self, message):
        self.events.append(message)
        kind, what = message.get("method"), message.get("params", {})
        if kind == "Log.entryAdded":
            self.logged.append(what["entry"]["source"] + ": " + what["entry"]["text"])
        elif kind == "Runtime.exceptionThrown":
            self.logged.append("exception: " + json.dumps(what["exceptionDetails"])[:400])
        elif kind == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.logged.append("console: " + json.dumps(what["args"])[:400])

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read(20)
            assert answer is not None, f"no answer to {method}"
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.note(answer)

    def wait_for(self, method, seconds=20):
        """The event that came since the last call that makes events, or comes now."""
        end = time.monotonic() + seconds
        while True:
            for i, event in enumerate(self.events):
                if event.get("method") == method:
                    del self.events[:i + 1]
                    return event["params"]
            message = self.read(end - time.monotonic())
            assert message is not None, f"{method} did not come"
            self.note(message)

    # What a person does.

    def go(self, url):
        self.events.clear()
        self.ask("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def run(self, expression):
        """The value of an expression in the page, as JSON."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, name, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **text)

    def tab(self):
        self.key("Tab", 9)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def enter(self):
        """Sends the form that has the focus, and waits for the next page."""
        self.events.clear()
        self.key("Enter", 13)
        self.wait_for("Page.loadEventFired")

    def focus(self, selector):
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        assert node, f"nothing is {selector}"
        self.ask("DOM.focus", nodeId=node)

    def size(self, width, height=800):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def scheme(self, name):
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def script(self, on):
        self.ask("Emulation.setScriptExecutionDisabled", value=not on)

    def picture(self, path):
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
