#!/usr/bin/env python3
"""bench.py --build DIR [NAME...] - the measurements behind tests/bench/run.

Each measures tocsind as it is shipped (Release, SQLite on disk, synchronous=FULL, several people's approval) and its
yardstick in turns, against the same peer, and prints medians. Everything listens on 127.0.0.1 and is ended here.
"""
import argparse
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REPEAT = int(os.environ.get("BENCH_REPEAT", "3"))
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
VERBOSE = bool(os.environ.get("BENCH_VERBOSE"))
SESSIONS = 32          # SMTP sessions, ours and theirs
CONCURRENCY = 64       # HTTP requests in flight, ours and theirs
MAIL_BYTES = 4000
HOOK_SECRET = "whsec_c2ltLXNlY3JldC1zaW0tc2VjcmV0LXNpbS1zZWNyZXQ="
REPORT_SECRET = "whsec_c2ltLXJlcG9ydC1zaW0tcmVwb3J0LXNpbS1yZXBvcnQ="

NOTES = ("We also looked at how the archive was kept, who could read it, and how long copies of it were held. "
         "What we found went to the authority. ")
INCIDENT = {
    "title": "Bench", "kind": "policy_change",
    "organisation": {"name": "Example Bank", "address": "1 Example Plaza, Springfield, IL 62701, USA",
                     "contact": {"email": "privacy@example.org", "phone": "+1 800 555 0100",
                                 "url": "https://example.org/notice"}},
    "occurred_from": "2026-05-03", "occurred_to": "2026-05-05", "discovered_at": "2026-05-12T08:00:00Z",
    "data_types": ["name", "email"], "establishment": "US-IL",
    "facts": {"what_happened": "From 1 June we keep copies of letters for one year and no longer. " + NOTES},
}


def say(*words):
    if VERBOSE:
        print(*words, file=sys.stderr, flush=True)


def scaled(n, least=50):
    return max(least, int(n * SCALE))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peer:
    """A process of ours: ended with the block."""

    def __init__(self, argv, log):
        self.log = open(log, "w+")
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def wait_port(self, port):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("a peer did not come up: see " + self.log.name)


class Daemon(Peer):
    """tocsind with one channel and tokens of two people."""

    def __init__(self, build, folder, channel, log=""):
        self.port = free_port()
        data = os.path.join(folder, "data")
        shutil.rmtree(data, ignore_errors=True)
        os.makedirs(data)
        key, config = os.path.join(data, "master.key"), os.path.join(data, "tocsin.yaml")
        log += self.prepare(data)
        for name, text in (("hook", HOOK_SECRET), ("report", REPORT_SECRET), ("twilio", "sim-twilio-token")):
            with open(os.path.join(data, name), "w") as f:
                f.write(text + "\n")
        with open(config, "w") as f:
            f.write(f"listen: 127.0.0.1:{self.port}\npublic_url: http://127.0.0.1:{self.port}\n"
                    f"store: {{path: {data}/tocsin.db}}\nmaster_key: file:{key}\n"
                    f"notices: {ROOT}/templates/notices\nlog: {{level: warn{log}}}\nrender_threads: 2\n"
                    "brakes: {canary: 0, ramp: []}\nchannels:\n" + channel.replace("@DATA@", data))
        program = os.path.join(build, "service", "tocsind")
        subprocess.run([program, "--keygen", key], check=True, stdout=subprocess.DEVNULL)
        mint = [program, "--config", config, "--mint-token"]
        self.author, self.approver = (
            subprocess.run(mint + [who, "--role", roles], check=True, capture_output=True, text=True).stdout.strip()
            for who, roles in (("author", "responder,operator,compliance"), ("approver", "approver")))
        self.touch(data)
        super().__init__([program, "--config", config], os.path.join(folder, "tocsind.log"))
        self.wait_port(self.port)

    def prepare(self, data):
        """Before there is a store; more of the log's configuration."""
        return ""

    def touch(self, data):
        """Before it is served."""

    def call(self, method, path, body=None, token=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {"Authorization": "Bearer " + (token or self.author)}
        if body is not None:
            headers["Content-Type"] = kind
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        if reply.status >= 300:
            raise SystemExit(f"{method} {path}: {reply.status} {text.decode()}")
        return json.loads(text) if text else {}

    def incident(self):
        return self.call("POST", "/v1/incidents", json.dumps(INCIDENT))["id"]

    def upload(self, incident, path):
        """Seconds until the roster is accepted and on disk."""
        size = os.path.getsize(path)
        with open(path, "rb", buffering=0) as f, socket.create_connection(("127.0.0.1", self.port)) as s:
            start = time.monotonic()
            s.sendall((f"POST /v1/incidents/{incident}/recipients HTTP/1.1\r\nHost: localhost\r\n"
                       f"Authorization: Bearer {self.author}\r\nContent-Type: application/x-ndjson\r\n"
                       f"Content-Length: {size}\r\nConnection: close\r\n\r\n").encode())
            s.sendfile(f)
            reply = b""
            while part := s.recv(65536):
                reply += part
            seconds = time.monotonic() - start
        if not re.match(rb"HTTP/1.1 20[01] ", reply):
            raise SystemExit("upload: " + reply.decode()[:800])
        return seconds, json.loads(reply.split(b"\r\n\r\n", 1)[1])

    def release(self, incident, n, channel):
        """Seconds from the release until the last message is accepted, as the counters on disk say."""
        self.call("POST", f"/v1/incidents/{incident}/approvals", "{}", self.approver)
        start = time.monotonic()
        self.call("POST", f"/v1/incidents/{incident}/release", "{}")
        while True:
            states = self.call("GET", f"/v1/incidents/{incident}")["waves"][0]["channels"].get(channel, {})
            done = states.get("accepted", 0) + states.get("delivered", 0)
            bad = {k: v for k, v in states.items() if k in ("failed", "uncertain", "asked")}
            if done >= n:
                return time.monotonic() - start
            if bad or time.monotonic() - start > 900:
                raise SystemExit(f"{done} of {n} accepted; {states}")
            time.sleep(0.05 if n > 1000 else 0.01)

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) / 1024


