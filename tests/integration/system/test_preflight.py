"""test_preflight.py [NAME]: a real daemon, a name server of our own, a mail sink and the provider's simulator looked at."""
import email.utils
import http.server
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from dns_stub import DnsStub  # noqa: E402
from rig import System, main  # noqa: E402

GOOD = {
    ("TXT", "example.org"): ["v=spf1 ip4:192.0.2.7 -all", "something else"],
    ("TXT", "_dmarc.example.org"): ["v=DMARC1; p=reject; rua=mailto:dmarc@example.org"],
    ("A", "example.org"): ["192.0.2.7"],
    ("PTR", "7.2.0.192.in-addr.arpa"): ["example.org"],
}
ADDRESSES = ("addresses: {{label: Preflight, email: preflight@post.example, phone: '+12015550123', line1: 1 Test Street, "
             "city: Springfield, region: IL, postal_code: '62701', country: US}}")


def more(dns, addresses=ADDRESSES):
    return f"preflight: {{{{resolver: '127.0.0.1:{dns.port}', {addresses}}}}}\nbackup: {{{{directory: {{folder}}/copies}}}}"


def fly(s, **body):
    result = s.expect(s.call("POST", "/v1/preflight", "operator", body, timeout=90), 200).json
    return result, {(c["check"], c["subject"]): c for c in result["checks"]}


def state(checks, name, subject=None):
    found = [c["state"] for (check, what), c in checks.items() if check == name and (subject is None or subject in what)]
    assert found, (name, subject, list(checks))
    return found[0] if len(found) == 1 else found


def system(dns, **options):
    s = System(**{"more": more(dns), "sms": "twilio", **options})
    (s.folder / "copies").mkdir()
    return s


# A service that is ready is not said to be, or the test messages do not go out, when this fails.
def ready():
    dns = DnsStub(GOOD)
    try:
        with system(dns, signed=True) as s:
            assert s.call("GET", "/v1/preflight", "operator").status == 404
            assert s.call("POST", "/v1/preflight", "responder", {}).status == 403
            assert s.call("POST", "/v1/preflight", "operator", {"message": True}).status == 400
            s.expect(s.call("POST", "/v1/backups", "operator", {}), 201)
            result, checks = fly(s)
            for name in ("clock", "key", "log", "spf", "dmarc", "ptr", "channel", "reach", "callback"):
                states = state(checks, name)
                states = [states] if isinstance(states, str) else states
                assert set(states) == {"ok"}, (name, checks)
            assert state(checks, "callback", "twilio") == state(checks, "callback", "lob") == "ok"
            assert "signed report came back" in checks[("callback", "sms/twilio")]["sentence"]
            assert state(checks, "backup") == "warning", "none is made by itself"
            assert state(checks, "dkim") == "not_checked"
            for channel in ("email/", "sms/", "postal/"):
                assert state(checks, "message", channel) == "ok", checks
            assert state(checks, "message", "banner/") == "not_checked"
            assert result["counts"]["failed"] == 0 and result["state"] == "warning", result
            mails = list((s.folder / "mails").glob("*"))
            assert mails and any(b"Test message" in m.read_bytes() for m in mails), mails
            vendors = [json.loads(l)["vendor"] for l in (s.folder / "ledger.ndjson").read_text().splitlines()]
            assert sorted(vendors) == ["lob", "twilio"], vendors
            assert "preflight@post.example" not in json.dumps(result) + s.log_bytes().decode()
            assert s.expect(s.call("GET", "/v1/preflight", "compliance"), 200).json == result
            metrics = s.call("GET", "/metrics").body.decode()
            assert "tocsin_preflight_failed 0" in metrics and "tocsin_preflight_timestamp_seconds 1" in metrics
            text = s.cli("operator", "preflight", "--no-messages").stdout
            assert "spf" in text and "not checked" in text, text
            assert len(list((s.folder / "mails").glob("*"))) == len(mails), "--no-messages sent mail"
    finally:
        dns.close()


