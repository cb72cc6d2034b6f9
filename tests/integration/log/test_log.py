"""The log of a running tocsind, as strangers see it: python3 test_log.py others|sigstore|served|verify|files|kill|witness"""
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from rig import BUILD, PERSON, Rig, SOURCE, TITLE, WITNESS, wait_for

SKIP = 77  # CTest's SKIP_RETURN_CODE


def find_go():
    go = shutil.which("go") or next((p for p in ("/usr/local/go/bin/go", "/usr/lib/go/bin/go") if os.path.exists(p)), None)
    return go if go and os.path.isdir("/usr/share/gocode/src/golang.org/x/mod/sumdb") else None


def go_check(rig, vkey, first, ids=()):
    """Go's sumdb over the whole log; nothing where Go is not."""
    go = find_go()
    if not go:
        return ""
    done = subprocess.run([go, "run", SOURCE / "tests/integration/log/check.go", f"http://127.0.0.1:{rig.port}", vkey,
                           rig.tokens["compliance"], str(first), *ids],
                          env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOTOOLCHAIN": "local",
                               "GOCACHE": str(BUILD / "go-cache")}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# Third-party code that refuses our log would make every promise about strangers void.
def others():
    if not find_go():
        print("skipped: Go or Debian's golang-golang-x-mod-dev is not here")
        return SKIP
    with Rig() as rig:
        first = wait_for("a checkpoint", rig.size)
        incident = rig.incident(600)
        assert rig.settle() > 600
        ids = [r["receipt_id"] for r in rig.receipts(incident)]
        rig.settle()
        print("verified by Go's sumdb:", go_check(rig, rig.vkey, first, ids[::40]))
    return 0


# JavaScript's would be the only ones to disagree with us; or our notes would be readable by our own tools alone.
def sigstore():
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print("skipped: node or npm is not here")
        return SKIP
    folder = BUILD / "sigstore"
    folder.mkdir(exist_ok=True)
    if not (folder / "node_modules/@sigstore/verify").is_dir():
        try:
            subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
                            "@sigstore/verify@3.1.1"], check=True, capture_output=True, timeout=90)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            print("skipped: npm's registry is not reached from here, so there is no @sigstore/verify")
            return SKIP
    with Rig() as rig:
        incident = rig.incident(300)
        rig.settle()
        ids = [r["receipt_id"] for r in rig.receipts(incident)]
        rig.settle()
        done = subprocess.run([node, SOURCE / "tests/integration/log/sigstore.mjs", folder, f"http://127.0.0.1:{rig.port}",
                               rig.vkey, rig.tokens["compliance"], *ids[::29]], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        print("verified:", done.stdout.strip())
    return 0


# A client that follows the specification would not find what it looks for, or be told what is not its business.
def served():
    with Rig() as rig:
        incident = rig.incident(300)
        size = rig.settle()
        status, text, headers = rig.call("GET", "/log/checkpoint")
        assert status == 200 and headers["Content-Type"] == "text/plain; charset=utf-8"
        assert headers["Cache-Control"] == "max-age=1"
        status, tile, headers = rig.call("GET", "/log/tile/0/000")
        assert status == 200 and len(tile) == 8192 and headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in headers["Cache-Control"]
        assert rig.call("GET", f"/log/tile/0/001.p/{size - 256}")[0] == 200
        assert rig.call("GET", "/log/tile/0/000.p/7")[1] == tile[:7 * 32]
        assert len(rig.call("GET", "/log/tile/1/000.p/1")[1]) == 32
        for path in ("0/001", f"0/001.p/{size - 255}", "0/002", "1/000", "8/000.p/1", "0/0", "00/000", "0/000.p/256", "x",
                     "0/x000/000", "64/000", "-1/000", "0/000.p/0", "0/000/", "0/999999"):
            assert rig.call("GET", f"/log/tile/{path}")[0] == 404, path
        assert rig.call("GET", "/log/tile/entries/000")[0] == 401
        assert rig.call("GET", "/log/tile/entries/000", "responder")[0] == 403
        status, bundle, headers = rig.call("GET", "/log/tile/entries/000", "compliance")
        assert status == 200 and headers["Cache-Control"].startswith("private")
        assert headers["Vary"] == "Accept-Encoding" and headers["Content-Encoding"] is None
        for accept, packed in (("gzip", True), ("br, gzip;q=0.5", True), ("br", False), ("gzip;q=0", False), ("gzip; q=0.0", False)):
            status, body, headers = rig.call("GET", "/log/tile/entries/000", "compliance", headers={"Accept-Encoding": accept})
            assert status == 200 and (headers["Content-Encoding"] == "gzip") == packed, accept
            assert (gzip.decompress(body) if packed else body) == bundle, accept
            assert not packed or len(body) < len(bundle) // 2
        partial = rig.call("GET", f"/log/tile/entries/001.p/{size - 256}", "compliance")
        assert partial[0] == 200 and rig.call("GET", f"/log/tile/entries/001.p/{size - 255}", "compliance")[0] == 404
        leaves = []
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2:2 + length])
            bundle = bundle[2 + length:]
        assert len(leaves) == 256
        for leaf in leaves:  # nothing of an affair or a person; no exact time
            read = json.loads(leaf)
            assert read["v"] == 1 and "at" not in read and len(read["day"]) == 10
            for secret in (TITLE, "Example Bank", PERSON, "Zebulon", "@", "mailbox"):
                assert secret.lower().encode() not in leaf.lower(), (secret, leaf)
        assert rig.call("GET", "/log/key")[1].decode().strip() == rig.vkey
        # Proofs.
        receipts = rig.receipts(incident)
        rig.settle()
        proof = rig.json("GET", f"/v1/receipts/{receipts[9]['receipt_id']}/proof", "responder")
        assert json.loads(proof["leaf"]) == receipts[9]["receipt"] and proof["index"] < proof["size"]
        assert rig.call("GET", f"/v1/receipts/{receipts[9]['receipt_id']}/proof")[0] == 401
        for wrong in ("rct_0000000000001.0", "rct_x.0", "x", receipts[9]["receipt_id"] + "9999", "rct_0000000000001"):
            assert rig.call("GET", f"/v1/receipts/{wrong}/proof", "responder")[0] == 404, wrong
        assert rig.json("GET", "/v1/log/consistency?from=5")["from"] == 5
        assert rig.call("GET", "/v1/log/consistency?from=5&to=999999")[0] == 400
        assert rig.call("GET", "/v1/log/consistency?from=9&to=5")[0] == 400
    return 0


