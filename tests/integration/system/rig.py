"""The whole service with real processes: tocsind, a mail sink, the local SMS and postal provider, on ports of their own in a
folder of their own. Evidence times of days are seconds here. Everything that is started here is ended here, and
nothing else is."""
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

from faulty import Front, Line

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", "build")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[3]
TOCSIND = BUILD / "service/tocsind"
TOCSIN = BUILD / "service/ctl/tocsin"
MAIL_SINK = BUILD / "tests/support/mail_sink/mail_sink"
PROVIDER_SIM = BUILD / "tests/support/provider_sim/provider_sim"
HOOK_SECRET = "whsec_c2ltLXNlY3JldC1zaW0tc2VjcmV0LXNpbS1zZWNyZXQ="
HOOK_REPORT_SECRET = "whsec_c2ltLXJlcG9ydC1zaW0tcmVwb3J0LXNpbS1yZXBvcnQ="
ROLES = ("responder", "approver", "compliance", "operator", "app")
SKIP = 77  # CTest's SKIP_RETURN_CODE

INCIDENT = {
    "title": "Copied archive", "kind": "breach",
    "organisation": {"name": "Example Savings", "address": "1 Example Street, Springfield, IL 62701, USA",
                     "contact": {"email": "privacy@example.org", "phone": "+1 800 555 0100",
                                 "url": "https://example.org/security"}},
    "occurred_from": "2026-05-03", "discovered_at": "2026-05-12T08:00:00Z",
    "determined_at": "2026-05-18T16:30:00Z", "data_types": ["name", "email"],
    "facts": {"what_happened": "Somebody copied an archive.",
              "what_we_are_doing": "We closed the way in and changed all keys."},
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=30, every=0.05):
    """The first true answer of `condition`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come in {seconds} s (last: {value!r})")
        time.sleep(every)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def phone(i):
    """A number of the ranges for fiction whose last four digits play nothing."""
    return f"+1{201 + i // 80}55501{20 + i % 80:02d}"


def address(i, line1=None, zip_code=None):
    return {"line1": line1 or f"{i + 1} Lantern Street", "city": "Springfield", "region": "IL",
            "postal_code": zip_code or "62701", "country": "US"}


def person(i, *ways, **more):
    """A recipient with the given ways of being told: email, sms, post, account."""
    p = {"recipient_id": f"r{i:05d}", "name": f"Person Number{i}", "jurisdiction": "US-IL", "locale": "en"}
    if "email" in ways:
        p["email"] = f"person{i}@post.example"
    if "sms" in ways:
        p["phone"] = phone(i)
    if "post" in ways:
        p["address"] = address(i)
    if "account" in ways:
        p["account_id"] = f"acct{i:05d}"
    p.update(more)
    return p


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Process:
    """One child with its output in a file."""

    def __init__(self, arguments, log, env=None):
        self.log = pathlib.Path(log)
        self.file = open(log, "ab")
        self.popen = subprocess.Popen([str(a) for a in arguments], stdout=self.file, stderr=self.file,
                                      stdin=subprocess.DEVNULL, env=env)

    def alive(self):
        return self.popen.poll() is None

    def end(self, number=signal.SIGTERM, seconds=40):
        if self.alive():
            self.popen.send_signal(number)
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            code = "did not end"
        self.file.close()
        return code


class System:
    """with System() as s: ... Options: see `config`. The folder is kept when the test fails and KEEP is set."""

    def __init__(self, **options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-system-"))
        self.data = pathlib.Path(options.get("data", self.folder / "data"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.daemon = self.sink = self.sim = self.line = self.front = None
        self.tokens = {}
        self.sim_url = None
        self.starts = 0
        self.children = []

    # ---- Life ----
    def __enter__(self):
        for name in ("mails", "letters", "secrets", "log"):
            (self.folder / name).mkdir()
        self.data.mkdir(exist_ok=True)
        try:
            self.smtp_port = self.options.get("smtp_port") or free_port()
            if self.options.get("sink", True):
                self.start_sink()
            self.start_sim()
            if "mail_delay" in self.options:
                self.line = Line(self.smtp_port, self.options["mail_delay"])
            if "front" in self.options:
                self.front = Front(self.sim_port)
                self.front.delay = self.options["front"]
            self.write_config()
            self.run(TOCSIND, "--keygen", self.folder / "secrets/master.key")
            self.tokens["admin"] = self.run(TOCSIND, "--config", self.config_path, "--mint-token", "First", "--role",
                                            "admin").stdout.strip()
            self.start()
            for role in ROLES:
                answer = self.call("POST", "/v1/tokens", "admin", {"name": role, "roles": [role]})
                self.tokens[role] = self.expect(answer, 201).json["token"]
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and self.daemon and self.daemon.alive():
                code = self.stop()
                assert code == 0, f"tocsind ended with {code}: {self.log_tail()}"
            if kind is None:
                self.check_log()
        finally:
            if kind is not None:
                print(f"--- the log of tocsind\n{self.log_tail()}", file=sys.stderr)
            self.close(keep=kind is not None and "KEEP" in os.environ)

    def close(self, keep=False):
        for child in reversed(self.children):
            if child.alive():
                child.end()
        for faulty in (self.line, self.front):
            if faulty:
                faulty.close()
        if keep:
            print(f"kept: {self.folder}", file=sys.stderr)
            return
        subprocess.run(["rm", "-rf", "--", str(self.folder)], check=False)

    def child(self, arguments, name, env=None):
        process = Process(arguments, self.folder / "log" / name, env)
        self.children.append(process)
        return process

    def run(self, *arguments, env=None, ok=True):
        result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=120,
                                env={**os.environ, **(env or {})})
        assert not ok or result.returncode == 0, (arguments[1:], result.returncode, result.stdout, result.stderr)
        return result

    # ---- Providers ----
    def start_sink(self):
        arguments = [MAIL_SINK, "--port", self.smtp_port, "--dir", self.folder / "mails", "--quiet"]
        log = self.folder / "log/mail_sink"
        log.write_text("")
        self.sink = self.child(arguments, "mail_sink")
        wait_for("the mail sink", lambda: b"port " in log.read_bytes())
        # Mails are numbered from 1 again by a new process: keep those of the last one.

    def stop_sink(self):
        self.sink.end()
        kept = self.folder / f"mails-{time.monotonic_ns()}"
        (self.folder / "mails").rename(kept)
        (self.folder / "mails").mkdir()

    def start_sim(self, *more):
        log = self.folder / "log/provider_sim"
        log.write_text("")
        flags = [str(f) for f in self.options.get("sim", ("--delay-ms", "100"))]
        self.sim = self.child([PROVIDER_SIM, "--port", getattr(self, "sim_port", 0), "--letters",
                               self.folder / "letters", "--ledger", self.folder / "ledger.ndjson", "--callback-url",
                               self.url, *flags, *more], "provider_sim")
        line = wait_for("the provider", lambda: [l for l in log.read_text().splitlines() if "listening on" in l])[0]
        self.sim_port = int(line.rsplit(":", 1)[1])

    # ---- tocsind ----
    def write_config(self):
        o = self.options
        secrets = self.folder / "secrets"
        for name, text in (("twilio", "sim-twilio-token"), ("lob", "live_sim"), ("lob-test", "test_sim"),
                           ("lob-webhook", "sim-lob-secret"), ("hook", HOOK_SECRET),
                           ("hook-report", HOOK_REPORT_SECRET)):
            (secrets / name).write_text(text + "\n")
            (secrets / name).chmod(0o400)
        sim = self.front.url if self.front else f"http://127.0.0.1:{self.sim_port}"
        smtp_port = self.line.port if self.line else self.smtp_port
        signed = ""
        if o.get("signed"):
            self.run(TOCSIN, "log", "keygen", secrets / "log.key", "--name", "notify.example.org/log")
            signed = f", key_file: {secrets}/log.key"
        wait = {"email": "4s", "sms": "8s", "post": "3s", "banner": "3s", **o.get("wait", {})}
        if o.get("sms") == "webhook":
            sms = f"""    provider: webhook
    webhook:
      url: {sim}/hook
      signing_secret_file: {secrets}/hook
      report_secret_file: {secrets}/hook-report
      plain_http: yes"""
        else:
            sms = f"""    provider: twilio
    twilio:
      account_sid: AC00000000000000000000000000000000
      auth_token_file: {secrets}/twilio
      from: "+15005550006"
      base_url: {sim}
      plain_http: yes"""
        text = f"""