def roster(path, n, csv=None):
    """n people of 290 bytes each as NDJSON, the same bytes every time; `csv`: the same data as CSV."""
    towns = ("Larkhaven", "Alder Bay", "Eastmere", "Saltbury", "Dry Lantern", "Quillport", "North Tamsin")
    first = ("Ava", "Brenna", "Cora", "Delan", "Emia", "Finwyn", "Garo", "Holin", "Isella", "Joran", "Kelia")
    last = ("Ashbourne", "Bramfield", "Cressthorpe", "Dunwick", "Elderworth", "Fernmore", "Gloamcombe")
    domains = ("post.example", "mail.example", "inbox.example", "example.com", "example.org")
    table = open(csv, "w") if csv else None
    with open(path, "w") as f:
        for i in range(n):
            h = i * 2654435761 & 0xffffffff
            name = f"{first[h % 11]} {last[(h >> 4) % 7]}"
            email = f"customer.{i:07d}@{domains[(h >> 8) % 5]}"
            phone = f"+1213555{h % 8000 + 1000:04d}"
            line1, city, code = f"{h % 400 + 1} Lantern Street", towns[(h >> 12) % 7], f"900{h % 100:02d}"
            text = (f'{{"recipient_id":"hl-{i:07d}","account_id":"acct-{i:07d}","name":"{name}","email":"{email}",'
                    f'"phone":"{phone}","address":{{"line1":"{line1}","city":"{city}","region":"CA",'
                    f'"postal_code":"{code}","country":"US"}},"jurisdiction":"US-CA","locale":"en","fields":{{"p":"')
            pad = f"{h:010d}" * 4
            pad = pad[:max(1, 290 - 1 - len(text) - 3)]
            f.write(text + pad + '"}}\n')
            if table:
                table.write(f"hl-{i:07d},acct-{i:07d},{name},{email},{phone},{line1},{city},CA,{code},US,US-CA,en,{pad}\n")
    if table:
        table.close()


