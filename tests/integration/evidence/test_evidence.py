"""test_evidence.py [NAME]: an export of a real daemon, checked by `tocsin verify`, whole and with one bit changed."""
import base64
import csv
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from rig import BUILD, TOCSIN, System, main, person  # noqa: E402


class Signed(System):
    """With a log that signs."""

    def write_config(self):
        super().write_config()
        key = self.folder / "secrets/log.key"
        made = subprocess.run([TOCSIN, "log", "keygen", key, "--name", "notify.example.org/log"], check=True,
                              capture_output=True, text=True)
        self.vkey = made.stdout.strip().splitlines()[-1]
        text = self.config_path.read_text()
        assert "log: {level:" in text
        self.config_path.write_text(
            re.sub(r"log: {level: (\w+)}", rf"log: {{level: \1, origin: notify.example.org/log, key_file: {key}}}", text))


def everybody(n):
    people = []
    for i in range(n):
        p = person(i, "email", "sms", "post")
        if i % 10 == 1:
            p["email"] = f"perm-fail+{i}@post.example"
        elif i % 10 == 2:
            p = person(i)
        if i % 7 == 3:
            p["jurisdiction"] = "US-CA"
        people.append(p)
    people[0]["recipient_id"] = "=1+2|r0"  # a spreadsheet would run it
    return people


def export(s, role, path, name):
    out = s.folder / name
    s.cli(role, "evidence", path.rsplit("/", 1)[1], "-o", out)
    return out


def verify(archive, *more):
    done = subprocess.run([TOCSIN, "verify", archive, *more], capture_output=True, text=True,
                          env={**os.environ, "TOCSIN_URL": "http://127.0.0.1:9"})
    return done.returncode, done.stdout, done.stderr


def unpack(archive):
    with tarfile.open(archive) as tar:
        return {m.name.split("/", 1)[1]: tar.extractfile(m).read() for m in tar.getmembers()}


