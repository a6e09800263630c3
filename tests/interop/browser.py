"""A Chromium without a screen, driven through a pair of pipes.

    with Browser(directory) as b:
        b.go("http://127.0.0.1:8000/")
        b.type("#name", "x")
        b.click("button")
        b.wait("document.title == 'Done'")

Its protocol is JSON, one object up to a NUL each way, on descriptors 3 and 4.
Clicks and keys go the way of a mouse's and a keyboard's; js() looks at a page.
"""
import json
import os
import select
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium")
OPTIONS = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe",
           "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--disable-component-update",
           "--disable-sync", "--disable-extensions", "--mute-audio",
           "--no-default-browser-check", "--disable-default-apps",
           "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
           "--window-size=1500,1000", "--lang=en-US", "about:blank"]


class Browser:
    def __init__(self, directory, seconds=30):
        self.seconds, self.count = seconds, 0
        self.buffer, self.said = b"", []
        to_it, self.out = os.pipe()
        self.inp, from_it = os.pipe()
        env = dict(os.environ, HOME=str(directory), TMPDIR=str(directory),
                   LANG="C.UTF-8")

        def place():
            # First out of the way: one may be where the other is to go.
            a, b = os.dup(to_it), os.dup(from_it)
            high = [os.dup2(fd, 200 + i) for i, fd in enumerate((a, b))]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
        self.err = open(directory / "chromium.err", "wb")
        self.process = subprocess.Popen(
            [CHROMIUM, f"--user-data-dir={directory}/profile", *OPTIONS],
            stdin=subprocess.DEVNULL, stdout=self.err, stderr=self.err,
            env=env, close_fds=False, preexec_fn=place,
            start_new_session=True)
        os.close(to_it)
        os.close(from_it)
        self.session = None
        page = next(t for t in self.call("Target.getTargets")["targetInfos"]
                    if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=page["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "DOM", "Log"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(20)
        except (OSError, EOFError, TimeoutError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, 9)
            self.process.wait(20)
        os.close(self.out)
        os.close(self.inp)
        self.err.close()

    # -------------------------------------------------------- its protocol

    def call(self, method, **params):
        self.count += 1
        number = self.count
        order = {"id": number, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        todo = json.dumps(order).encode() + b"\0"
        while todo:
            todo = todo[os.write(self.out, todo):]
        end = time.monotonic() + self.seconds
        while True:
            answer = self.one(end)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.event(answer)

    def one(self, end):
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.inp], [], [], left)[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.inp, 1 << 20)
            if not piece:
                raise EOFError("the browser has gone")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def event(self, said):
        """A question of the page is answered with yes, and kept to be read."""
        if said.get("method") == "Page.javascriptDialogOpening":
            self.said.append(said["params"]["message"])
            self.count += 1
            order = {"id": self.count, "sessionId": self.session,
                     "method": "Page.handleJavaScriptDialog",
                     "params": {"accept": True}}
            os.write(self.out, json.dumps(order).encode() + b"\0")
        elif said.get("method") == "Runtime.exceptionThrown":
            self.said.append(json.dumps(
                said["params"]["exceptionDetails"])[:2000])

    # ------------------------------------------------------------- a page

    def js(self, text):
        """The value of an expression; of a promise, what it comes to."""
        got = self.call("Runtime.evaluate", expression=text,
                        returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(f"{text}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def wait(self, text, seconds=None):
        """Until the expression is true; what it is then."""
        text = f"(x => x instanceof Node ? true : x)({text})"
        end = time.monotonic() + (seconds or self.seconds)
        why = None
        while time.monotonic() < end:
            try:
                got = self.js(text)
                if got:
                    return got
            except RuntimeError as e:   # the page is on its way
                why = e
            time.sleep(0.03)
        raise AssertionError(f"never true: {text}\n{why}\n{self.said}\n" +
                             str(self.shown()))

    def shown(self):
        try:
            return self.js("location.href + '\\n' + document.body.innerText")
        except RuntimeError as e:
            return e

    def go(self, url):
        self.js("window.before = 1")
        self.call("Page.navigate", url=url)
        self.wait("!window.before && document.readyState == 'complete'")

    def click(self, selector, times=1, frame=None):
        """With the left button, in the middle of the first that is seen."""
        doc = "document" if frame is None else \
            f"document.querySelector({json.dumps(frame)}).contentDocument"
        box = self.wait(f"""(() => {{
            const doc = {doc};
            const e = doc && [...doc.querySelectorAll(
                {json.dumps(selector)})].find(e => e.offsetParent);
            if (!e) return null;
            e.scrollIntoView({{block: "nearest"}});
            const r = e.getBoundingClientRect();
            const f = doc.defaultView.frameElement;
            const o = f ? f.getBoundingClientRect() : {{x: 0, y: 0}};
            return [o.x + r.x + r.width / 2, o.y + r.y + r.height / 2];
        }})()""")
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0],
                  y=box[1])
        for n in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=box[0],
                          y=box[1], button="left", clickCount=n)

    def type(self, selector, text, frame=None):
        self.click(selector, times=3, frame=frame)      # marks what it holds
        self.call("Input.insertText", text=text)

    def key(self, name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      windowsVirtualKeyCode=code, text=text)

    def attach(self, selector, *paths):
        """Choose files in an <input type=file>."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root,
                         selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node,
                  files=[str(p) for p in paths])
