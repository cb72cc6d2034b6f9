#!/usr/bin/env python3
"""synthesise.py N FILE: an archive of evidence with N receipts in one signed log (openings of all of them, N / 4 people),
made without our code, as the format is written down. Prints the verifier key."""
import base64
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

sha = lambda data: hashlib.sha256(data).digest()  # noqa: E731
ORIGIN = "bench.example.org/log"
canonical = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode()  # noqa: E731


class Key:
    """Ed25519 by OpenSSL's command."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.file], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.public = b"\x01" + der[-32:]
        self.id = sha(ORIGIN.encode() + b"\n" + self.public)[:4]
        self.vkey = f"{ORIGIN}+{self.id.hex()}+{base64.b64encode(self.public).decode()}"

    def note(self, text):
        message = self.file.with_name("message")
        message.write_bytes(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", message],
                                   check=True, capture_output=True).stdout
        return text + b"\n" + f"\u2014 {ORIGIN} ".encode() + base64.b64encode(self.id + signature) + b"\n"


class Lines:
    def __init__(self, folder, name):
        self.name, self.path = name, pathlib.Path(folder) / name
        self.file, self.hash, self.size = open(self.path, "wb"), hashlib.sha256(), 0

    def add(self, data):
        self.file.write(data)
        self.hash.update(data)
        self.size += len(data)


def root_of(hashes):
    while len(hashes) > 1:
        level = [sha(b"\x01" + hashes[i] + hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = level + (hashes[-1:] if len(hashes) % 2 else [])
    return hashes[0]


def receipts(n, folder):
    rows, openings, table, hashes = (Lines(folder, "receipts.ndjson"), Lines(folder, "openings.ndjson"),
                                     Lines(folder, "receipts.csv"), [])
    members = ("kind", "event", "day", "incident", "wave", "channel", "attempt", "outcome", "evidence", "status", "code", "reason",
               "actor", "person", "notice", "facts")
    table.add(",".join(("receipt_id", "log_index") + members).encode() + b"\r\n")
    for i in range(n):
        attempt, number = i % 4 != 3, i // 4
        salt = sha(b"salt%d" % i)
        details = (b'{"address":"person%d@post.example","at":"2026-05-12T08:%02d:00.000Z","number":%d,"provider":"relay1",'
                   b'"provider_ref":"4XkQ2h%08d","recipient_id":"r%07d"' % (number, i % 60, number, i, number))
        person = sha(salt + details + b"}").hex().encode()
        if i == 0:
            leaf = b'{"day":"2026-05-12","facts":{"accepted":%d,"duplicates":0,"rejected":0},"incident":"inc_0000000000001",' \
                   b'"kind":"roster_accepted","person":"%s","v":1}' % (n // 4, person)
        elif attempt:
            leaf = (b'{"attempt":1,"channel":"email","code":250,"day":"2026-05-12","event":"http://uri.etsi.org/19522/Event/'
                    b'RelayToNonERDS","evidence":"accepted","incident":"inc_0000000000001","kind":"attempt","notice":"%s",'
                    b'"outcome":"accepted","person":"%s","status":"2.0.0","v":1,"wave":1}' % (person[::-1], person))
        else:
            leaf = (b'{"channel":"email","day":"2026-05-13","incident":"inc_0000000000001","kind":"told","person":"%s",'
                    b'"v":1,"wave":1}' % person)
        hashes.append(sha(b"\x00" + leaf))
        receipt = b"rct_%013d.%d" % (i // 500, i % 500)
        rows.add(b'{"index":%d,"leaf":%s,"receipt":"%s"}\n' % (i, leaf, receipt))
        openings.add(b'{"details":%s,"salt":"%s"},"line":%d,"receipt":"%s"}\n'
                     % (details, salt.hex().encode(), i + 1, receipt))
        values = json.loads(leaf)
        values["facts"] = json.dumps(values["facts"], separators=(",", ":")) if "facts" in values else ""
        cells = [str(values.get(member, "")) for member in members]
        table.add(b"%s,%d," % (receipt, i) + ",".join('"' + c.replace('"', '""') + '"' if '"' in c else c for c in cells).encode()
                  + b"\r\n")
    return [rows, openings, table], root_of(hashes)


def people(n, folder):
    lines = Lines(folder, "people.ndjson")
    for i in range(n):
        lines.add(b'{"channel":"email","evidence":"accepted","jurisdiction":"US-CA","locale":"en","number":%d,"reason":null,'
                  b'"recipient_id":"r%07d","rerendered":"same","rungs":[{"beside":false,"channel":"email","notice":"%s",'
                  b'"passed_on":false,"rung":0,"state":"accepted","told":true,"wave":1}],"state":"told"}\n'
                  % (i, i, b"ab" * 32))
    return lines


def summary(n):
    told, attempts = n // 4, n - n // 4 - 1
    return {"rows": {"accepted": told, "duplicates": 0, "rejected": 0}, "people": {"told": told},
            "told_by": {"email": {"accepted": told}}, "reasons": {}, "jurisdictions": {"US-CA": {"told": told}},
            "receipts": {"attempt": attempts, "roster_accepted": 1, "told": told},
            "attempts": {"email": {"accepted": attempts}},
            "days": {"2026-05-12": {"receipts": attempts + 1, "attempts": attempts},
                     "2026-05-13": {"receipts": told, "told": told}},
            "rerendered": {"same": told}, "adds_up": True}


def main():
    n, out = int(sys.argv[1]) // 4 * 4, sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        key = Key(folder)
        made, root = receipts(n, folder)
        made.append(people(n // 4, folder))
        small = {"summary.json": canonical(summary(n)) + b"\n", "log/nodes.ndjson": b"", "log/key": key.vkey.encode() + b"\n",
                 "log/checkpoint": key.note(f"{ORIGIN}\n{n}\n{base64.b64encode(root).decode()}\n".encode())}
        files = [{"name": f.name, "sha256": f.hash.hexdigest(), "size": f.size} for f in made]
        files += [{"name": k, "sha256": sha(v).hex(), "size": len(v)} for k, v in small.items()]
        manifest = canonical({
            "schema": "tocsin-evidence/1", "incident": "inc_0000000000001", "made_at": "2026-05-20T00:00:00.000Z",
            "files": files, "counts": {"openings": n, "people": n // 4, "receipts": n},
            "openings": {"included": True}, "log": {"receipts_outside": 0, "root": root.hex(), "size": n},
            "rerendered": {"different": 0}, "erased": False, "signed": True}) + b"\n"
        note = key.note(f"tocsin-evidence/1\ninc_0000000000001\n{sha(manifest).hex()}\n".encode())
        with gzip.open(out, "wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
            for name, data in {"manifest.json": manifest, "manifest.note": note, **small}.items():
                info = tarfile.TarInfo("evidence/" + name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            for lines in made:
                lines.file.close()
                tar.add(lines.path, "evidence/" + lines.name)
        print(key.vkey)


main()