def result(name, pairs, unit, lower=False, digits=None):
    """Medians; the ratio is the median of the pairs' ratios, since what disturbs disturbs both."""
    ours = statistics.median(p[0] for p in pairs)
    reference = statistics.median(p[1] for p in pairs)
    ratio = statistics.median(p[0] / p[1] for p in pairs)
    if digits is None:
        digits = 2 if lower else 0
    print(f"bench {name} ours={ours:.{digits}f} reference={reference:.{digits}f} ratio={ratio:.2f} unit={unit}", flush=True)


def number_at_end(argv, pattern):
    out = subprocess.run(argv, check=True, capture_output=True, text=True)
    return float(re.search(pattern, out.stdout + out.stderr).group(1))


def smtp_channel(port):
    return ("  - channel: email\n    provider: smtp\n"
            "    smtp:\n"
            f"      relays: [{{name: sink, host: 127.0.0.1, port: {port}, starttls: \"off\", sessions: {SESSIONS}}}]\n"
            "      from: {name: Example Bank, address: notices@example.org}\n"
            "      bounce_domain: bounce.example.org\n"
            f"    window: {SESSIONS * 50}\n")


def sink(folder, port):
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return Peer([program, *user, f"127.0.0.1:{port}", "1024"], os.path.join(folder, "smtp-sink.log"))


def smtp_source(port, n):
    program = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    start = time.monotonic()
    subprocess.run([program, "-s", str(SESSIONS), "-d", "-l", str(MAIL_BYTES), "-m", str(n),
                    f"127.0.0.1:{port}"], check=True)
    return n / (time.monotonic() - start)


def mails(options, folder, reference):
    n, port, pairs = scaled(20000), free_port(), []
    people = os.path.join(folder, "people.ndjson")
    roster(people, n)
    with sink(folder, port) as peer:
        peer.wait_port(port)
        with Daemon(options.build, folder, smtp_channel(port)) as daemon:
            for _ in range(REPEAT):
                incident = daemon.incident()
                daemon.upload(incident, people)
                other = reference(port, n)
                pairs.append((n / daemon.release(incident, n, "email"), other))
                say("email", pairs[-1])
    return pairs


def email(options, folder):
    bare = os.path.join(options.build, "tests/bench/email/bench_bare_esmtp")
    result("email", mails(options, folder, lambda port, n: number_at_end(
        [bare, str(port), str(SESSIONS), str(n)], r"sessions: (\d+)/s")), "messages/s")


def email_source(options, folder):
    result("email_source", mails(options, folder, smtp_source), "messages/s")


def sms(options, folder):
    n, port, pairs = scaled(20000), free_port(), []
    bare = os.path.join(options.build, "tests/bench/sms/bench_bare_curl")
    people = os.path.join(folder, "people.ndjson")
    roster(people, n)
    channel = ("  - channel: sms\n    provider: webhook\n"
               f"    window: {CONCURRENCY}\n"
               f"    webhook: {{url: \"http://127.0.0.1:{port}/hook\", plain_http: yes, "
               "signing_secret_file: @DATA@/hook, report_secret_file: @DATA@/report}\n")
    program = os.path.join(options.build, "tests/support/provider_sim/provider_sim")
    with Peer([program, "--port", str(port), "--no-callbacks"], os.path.join(folder, "sim.log")) as peer:
        peer.wait_port(port)
        with Daemon(options.build, folder, channel) as daemon:
            for _ in range(REPEAT):
                incident = daemon.incident()
                daemon.upload(incident, people)
                other = number_at_end([bare, f"http://127.0.0.1:{port}/hook", HOOK_SECRET, str(CONCURRENCY), str(n)],
                                      r"(\d+)/s")
                pairs.append((n / daemon.release(incident, n, "sms"), other))
                say("sms", pairs[-1])
    result("sms", pairs, "messages/s")


def sqlite_import(folder, csv):
    path = os.path.join(folder, "import.db")
    for suffix in ("", "-wal", "-journal"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)
    columns = "recipient_id,account_id,name,email,phone,line1,city,region,postal_code,country,jurisdiction,locale,p"
    start = time.monotonic()
    subprocess.run(["sqlite3", path], check=True, text=True,
                   input=f"create table people({columns});\n.mode csv\n.import {csv} people\n")
    return time.monotonic() - start