# An auditor would be told that all is well when it is not, or that it is not when it is.
def verify():
    with Rig() as rig:
        rig.incident(520)
        rig.settle()
        assert "not verified" not in rig.tocsin("verify", "--key", rig.vkey, "--save", "first", role="compliance").lower()
        rig.incident(40)
        rig.settle()
        assert "extends" in rig.tocsin("verify", "--key", rig.vkey, "--from", "first", "--save", "second",
                                       role="compliance")
        rig.tocsin("verify", "--key", rig.vkey, "--from", "second", "--tiles-only")
        assert "cannot be fetched" in rig.tocsin("verify", "--key", rig.vkey, code=1)  # no token, no entries
        other = rig.tocsin("log", "keygen", "other.key", "--name", "notify.example.org/log").strip()
        assert "no signature of the key" in rig.tocsin("verify", "--key", other, "--tiles-only", code=1)
        rig.tocsin("log", "keygen", "other.key", "--name", "x", code=5)  # a key is never overwritten
        # The daemon is stopped and the log rolled back to an older copy, then grown on: a fork. Whoever does that on purpose
        # removes what the daemon kept for itself, too: else it would not sign.
        rig.stop()
        keep = rig.folder / "copy.db"
        shutil.copy(rig.folder / "store.db", keep)
        rig.start()
        rig.incident(10)
        rig.settle()
        rig.tocsin("verify", "--key", rig.vkey, "--from", "second", "--save", "third", role="compliance")
        rig.stop()
        for suffix in ("-wal", "-shm"):
            pathlib.Path(str(rig.folder / "store.db") + suffix).unlink(missing_ok=True)
        shutil.copy(keep, rig.folder / "store.db")
        rig.start()
        assert b"others have seen" in rig.call("GET", "/readyz")[1]
        rig.stop()
        (rig.folder / "store.db.checkpoint").unlink()
        shutil.copy(keep, rig.folder / "store.db")
        rig.start()
        rig.settle()
        said = rig.tocsin("verify", "--key", rig.vkey, "--from", "third", "--tiles-only", code=1)
        assert "shorter" in said or "rewritten" in said, said
        rig.incident(30)
        rig.settle()
        assert "rewritten" in rig.tocsin("verify", "--key", rig.vkey, "--from", "third", "--tiles-only", code=1)
    return 0