def pack(files, archive):
    with gzip.open(archive, "wb", compresslevel=1) as out, tarfile.open(fileobj=out, mode="w|") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo("evidence/" + name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return archive


def flip(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def lines(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def text_of_pdf(data):
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, check=True, capture_output=True).stdout.decode()


# An auditor would get an archive that lacks something, or does not add up, when this fails.
def whole():
    with Signed(retry_limit=3, wait={"sms": "3s"}) as s:
        people = everybody(1000)
        path = s.incident(people)
        s.wait_settled(path, 120)
        archive = export(s, "compliance", path, "all.tar.gz")
        code, out, err = verify(archive, "--key", s.vkey)
        assert code == 0, (out, err)
        assert "checkpoint is signed" in out and "NOTE" not in out, out
        contents(s, unpack(archive), people)
        one(archive, people)
        without(s, path)
        pathlib.Path(os.environ.get("KEEP_ARCHIVE", "/dev/null")).write_bytes(archive.read_bytes())
        tampering(s, archive)


def contents(s, files, people):
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        data = files[entry["name"]]
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["size"], entry["sha256"]), entry["name"]
    for name in ("README.txt", "incident.json", "notices/en.md", "approvals.json", "summary.html", "summary.pdf",
                 "declaration.html", "declaration.pdf", "log/checkpoint", "log/key", "manifest.note"):
        assert files[name], name
    told = [p for p in lines(files["people.ndjson"]) if p["state"] == "told"]
    assert len(lines(files["people.ndjson"])) == len(people) and len(told) == 900, len(told)
    assert manifest["rerendered"] == {"same": 900, "different": 0, "erased": 0, "unknown": 0, "different_people": []}
    rows = list(csv.DictReader(io.StringIO(files["receipts.csv"].decode())))
    assert len(rows) == manifest["counts"]["receipts"] == len(lines(files["receipts.ndjson"]))
    assert any(r["recipient_id"] == "'=1+2|r0" for r in rows), "a formula is not guarded"
    approved = [d for d in json.loads(files["approvals.json"]) if d["action"] == "approved"]
    assert approved and approved[0]["name"] and approved[0]["leaf"]["facts"]["hash"], approved
    summary, declaration = text_of_pdf(files["summary.pdf"]), text_of_pdf(files["declaration.pdf"])
    assert "Every line adds up." in summary and "1,000" in summary and "US-CA" in summary, summary
    assert "under penalty" in declaration.lower() and "PS Form 3665" in declaration, declaration
    assert b"<svg" in files["summary.html"]


# A person's question "was I told?" would have no answer that the archive proves when this fails.
def one(archive, people):
    code, out, err = verify(archive, "--recipient", people[5]["recipient_id"])
    assert code == 0 and "is told over email" in out and people[5]["email"] in out and "of the log" in out, (out, err)
    code, out, err = verify(archive, "--recipient", "nobody-of-this-name")
    assert code == 1 and "nobody of this id" in err, err


# A role that may not read personal details would get them with the archive when this fails.
def without(s, path):
    archive = export(s, "responder", path, "some.tar.gz")
    code, out, err = verify(archive, "--key", s.vkey)
    assert code == 0, (out, err)
    files = unpack(archive)
    assert "openings.ndjson" not in files and not json.loads(files["manifest.json"])["openings"]["included"]
    blob = b"".join(files.values())
    for secret in (b"post.example", b"Lantern Street", b"recipient_id\":\"r0", b"+1201555"):
        assert secret not in blob, secret
    code, out, err = verify(archive, "--recipient", "r00005")
    assert code == 1 and "no openings" in err, err
    exported = [d for d in json.loads(unpack(export(s, "admin" if "admin" in s.tokens else "compliance", path, "later.tar.gz"))
                ["approvals.json"]) if d["action"] == "exported"]
    assert len(exported) >= 3 and not exported[1]["leaf"]["facts"]["openings"], exported


# A changed archive would pass for whole when this fails.
def tampering(s, archive):
    files, bad = unpack(archive), s.folder / "bad.tar.gz"
    raw = archive.read_bytes()
    for size in [0, 1, 20, *random.sample(range(len(raw)), 20), len(raw) - 1]:
        bad.write_bytes(raw[:size])
        code, out, err = verify(bad)
        assert code in (1, 2) and err, (size, code, out, err)  # 2: too short even for an archive's first bytes
    for name in files:
        for bit in random.sample(range(len(files[name]) * 8), 3):
            code, out, err = verify(pack({**files, name: flip(files[name], bit)}, bad))
            assert code == 1 and "NOT VERIFIED" in err, (name, bit, out, err)
    for name in files:
        code, out, err = verify(pack({n: d for n, d in files.items() if n != name}, bad))
        assert code == 1, (name, out, err)
    code, out, err = verify(pack({**files, "more.txt": b"x"}, bad))
    assert code == 1 and "more.txt" in err, err
    forged(s, files, bad)


def resealed(files):
    """As a forger without the key would: hashes made anew, the signature dropped."""
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        data = files[entry["name"]]
        entry.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())
    manifest["signed"] = False
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    note = f"tocsin-evidence/1\n{manifest['incident']}\n{hashlib.sha256(text).hexdigest()}\n".encode()
    files = {n: d for n, d in files.items() if n != "manifest.note"}
    return {**files, "manifest.json": text, "manifest.sha256": note}


