"""The master key: shares for several people, and a new one for a store that has people in it."""
import base64
import itertools
import os
import pathlib
import signal
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "api"))
from rig import INCIDENT, expect  # noqa: E402
from test_engine import FACTS, ORGANISATION, Daemon, person  # noqa: E402

TOCSIN = os.path.join(os.environ["BUILD_DIR"], "service/ctl/tocsin")


def tocsin(code, *arguments, given=""):
    done = subprocess.run([TOCSIN, *arguments], capture_output=True, text=True, timeout=60, input=given)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


# A key that was split cannot be put together, or two people can where three were agreed on, when this fails.
def shares(folder):
    key = folder / "split.key"
    key.write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    tocsin(2, "key", "split", str(key), "--shares", "2", "--threshold", "3")
    files = tocsin(0, "key", "split", str(key), "--shares", "5", "--threshold", "3").split()
    texts = [pathlib.Path(file).read_text() for file in files]
    assert all(stat.S_IMODE(os.stat(file).st_mode) == 0o400 for file in files) and len(texts) == 5
    for n, some in enumerate(itertools.combinations(texts, 3)):
        made = folder / f"joined{n}"
        tocsin(0, "key", "join", "-o", str(made), given="\n".join(some))
        assert made.read_bytes() == key.read_bytes()
    assert "2 shares are there" in tocsin(2, "key", "join", "-o", str(folder / "x"), given=texts[0] + texts[1] + texts[0])
    wrong = texts[0].replace(texts[0][40], "A" if texts[0][40] != "A" else "B", 1)
    assert "misread" in tocsin(2, "key", "join", "-o", str(folder / "x"), given=wrong + texts[1] + texts[2])
    assert "misread" in tocsin(2, "key", "join", "-o", str(folder / "x"), given="x:y\n")
    tocsin(5, "key", "join", "-o", str(key), given="".join(texts))  # nothing is overwritten
    tocsin(5, "key", "split", str(key), "--shares", "5", "--threshold", "3")
    assert not (folder / "x").exists()


def stop(rig):
    rig.process.send_signal(signal.SIGTERM)
    assert rig.process.wait(40) == 0


def daemon(rig, code, *arguments):
    done = subprocess.run([rig.program, "--config", rig.config, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


# A stolen master key opens the store for ever, or a new one opens nothing of it, when this fails.
def rewrap(rig, folder):
    body = {**INCIDENT, "organisation": ORGANISATION, "facts": FACTS, "recipients": [person(1)]}
    path = expect(rig.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"]
    before = expect(rig.call("GET", path + "/recipients/r1", "compliance"), 200).json
    new, old = folder / "new.key", folder / "master.key"
    subprocess.run([rig.program, "--keygen", str(new)], check=True, stdout=subprocess.DEVNULL)
    daemon(rig, 69, "--rewrap", str(new))  # it runs
    stop(rig)
    daemon(rig, 78, "--rewrap", str(folder / "none"))
    raw = (folder / "tocsin.db").read_bytes()
    assert "1 keys" in daemon(rig, 0, "--rewrap", str(new))
    assert (folder / "tocsin.db").read_bytes() != raw
    daemon(rig, 78, "--rewrap", str(new))  # the old key opens nothing any more
    assert "another master key" in daemon(rig, 78)
    old.unlink()
    new.rename(old)
    rig.start()
    assert expect(rig.call("GET", path + "/recipients/r1", "compliance"), 200).json == before
    kinds = rig.call("GET", "/v1/receipts", "compliance", headers={"Accept": "application/x-ndjson"}).body
    assert b"master_key_rewrapped" in kinds


if __name__ == "__main__":
    with Daemon() as the_rig:
        place = pathlib.Path(the_rig.folder.name)
        shares(place)
        rewrap(the_rig, place)
    print("ok")