# The file that somebody keeps would prove nothing without us, or prove a receipt that was changed.
def files():
    with Rig() as rig:
        incident = rig.incident(20)
        rig.settle()
        name = rig.receipts(incident)[3]["receipt_id"]
        rig.tocsin("log", "proof", name, "-o", "p", "--leaf", "leaf", role="responder")
        rig.stop()
        assert "is entry" in rig.tocsin("verify", "p", "--receipt", "leaf", "--key", rig.vkey)
        leaf = (rig.folder / "leaf").read_bytes()
        (rig.folder / "leaf").write_bytes(leaf.replace(b"2026", b"2025", 1))
        assert "NOT VERIFIED: proof" in rig.tocsin("verify", "p", "--receipt", "leaf", "--key", rig.vkey, code=1)
        (rig.folder / "leaf").write_bytes(leaf)
        text = (rig.folder / "p").read_text()
        (rig.folder / "p").write_text(text[:len(text) // 2])
        rig.tocsin("verify", "p", "--receipt", "leaf", "--key", rig.vkey, code=1)
    return 0


# kill -9 at any moment would fork the log, or lose what it had signed.
def kill():
    with Rig() as rig:
        wait_for("a checkpoint", rig.size)
        rig.tocsin("verify", "--key", rig.vkey, "--save", "last", role="compliance")
        for round_ in range(8):
            rig.incident(40)
            time.sleep(0.05 + 0.13 * round_)
            (rig.folder / "seen").write_bytes(rig.call("GET", "/log/checkpoint")[1])
            rig.stop(signal.SIGKILL)
            rig.start()
            wait_for("a larger log", lambda: rig.size() > int((rig.folder / "seen").read_text().split("\n")[1]))
            for earlier in ("last", "seen"):
                rig.tocsin("verify", "--key", rig.vkey, "--from", earlier, "--save", "last", role="compliance")
    return 0


# A log that shows different people different histories would go unnoticed.
def witness():
    with Rig(witness=True) as rig:
        rig.incident(30)
        rig.settle()
        assert WITNESS.encode() not in rig.call("GET", "/log/checkpoint")[1]
        rig.start_witness()
        cosigned = lambda: WITNESS.encode() in rig.call("GET", "/log/checkpoint")[1]
        wait_for("a cosignature", cosigned, 90)
        rig.tocsin("verify", "--key", rig.vkey, "--witness", rig.witness_vkey, role="compliance")
        rig.stop()
        copy = rig.folder / "copy.db"
        shutil.copy(rig.folder / "store.db", copy)
        rig.start()
        rig.incident(10)
        rig.settle()
        wait_for("a cosignature of what came since", cosigned, 60)
        # kill -9 of the witness: what it answered, it remembers.
        rig.witness.kill()
        rig.witness.wait()
        rig.start_witness()
        rig.stop()
        for suffix in ("-wal", "-shm"):
            pathlib.Path(str(rig.folder / "store.db") + suffix).unlink(missing_ok=True)
        shutil.copy(copy, rig.folder / "store.db")
        (rig.folder / "store.db.checkpoint").unlink()
        rig.start()  # rolled back, and the witness alone knows it: the log does not grow another way
        status, said, *_ = rig.call("GET", "/readyz")
        assert status == 503 and b"others have seen" in said, said
        assert rig.call("GET", "/metrics")[1].count(b"\ntocsin_log_missing 0\n") == 0
    return 0


if __name__ == "__main__":
    sys.exit({"others": others, "sigstore": sigstore, "served": served, "verify": verify, "files": files, "kill": kill, "witness": witness}[sys.argv[1]]())