# Somebody who makes the manifest anew could change what was said or leave people out when this fails.
def forged(s, files, bad):
    code, out, err = verify(pack(resealed(files), bad), "--key", s.vkey)
    assert code == 1 and "not signed" in err, err
    for old, new in ((b",attempt,", b",evidence,"), (b"\r\nrct_", b"\r\nrct_0"), (b",US-CA", b",US-TX"), (b",accepted,", b",delivered,")):
        if old in files["receipts.csv"]:  # the table for people says something else than the lines that are proved
            table = files["receipts.csv"].replace(old, new, 1)
            code, out, err = verify(pack(resealed({**files, "receipts.csv": table}), bad))
            assert code == 1 and "receipts.csv" in err, (old, err)
    rows = files["receipts.ndjson"].splitlines(keepends=True)
    people = files["people.ndjson"].splitlines(keepends=True)
    openings = files["openings.ndjson"].splitlines(keepends=True)
    attempt = next(i for i, r in enumerate(rows) if b'"outcome":"accepted"' in r)
    opening = next(i for i, r in enumerate(openings) if b"post.example" in r)
    gone = next(p for p in people if b'"state":"unreachable"}' in p)
    table, day = list(csv.reader(io.StringIO(files["receipts.csv"].decode(), newline=""))), lines(rows[0])[0]["leaf"]["day"]

    def rewritten(some):  # a forger keeps the table in step
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerows(some)
        return out.getvalue().encode()

    changes = {
        "tree": {"receipts.ndjson": b"".join(rows).replace(b'"day":"20', b'"day":"19', 1), "receipts.csv": rewritten(
            [table[0], [cell.replace(day, "19" + day[2:]) if cell == day else cell for cell in table[1]], *table[2:]])},
        "does not open": {"openings.ndjson": b"".join(openings[:opening] + [openings[opening].replace(b"post.", b"past.")]
                                                      + openings[opening + 1:])},
        "add up to": {"people.ndjson": b"".join(people).replace(b'"state":"unreachable"}\n', b'"state":"withheld"}\n', 1)},
        "other receipts, openings or people": {"people.ndjson": b"".join(people[:-1])},
        "counted as told": {"people.ndjson": b"".join(people).replace(
            gone, gone.replace(b'"channel":null,"evidence":null', b'"channel":"email","evidence":"accepted"')
            .replace(b'"state":"unreachable"}', b'"state":"told"}'), 1)},
        "digest": {"notices/en.md": files["notices/en.md"] + b"x"},
        "hole": {"receipts.ndjson": b"".join(rows[:attempt] + rows[attempt + 1:]), "openings.ndjson": b"",
                 "receipts.csv": rewritten(table[:attempt + 1] + table[attempt + 2:])},
    }
    for wanted, change in changes.items():
        code, out, err = verify(pack(resealed({**files, **change}), bad))
        assert code == 1, (wanted, out)
        assert wanted in err, (wanted, err)


# A changed bit somewhere would go unseen when this fails; with and without a signature.
def flips():
    for kind in (Signed, System):
        with kind(retry_limit=3, wait={"sms": "3s"}) as s:
            path = s.incident(everybody(12))
            s.wait_settled(path, 60)
            archive = export(s, "compliance", path, "few.tar.gz")
            done = subprocess.run([BUILD / "tests/integration/evidence/audit_flips", archive, "2500",
                                   str(random.randrange(1 << 31))], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr


# What is left of an erased person or incident could not be checked any more, or would still name the person, when this fails.
def erased():
    with Signed(retry_limit=3, wait={"sms": "3s"}) as s:
        people = everybody(40)
        path = s.incident(people)
        s.wait_settled(path, 60)
        incident, gone = path.rsplit("/", 1)[1], people[7]
        body = {"incident": incident, "recipient_id": gone["recipient_id"], "basis": "gdpr-17-1-b"}
        s.expect(s.call("POST", "/v1/recipients/erasures", "compliance", body), 200)
        archive = export(s, "compliance", path, "person.tar.gz")
        code, out, err = verify(archive, "--key", s.vkey)
        assert code == 0, (out, err)
        files = unpack(archive)
        assert json.loads(files["manifest.json"])["rerendered"]["erased"] == 1
        for secret in (gone["email"], gone["recipient_id"], gone["address"]["line1"]):
            assert f'"{secret}"'.encode() not in b"".join(files.values()), secret
        code, out, err = verify(archive, "--recipient", gone["recipient_id"])
        assert code == 1 and "erased" in err, err
        s.expect(s.call("POST", path + "/erasure", "compliance", {"basis": "gdpr-5-1-e"}), 200)
        archive = export(s, "compliance", path, "incident.tar.gz")
        code, out, err = verify(archive, "--key", s.vkey)
        assert code == 0, (out, err)
        manifest = json.loads(unpack(archive)["manifest.json"])
        assert manifest["erased"] and manifest["counts"]["people"] == 0 and manifest["counts"]["receipts"] > 40


# A client that goes away in the middle would leave work or memory behind when this fails (the daemon ends with code 0 only
# when nothing leaked); so would an export of nothing, of nobody's incident, or one that is under way while people are told.
def interrupted():
    with Signed(retry_limit=3, wait={"sms": "3s"}) as s:
        path = s.incident(everybody(400))
        early = export(s, "compliance", path, "early.tar.gz")  # while it is sent
        code, out, err = verify(early, "--key", s.vkey)
        assert code == 0, (out, err)
        draft = s.incident(everybody(20), release=False)
        code, out, err = verify(export(s, "operator", draft, "draft.tar.gz"))
        assert code == 0 and "20 people" in out, (out, err)
        empty = s.incident((), release=False)
        code, out, err = verify(export(s, "operator", empty, "empty.tar.gz"))
        assert code == 0 and "0 people" in out, (out, err)
        assert s.call("GET", "/v1/incidents/inc_0000000000001/evidence", "compliance").status == 404
        assert s.call("GET", path + "/evidence", "approver").status == 403
        s.wait_settled(path, 60)
        for wait in (0, 0.01, 0.05, 0.2, 0.6, 1.2):
            with socket.create_connection(("127.0.0.1", s.port)) as c:
                c.sendall(f"GET {path}/evidence HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {s.tokens['compliance']}\r\n\r\n"
                          .encode())
                time.sleep(wait)
        code, out, err = verify(export(s, "compliance", path, "late.tar.gz"), "--key", s.vkey)
        assert code == 0, (out, err)
        with socket.create_connection(("127.0.0.1", s.port)) as c:  # and one under way when the daemon ends
            c.sendall(f"GET {path}/evidence HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {s.tokens['compliance']}\r\n\r\n".encode())
            time.sleep(0.02)
            assert s.stop() == 0


def part(s, path, number, people):
    rows = "".join(json.dumps(p) + "\n" for p in people).encode()
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(rows).digest()).decode() + ":"
    s.expect(s.call("PUT", f"{path}/recipients/parts/{number}", "responder", rows,
                    {"Content-Type": "application/x-ndjson", "Content-Digest": digest}), 201)