# What would stop the night passes for ready when this fails.
def wanting():
    dns = DnsStub({("TXT", "example.org"): ["v=spf1 +all"], ("TXT", "_dmarc.example.org"): ["v=DMARC1; p=none"],
                   ("A", "example.org"): ["192.0.2.7"], ("PTR", "7.2.0.192.in-addr.arpa"): ["pool-7.example.net"]})
    try:
        with system(dns) as s:
            s.stop_sink()
            (s.folder / "secrets/master.key").rename(s.folder / "secrets/lost.key")
            _, checks = fly(s, messages=False)
            assert state(checks, "spf") == "failed" and state(checks, "dmarc") == "warning", checks
            assert state(checks, "ptr") == "warning" and state(checks, "reach", "smtp") == "failed", checks
            assert state(checks, "key", "master") == "failed" and state(checks, "key", "log") == "warning", checks
            assert state(checks, "backup") == "failed", checks
            assert not any(check == "message" for check, _ in checks)
            answer = s.cli("operator", "preflight", "--no-messages", ok=False)
            assert answer.returncode == 1 and "failed" in answer.stdout, answer
            answer = s.cli("operator", "preflight", "--last", "--json", ok=False)
            assert answer.returncode == 1 and json.loads(answer.stdout)["state"] == "failed"
            (s.folder / "secrets/lost.key").rename(s.folder / "secrets/master.key")
    finally:
        dns.close()


class Nobody(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_):
        pass


# A public URL that leads elsewhere, or a DNS that says nothing, passes for checked when this fails.
def elsewhere():
    dns = DnsStub({}, silent=True)
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nobody)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        with system(dns) as s:
            s.stop()
            text = s.config_path.read_text()
            s.config_path.write_text(text.replace(f"public_url: {s.url}",
                                                  f"public_url: http://127.0.0.1:{other.server_port}"))
            s.start()
            _, checks = fly(s, messages=False)
            assert state(checks, "callback", "twilio") == "failed" == state(checks, "callback", "lob"), checks
            for name in ("spf", "dmarc", "ptr"):
                assert state(checks, name) == "not_checked", checks
    finally:
        other.shutdown()
        dns.close()


class Secure:
    """A TLS server with a certificate of its own for 127.0.0.1; as a relay it begins with STARTTLS."""

    def __init__(self, folder, name, days, relay):
        self.file, self.relay, self.open = folder / f"{name}.pem", relay, True
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        str(days), "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.file,
                        "-out", folder / f"{name}.crt"], check=True, capture_output=True)
        self.ca = folder / f"{name}.crt"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.ca, self.file)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.open:
            try:
                line, _ = self.socket.accept()
            except socket.timeout:
                continue
            try:
                line.settimeout(5)
                self.speak(line)
            except OSError:
                pass
            line.close()

    def speak(self, line):
        if self.relay:
            line.sendall(b"220 relay\r\n")
            line.recv(999)
            line.sendall(b"250-relay\r\n250 STARTTLS\r\n")
            line.recv(999)
            line.sendall(b"220 go\r\n")
        with self.context.wrap_socket(line, server_side=True) as tls:
            tls.recv(999)
            if not self.relay:
                date = email.utils.formatdate(usegmt=True)
                tls.sendall(f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())

    def close(self):
        self.open = False
        self.thread.join(10)
        self.socket.close()


# A certificate that ends during the night, or that nobody trusts, passes for good when this fails.
def certificates():
    dns = DnsStub(GOOD)
    servers = []
    try:
        with system(dns) as s:
            for name, days, relay in (("long", 100, True), ("short", 10, True), ("over", 1, True), ("strange", 100, False)):
                servers.append(Secure(s.folder, name, days, relay))
            *relays, strange = servers
            s.stop()
            text = s.config_path.read_text()
            rows = ", ".join(f"{{name: r{i}, host: 127.0.0.1, port: {r.port}, starttls: required, ca_file: {r.ca}}}"
                             for i, r in enumerate(relays))
            old = f'{{name: sink, host: 127.0.0.1, port: {s.smtp_port}, starttls: "off", sessions: 4}}'
            assert old in text
            text = text.replace(old, rows).replace(f"base_url: http://127.0.0.1:{s.sim_port}",
                                                   f"base_url: https://127.0.0.1:{strange.port}", 1)
            s.config_path.write_text(text)
            s.start()
            _, checks = fly(s, messages=False)
            for server, wanted in zip(servers, ("ok", "warning", "failed", "failed")):
                assert state(checks, "certificate", f":{server.port}") == wanted, (wanted, checks)
                assert state(checks, "reach", f":{server.port}") == "ok", checks
            assert "not trusted" in checks[("certificate", f"twilio 127.0.0.1:{strange.port}")]["sentence"]
    finally:
        for server in servers:
            server.close()
        dns.close()


if __name__ == "__main__":
    main({"ready": ready, "wanting": wanting, "elsewhere": elsewhere, "certificates": certificates})
