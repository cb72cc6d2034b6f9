"""Who outside vouches for the log of a running tocsind: python3 test_anchor.py timestamp|mail"""
import base64
import email
import email.policy
import json
import shutil
import subprocess
import sys
import tarfile

from rig import BUILD, Rig, SOURCE, wait_for

sys.path.insert(0, str(SOURCE / "tests/support"))
from tsa import Tsa  # noqa: E402


def reasons(rig):
    return " ".join(json.loads(rig.call("GET", "/readyz")[1])["reasons"])


def metric(rig, name):
    for line in rig.call("GET", "/metrics", "admin")[1].decode().splitlines():
        if line.startswith(name + " "):
            return int(line.split()[-1])
    return None


def archive_lines(path, name):
    with tarfile.open(path) as tar:
        for member in tar:
            if member.name.endswith(name):
                return [json.loads(line) for line in tar.extractfile(member)]
    return []


# A log could be rewritten years later and nobody could show what it had been on a day that counts; or an authority that
# is silent, or lies, would go unnoticed.
def timestamp():
    with Rig() as rig:
        tsa = Tsa(rig.folder / "tsa").start()
        rig.add_config(f"  timestamps:\n    - {{url: '{tsa.url}', ca_file: '{rig.folder}/tsa/ca.pem', interval: 2s}}")
        tsa.mode("down")
        rig.restart()
        late = 'tocsin_log_anchor_late{kind="timestamp"}'
        wait_for("red while it is silent", lambda: "timestamp authority" in reasons(rig), 30)
        assert metric(rig, late) == 1 and metric(rig, 'tocsin_log_anchors{kind="timestamp"}') == 1
        incident = rig.incident(10)
        rig.settle()
        rig.tocsin("evidence", incident, "-o", "red.tar.gz", role="compliance")
        assert "missing is the timestamp" in rig.tocsin("verify", "red.tar.gz", "--key", rig.vkey)
        for lie in ("foreign", "other", "refuse"):
            tsa.mode(lie)
            seen = tsa.requests
            rig.restart()  # asks at once
            wait_for(f"a question to the {lie} authority", lambda: tsa.requests > seen, 30)
            wait_for("red", lambda: "timestamp authority" in reasons(rig), 30)
            assert metric(rig, late) == 1 and metric(rig, 'tocsin_log_anchored_size{kind="timestamp"}') == 0, lie
        tsa.mode("good")
        rig.restart()
        wait_for("a timestamp", lambda: metric(rig, 'tocsin_log_anchored_size{kind="timestamp"}'), 30)
        wait_for("green again", lambda: metric(rig, late) == 0, 30)
        rig.incident(5)
        rig.settle()
        wait_for("a second timestamp", lambda: tsa.requests and metric(
            rig, 'tocsin_log_anchored_size{kind="timestamp"}') == rig.size(), 30)
        rig.tocsin("evidence", incident, "-o", "good.tar.gz", role="compliance")
        rig.stop()
        tsa.stop()
        # From here on without any server: ours, and openssl by hand.
        said = rig.tocsin("verify", "good.tar.gz", "--key", rig.vkey, "--tsa", "tsa/ca.pem")
        assert "timestamps hold" in said and "NOTE" not in said, said
        assert "were not checked" in rig.tocsin("verify", "good.tar.gz", "--key", rig.vkey)
        said = rig.tocsin("verify", "good.tar.gz", "--key", rig.vkey, "--tsa", "tsa/foreign-ca.pem", code=1)
        assert "anchors.ndjson" in said and "certificate" in said, said
        lines = archive_lines(rig.folder / "good.tar.gz", "log/anchors.ndjson")
        assert len(lines) >= 2
        for line in lines:
            (rig.folder / "note").write_text(line["note"])
            (rig.folder / "token").write_bytes(base64.b64decode(line["token"]))
            subprocess.run(["openssl", "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "tsa/ca.pem"],
                           cwd=rig.folder, check=True, capture_output=True)
    return 0


# An auditor who asked for the log's state by mail would not have it when it counts, and nobody would know.
def mail():
    with Rig() as rig:
        box = rig.folder / "mails"
        box.mkdir()
        sink = lambda port: subprocess.Popen([BUILD / "tests/support/mail_sink/mail_sink", "--port", str(port), "--dir", box, "--stdin"], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, text=True)
        first = sink(0)
        port = int(first.stdout.readline().split()[1])
        rig.add_config("  mail:\n    - {to: auditor@example.org, interval: 2s}", channel=f"""
    provider: smtp
    smtp:
      relays: [{{name: relay1, host: 127.0.0.1, port: {port}, starttls: off}}]
      from: {{name: Example, address: notices@example.org}}
      envelope: from
""")
        rig.restart()
        got = lambda: sorted(box.glob("*.eml"))
        wait_for("a mail", got, 30)
        message = email.message_from_bytes(got()[0].read_bytes(), policy=email.policy.default)
        assert "auditor@example.org" in message["To"] and "Checkpoint of" in message["Subject"], message["Subject"]
        body = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        checkpoint = body.split("-----8<-----\n")[1]
        (rig.folder / "kept").write_bytes(checkpoint.encode().replace(b"\n", b"\r\n"))  # as mail programs save it
        # The relay is away: red, then the next checkpoint comes all the same.
        first.terminate()
        first.wait()
        rig.mint_later()
        wait_for("red while the relay is away", lambda: "mailed to the auditor" in reasons(rig), 30)
        shutil.rmtree(box)
        box.mkdir()
        second = sink(port)
        second.stdout.readline()
        wait_for("a mail after the outage", got, 90)
        wait_for("green again", lambda: metric(rig, 'tocsin_log_anchor_late{kind="mail"}') == 0, 30)
        # What was mailed is what it is for: it shows whether the log was cut.
        rig.tocsin("verify", "--key", rig.vkey, "--tiles-only", "--from", "kept")
        rig.stop()
        second.terminate()
        second.wait()
        assert "auditor" not in (rig.folder / "daemon.log").read_text()
    return 0


if __name__ == "__main__":
    sys.exit({"timestamp": timestamp, "mail": mail}[sys.argv[1]]())