# People behind parts that were never committed (a hole in the roster) would be told and exported twice when this fails.
def hole():
    with Signed(retry_limit=3, log_level="info") as s:
        path = s.incident((), release=False)
        part(s, path, 1, [person(i, "email") for i in range(1280)])
        s.upload(path, [person(i, "email") for i in range(1280, 9000)])
        s.release(path)
        count = s.wait_settled(path, 120)["waves"][0]["people"]
        assert count["planned"] == count["told"] == 7720, count
        archive = export(s, "compliance", path, "hole.tar.gz")
        code, out, err = verify(archive, "--key", s.vkey)
        assert code == 0 and "7720 people" in out and "never committed" in out, (out, err)
        assert all(len(p["rungs"]) == 1 for p in lines(unpack(archive)["people.ndjson"]))


# Nobody could tell whether people behind a part were left out, when parts look like whole uploads.
def parts():
    with Signed(retry_limit=3) as s:
        path = s.incident((), release=False)
        for number in (1, 2):
            part(s, path, number, [person(i, "email") for i in range(number * 100, number * 100 + 60)])
        s.expect(s.call("POST", f"{path}/recipients/commit", "responder", {"parts": 2}), 200)
        s.upload(path, [person(i, "email") for i in range(500, 530)])
        part(s, path, 3, [person(i, "email") for i in range(600, 607)])  # stored, never committed
        s.release(path)
        s.wait_settled(path, 120)
        archive = export(s, "compliance", path, "parts.tar.gz")
        code, out, err = verify(archive, "--key", s.vkey)
        assert code == 0 and "150 people" in out and "parts with 7 people were uploaded and never committed" in out, (out, err)
        leaves = [line["leaf"] for line in lines(unpack(archive)["receipts.ndjson"]) if line["leaf"]["kind"] == "roster_accepted"]
        assert [leaf["facts"].get("part") for leaf in leaves] == [1, 2, None, None, 3], leaves
        # One person fewer than the roster's receipts say: exactly that is found.
        files, bad = unpack(archive), s.folder / "fewer.tar.gz"
        code, out, err = verify(pack(resealed({**files, "people.ndjson": files["people.ndjson"].split(b"\n", 1)[1]}), bad))
        assert code == 1, out


if __name__ == "__main__":
    main({"parts": parts, "whole": whole, "flips": flips, "erased": erased, "interrupted": interrupted, "hole": hole})
