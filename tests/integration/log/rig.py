"""tocsind with a signed log and, if wanted, a witness: real processes, on ports of their own in a folder of their own."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", "build")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[3]
TOCSIND, TOCSIN = BUILD / "service/tocsind", BUILD / "service/ctl/tocsin"
ORIGIN, WITNESS = "notify.example.org/log", "witness.example.org/w1"
TITLE, PERSON = "Mailbox export of an unreleased affair", "zebulon.quagmire"

INCIDENT = {
    "title": TITLE, "kind": "breach",
    "organisation": {"name": "Example Bank", "contact": {"email": "privacy@example.com", "phone": "+1 800 555 0100",
                                                        "url": "https://example.org/security"},
                     "address": "1 Example Street, Springfield, IL 62701, USA"},
    "occurred_from": "2026-05-03", "discovered_at": "2026-05-12T08:00:00Z", "determined_at": "2026-05-18T16:30:00Z",
    "data_types": ["name", "email"],
    "facts": {"what_happened": "Somebody copied a mailbox.", "what_we_are_doing": "We closed the way in."},
}

CONFIG = """
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
store: {{path: {folder}/store.db}}
master_key: file:{folder}/master.key
notices: {notices}
log:
  level: warn
  origin: {origin}
  key_file: {folder}/log.key
{witnesses}
ladder: [email]
brakes: {{canary: 0, ramp: []}}
channels:
  - channel: email
    provider: discard
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come in {seconds} s"
        time.sleep(0.05)


class Rig:
    def __init__(self, witness=False):
        self.place = tempfile.TemporaryDirectory(prefix="tocsin-log-")
        self.folder = pathlib.Path(self.place.name)
        self.port, self.witness_port = free_port(), free_port()
        self.daemon = self.witness = None
        self.vkey = self.tocsin("log", "keygen", "log.key", "--name", ORIGIN).strip()
        self.witness_vkey = self.tocsin("log", "keygen", "witness.key", "--name", WITNESS, "--witness").strip()
        subprocess.run([TOCSIND, "--keygen", self.folder / "master.key"], check=True, capture_output=True)
        lines = f"  witnesses:\n    - {{url: 'http://127.0.0.1:{self.witness_port}', vkey: '{self.witness_vkey}'}}"
        (self.folder / "tocsin.yaml").write_text(CONFIG.format(
            port=self.port, folder=self.folder, notices=SOURCE / "templates/notices", origin=ORIGIN,
            witnesses=lines if witness else ""))
        self.tokens = {role: self.mint(role) for role in ("responder", "approver", "compliance", "admin")}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        for process in (self.daemon, self.witness):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.daemon, self.witness):
            if process:
                assert process.wait(30) in (0, -signal.SIGKILL), process.returncode
        self.place.cleanup()

    def mint(self, role):
        return subprocess.run([TOCSIND, "--config", self.folder / "tocsin.yaml", "--mint-token", role, "--role", role],
                              check=True, capture_output=True, text=True).stdout.strip()

    def start(self):
        self.daemon = subprocess.Popen([TOCSIND, "--config", self.folder / "tocsin.yaml"],
                                       stderr=open(self.folder / "daemon.log", "ab"))
        wait_for("the daemon", self.up)

    def restart(self):
        self.stop()
        self.start()

    def add_config(self, log, channel=None):
        """Lines below `log:`, and another provider of the one channel; from the next start on."""
        path = self.folder / "tocsin.yaml"
        text = path.read_text().replace("ladder: [email]", log + "\nladder: [email]")
        path.write_text(text.replace("\n    provider: discard\n", channel) if channel else text)

    def mint_later(self):
        """A receipt more, whatever the channels do."""
        self.json("POST", "/v1/tokens", "admin", {"name": "later", "roles": ["responder"]}, status=201)

    def up(self):
        assert self.daemon.poll() is None, (self.folder / "daemon.log").read_text()
        try:
            return self.call("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def stop(self, signum=signal.SIGTERM):
        self.daemon.send_signal(signum)
        self.daemon.wait(30)

    def start_witness(self):
        self.witness = subprocess.Popen(
            [TOCSIN, "witness", "--listen", f"127.0.0.1:{self.witness_port}", "--key", "witness.key", "--log-vkey",
             self.vkey, "--state", "witness.state"], cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        assert self.witness.stdout.readline().strip() == self.witness_vkey

    def tocsin(self, *words, code=0, role=None):
        environment = {**os.environ, "TOCSIN_URL": f"http://127.0.0.1:{self.port}"}
        if role:
            environment["TOCSIN_TOKEN"] = self.tokens[role]
        done = subprocess.run([TOCSIN, *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                              env=environment)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def call(self, method, path, role=None, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = dict(headers or {})
        if role:
            headers["Authorization"] = "Bearer " + self.tokens[role]
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.status, response.read(), response.headers
        connection.close()
        return answer

    def json(self, method, path, role=None, body=None, headers=None, status=200):
        answer = self.call(method, path, role, body, headers)
        assert answer[0] == status, (method, path, answer)
        return json.loads(answer[1])

    def size(self):
        status, text, _ = self.call("GET", "/log/checkpoint")
        return int(text.split(b"\n")[1]) if status == 200 else 0

    def incident(self, people):
        """Drafted, approved, released, sent (by a channel that sends nothing)."""
        made = self.json("POST", "/v1/incidents", "responder", INCIDENT, status=201)
        path = f"/v1/incidents/{made['id']}"
        rows = "".join(json.dumps({"recipient_id": f"r{i}", "name": f"Zebulon Quagmire {i}", "jurisdiction": "US-CA",
                                   "email": f"{PERSON}.{i}@example.com"}) + "\n" for i in range(people))
        answer = self.call("POST", f"{path}/recipients", "responder", rows, {"Content-Type": "application/x-ndjson"})
        assert answer[0] in (200, 201), answer
        self.json("POST", f"{path}/approvals", "approver")
        self.json("POST", f"{path}/release", "responder")
        return made["id"]

    def receipts(self, incident):
        status, text, _ = self.call("GET", f"/v1/receipts?incident={incident}", "compliance", headers={
            "Accept": "application/x-ndjson"})
        assert status == 200
        return [json.loads(line) for line in text.splitlines()]

    def settle(self):
        """Until the log has been quiet for a second and a half."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < 1.5:
            size = self.size()
            if size != last:
                last, since = size, time.monotonic()
            time.sleep(0.1)
        return last