def intake(options, folder):
    n, pairs = scaled(1000000, 1000), []
    people, csv = os.path.join(folder, "people.ndjson"), os.path.join(folder, "people.csv")
    roster(people, n, csv)
    for _ in range(REPEAT):
        reference = n / sqlite_import(folder, csv)
        with Daemon(options.build, folder, "  - {channel: email, provider: discard}\n") as daemon:
            seconds, counts = daemon.upload(daemon.incident(), people)
        if counts.get("accepted") != n:
            raise SystemExit(f"intake: {counts}")
        pairs.append((n / seconds, reference))
        say("intake", pairs[-1])
    result("intake", pairs, "recipients/s")


def memory(options, folder):
    people = os.path.join(folder, "people.ndjson")
    port = free_port()
    discard = "  - {channel: email, provider: discard, discard: {delay_ms: 0}, window: 1000}\n"
    with sink(folder, port) as peer:
        peer.wait_port(port)
        for name, n, channel in (("memory_10k", scaled(10000), smtp_channel(port)),
                                 ("memory_1m", scaled(1000000), discard)):
            roster(people, n)
            with Daemon(options.build, folder, channel) as daemon:
                incident = daemon.incident()
                daemon.upload(incident, people)
                say(name, "after intake", daemon.peak_mib())
                say(name, "seconds", daemon.release(incident, n, "email"))
                result(name, [(daemon.peak_mib(), 64)], "MiB", lower=True)