listen: 127.0.0.1:{self.port}
public_url: {self.url}
store: {{path: {self.data}/tocsin.db}}
master_key: file:{secrets}/master.key
notices: {SOURCE}/templates/notices
approvals_required: 1
ladder: {o.get("ladder", "[email, sms, postal]")}
beside: [banner]
brakes: {{canary: {o.get("canary", 0)}, ramp: [], quiet_hours: always, bounces: {o.get("bounces", 1000)}, silence: {o.get("silence", "no")}}}
retry: {{base: {o.get("retry_base", "200ms")}, max: 1s, limit: {o.get("retry_limit", 8)}}}
stop_grace: {o.get("grace", "6s")}
disk_min_mib: {o.get("disk_min_mib", 1)}
http: {o.get("http", "{head_deadline: 10s}")}
log: {{level: {o.get("log_level", "debug")}{signed}}}
{o.get("more", "").format(folder=self.folder)}
channels:
  - channel: email
    provider: smtp
    rate: {o.get("email_rate", 0)}
    evidence: {{sufficient: delivered, settles: accepted, wait: {wait["email"]}}}
    smtp:
      relays: [{{name: sink, host: 127.0.0.1, port: {smtp_port}, starttls: "off", sessions: 4}}]
      from: {{name: Example Savings, address: notices@example.org}}
      reply_to: privacy@example.org
      bounce_domain: bounce.example.org
  - channel: sms
    rate: {o.get("sms_rate", 1000)}
    evidence: {{sufficient: delivered, settles: delivered, wait: {wait["sms"]}}}
{sms}
  - channel: postal
    provider: lob
    rate: {o.get("post_rate", 1000)}
    evidence: {{sufficient: acknowledged, settles: accepted, wait: {wait["post"]}}}
    lob:
      api_key_file: {secrets}/lob
      test_api_key_file: {secrets}/lob-test
      webhook_secret_file: {secrets}/lob-webhook
      from: {{name: Example Savings, line1: 1 Example Street, city: Springfield, region: IL, postal_code: "62701", country: US}}
      base_url: {sim}
      plain_http: yes
  - channel: banner
    provider: board
    evidence: {{sufficient: displayed, settles: displayed, wait: {wait["banner"]}}}
"""
        self.config_path = self.folder / "tocsin.yaml"
        self.config_path.write_text(text)

    def start(self, ready=True, env=None, wrap=()):
        self.starts += 1
        at = self.log_size()
        self.daemon = self.child([*wrap, TOCSIND, "--config", self.config_path], "tocsind",
                                 {**os.environ, **(env or {})})
        if ready:
            self.wait_ready(at)

    def wait_ready(self, at):
        def look():
            assert self.daemon.alive(), f"tocsind ended with {self.daemon.popen.returncode}: {self.log_tail()}"
            return b'"event":"ready"' in self.log_bytes()[at:] or b'"ready"' in self.log_bytes()[at:]
        wait_for("tocsind", look, 60, 0.02)

    def stop(self):
        return self.daemon.end(signal.SIGTERM, 60)

    def kill(self):
        """As a power cut for the process: no goodbye."""
        assert self.daemon.alive(), f"it went by itself: {self.daemon.popen.returncode} {self.log_tail()}"
        return self.daemon.end(signal.SIGKILL)

    # ---- Its log ----
    def log_path(self):
        return self.folder / "log/tocsind"

    def log_bytes(self):
        return self.log_path().read_bytes() if self.log_path().exists() else b""

    def log_size(self):
        return len(self.log_bytes())

    def log_tail(self, n=40):
        return b"\n".join(self.log_bytes().splitlines()[-n:]).decode(errors="replace")

    def check_log(self):
        """Each line is a JSON object: whatever else is there, a sanitizer or a panic wrote."""
        for line in self.log_bytes().splitlines():
            try:
                json.loads(line)
            except ValueError:
                cut = not self.log_bytes().endswith(line + b"\n")
                assert cut and not self.daemon.alive(), f"not a log line: {self.log_tail(80)}"

    def events(self, name):
        lines = [json.loads(l) for l in self.log_bytes().splitlines() if l.startswith(b"{") and l.endswith(b"}")]
        return [l for l in lines if name in l.values()]

    # ---- The API ----
    def call(self, method, path, role=None, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = dict(headers or {})
        if role:
            headers["Authorization"] = "Bearer " + self.tokens[role]
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def expect(self, answer, status):
        assert answer.status == status, (status, answer)
        return answer

    def cli(self, role, *arguments, ok=True):
        return self.run(TOCSIN, *arguments, env={"TOCSIN_URL": self.url, "TOCSIN_TOKEN": self.tokens[role]}, ok=ok)

    def incident(self, people=(), release=True, **changes):
        body = {**INCIDENT, **changes}
        path = self.expect(self.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"]
        people = list(people)
        if people:
            self.upload(path, people)
        if release:
            self.release(path)
        return path

    def upload(self, path, people):
        rows = "".join(json.dumps(p) + "\n" for p in people)
        answer = self.call("POST", path + "/recipients", "responder", rows.encode(),
                           {"Content-Type": "application/x-ndjson"})
        counts = self.expect(answer, 200).json
        assert counts["accepted"] == len(people), counts
        return counts

    def release(self, path):
        self.expect(self.call("POST", path + "/approvals", "approver"), 200)
        self.expect(self.call("POST", path + "/release", "responder"), 200)

    def view(self, path):
        return self.expect(self.call("GET", path, "compliance"), 200).json

    def state(self, path):
        return self.view(path)["state"]

    def wait_settled(self, path, seconds=60):
        try:
            wait_for("the end", lambda: self.state(path) == "settled", seconds, 0.2)
        except AssertionError as e:
            raise AssertionError(f"{e}: {json.dumps(self.view(path)['waves'])}") from None
        return self.view(path)

    def person(self, path, recipient):
        return self.expect(self.call("GET", f"{path}/recipients/{recipient}", "compliance"), 200).json

    def receipts(self, path, recipient=None):
        """All receipts of an incident, opened, in order: leaf members and details in one dictionary."""
        query = f"/v1/receipts?incident={path.rsplit('/', 1)[1]}" + (f"&recipient={recipient}" if recipient else "")
        after, items = "", []
        while True:
            page = self.expect(self.call("GET", query + after, "compliance", headers={"Accept": "application/json"}),
                               200).json
            items += [{**(i["details"] or {}), **i["receipt"], "receipt_id": i["receipt_id"]} for i in page["items"]]
            if not page["next"]:
                return items
            after = "&after=" + page["next"]


def main(tests):
    """test_x.py NAME: one of `tests`; without a name all of them, with the time each took."""
    names = sys.argv[1:] or list(tests)
    seed = int(os.environ.get("SEED", str(random.SystemRandom().randrange(1 << 32))))
    for name in names:
        random.seed(seed)
        begun = time.monotonic()
        tests[name]()
        print(f"{name}: passed in {time.monotonic() - begun:.1f} s (SEED={seed})", flush=True)