def verify(options, folder):
    """An archive of evidence made without our code; it must take under 10 s at full scale."""
    n, pairs, archive = scaled(1000000, 1000), [], os.path.join(folder, "evidence.tar.gz")
    key = subprocess.run([sys.executable, os.path.join(ROOT, "tests/bench/evidence/synthesise.py"), str(n), archive],
                         check=True, capture_output=True, text=True).stdout.strip()
    for _ in range(REPEAT):
        start = time.monotonic()
        subprocess.run(f"gzip -dc {archive} | sha256sum", shell=True, check=True, stdout=subprocess.DEVNULL)
        between = time.monotonic()
        subprocess.run([os.path.join(options.build, "service/ctl/tocsin"), "verify", archive, "--key", key], check=True,
                       stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - between
        if seconds > 10:
            raise SystemExit(f"verify: {n} receipts took {seconds:.1f} s; 10 are allowed")
        pairs.append((n / seconds, n / (between - start)))
        say("verify", pairs[-1])
    result("verify", pairs, "receipts/s")


def law(options, folder):
    """A million people told apart by the rules (2 s allowed), and one evaluation over every place (5 ms)."""
    people, once = [], []
    for _ in range(REPEAT):
        out = subprocess.run([os.path.join(options.build, "tests/bench/law/bench_law"), os.path.join(ROOT, "templates/rules")],
                             check=True, capture_output=True, text=True).stdout.split()
        people.append((float(out[0]), 2))
        once.append((float(out[1]), 5))
    result("law_people", people, "s", lower=True)
    result("law_once", once, "ms", lower=True)


def bench_log(options, folder, millions, *key):
    """Receipts integrated a second: all are stored before, the clock runs until all are under a signed checkpoint."""
    program = os.path.join(options.build, "tests/bench/log/bench_log")
    return number_at_end([program, folder, str(millions), *key], r"log_integrate .* rate=(\d+)")


def log(options, folder):
    pairs = []
    for _ in range(REPEAT):
        place = tempfile.mkdtemp(dir=folder)
        pairs.append((bench_log(options, place, max(0.01, 2 * SCALE)), 100000))
        shutil.rmtree(place)
        say("log", pairs[-1])
    result("log", pairs, "receipts/s")


class Asker:
    """One connection, kept alive; so little Python around each answer that the daemon is what is measured."""

    def __init__(self, port, token):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"\r\nHost: localhost\r\nAuthorization: Bearer {token}".encode()

    def get(self, path):
        request = b"GET " + path.encode() + b" HTTP/1.1" + self.head + b"\r\n\r\n"
        start = time.perf_counter()
        self.socket.sendall(request)
        reply = self.socket.recv(65536)
        cut = reply.find(b"\r\n\r\n")
        size = int(re.search(rb"(?i)content-length: (\d+)", reply[:cut]).group(1))
        while len(reply) < cut + 4 + size:
            reply += self.socket.recv(65536)
        took = time.perf_counter() - start
        if not reply.startswith(b"HTTP/1.1 200"):
            raise SystemExit("proof: " + reply.decode()[:600])
        return took


class LogDaemon(Daemon):
    """tocsind over a log that bench_log made, with its key."""

    def __init__(self, build, folder, database, key):
        self.database, self.key = database, key
        super().__init__(build, folder, "  - {channel: email, provider: discard}\n")

    def prepare(self, data):
        os.rename(self.database, os.path.join(data, "tocsin.db"))
        return f", key_file: {self.key}"


class Unlogged(Daemon):
    """Its log is of another origin, so that it rests: receipts are written, and nobody gives them their places."""

    def touch(self, data):
        database = sqlite3.connect(os.path.join(data, "tocsin.db"))
        with database:
            database.execute("INSERT OR REPLACE INTO log_head (one, size, root, epoch, owner, until_at, origin) "
                             "VALUES (1, 0, ?, 1, 0, 0, 'elsewhere.example')", (hashlib.sha256(b"").digest(),))
        database.close()


def proof(options, folder):
    """A proof by id over the API, p99 of random ones, against the goal of 1 ms at 10 million leaves."""
    key = os.path.join(folder, "log.key")
    subprocess.run([os.path.join(options.build, "service/ctl/tocsin"), "log", "keygen", key, "--name",
                    "bench.example.org/log"], check=True, stdout=subprocess.DEVNULL)
    bench_log(options, folder, max(0.01, 10 * SCALE), key)
    with open(os.path.join(folder, "ids")) as f:
        ids = f.read().split()
    n, pairs = scaled(20000, 200), []
    with LogDaemon(options.build, folder, os.path.join(folder, "bench_log.db"), key) as daemon:
        asker, dice = Asker(daemon.port, daemon.author), random.Random(1)
        for _ in range(REPEAT):
            times = sorted(asker.get(f"/v1/receipts/{dice.choice(ids)}.{dice.randrange(1000)}/proof") for _ in range(n))
            pairs.append((times[n * 99 // 100] * 1e3, 1.0))
            say("proof", "p50", times[n // 2] * 1e3, "p99", pairs[-1][0])
    result("proof", pairs, "ms(p99)", lower=True, digits=3)


def log_email(options, folder):
    """What the log costs a dispatch by email: messages a second with the sequencer and its signatures, and without."""
    n, port, pairs = scaled(20000), free_port(), []
    people, key = os.path.join(folder, "people.ndjson"), os.path.join(folder, "log.key")
    roster(people, n)
    subprocess.run([os.path.join(options.build, "service/ctl/tocsin"), "log", "keygen", key, "--name",
                    "bench.example.org/log"], check=True, stdout=subprocess.DEVNULL)
    with sink(folder, port) as peer:
        peer.wait_port(port)
        for _ in range(REPEAT):
            rates = []
            for kind in (Daemon, Unlogged):
                with kind(options.build, folder, smtp_channel(port), f", key_file: {key}") as daemon:
                    incident = daemon.incident()
                    daemon.upload(incident, people)
                    rates.append(n / daemon.release(incident, n, "email"))
            pairs.append(tuple(rates))
            say("log_email", pairs[-1])
    result("log_email", pairs, "messages/s")


BENCHES = {"email": email, "email_source": email_source, "sms": sms, "intake": intake, "memory": memory,
           "verify": verify, "law": law, "log": log, "proof": proof, "log_email": log_email}


def main():
    parser = argparse.ArgumentParser(description="tests/bench/run: " + ", ".join(BENCHES))
    parser.add_argument("--build", required=True)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    for name in options.names:
        if name not in BENCHES:
            parser.error(f"there is no {name}: choose among {', '.join(BENCHES)}")
    for name in options.names or BENCHES:
        with tempfile.TemporaryDirectory(prefix="bench.", dir=options.build) as folder:
            BENCHES[name](options, folder)


if __name__ == "__main__":
    main()
