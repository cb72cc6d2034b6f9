"""Copies of the store: made while it is served, put back, held until somebody approves, and without those erased since."""
import hashlib
import json
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "api"))
import test_engine  # noqa: E402
from rig import INCIDENT, expect  # noqa: E402
from test_engine import FACTS, ORGANISATION, Daemon, person, view  # noqa: E402

test_engine.CONFIG = test_engine.CONFIG.replace("wait: 30d", "wait: 1s")


def open_incident(rig):
    body = {**INCIDENT, "organisation": ORGANISATION, "facts": FACTS, "recipients": [person(1), person(2), person(3)]}
    return expect(rig.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"]


def release(rig, path):
    expect(rig.call("POST", path + "/approvals", "approver", {}), 200)
    expect(rig.call("POST", path + "/release", "responder"), 200)


def settle(rig, path):
    rig.wait(lambda: view(rig, path)["waves"][0]["state"] == "settled")


def erase(rig, path, who):
    answer = expect(rig.call("POST", "/v1/recipients/erasures", "compliance",
                             {"incident": path[14:], "recipient_id": who, "basis": "gdpr-17-1-b"}), 200).json
    assert answer["verified"], answer


def stop(rig):
    rig.process.send_signal(signal.SIGTERM)
    assert rig.process.wait(40) == 0


def put_back(rig, copy):
    stop(rig)
    database = pathlib.Path(rig.folder.name, "tocsin.db")
    for suffix in ("-wal", "-shm"):
        pathlib.Path(str(database) + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, database)
    log = open(rig.folder.name + "/log", "a+")
    at = log.seek(0, 2)
    rig.process = subprocess.Popen([rig.program, "--config", rig.config], stderr=rig.log)
    rig.port = rig.wait(lambda: rig.find_port(at))
    rig.wait(lambda: "restored" in rig.call("GET", "/readyz").body.decode())
    assert rig.call("GET", "/readyz").status == 503


# A copy is torn, or says something else of itself than it is, when this fails.
def back_up(rig, place):
    target = place / "copy.db"
    run = [rig.program, "--config", rig.config, "--backup", str(target)]
    made = json.loads(subprocess.run(run, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert made == json.loads((place / "copy.db.json").read_text())
    assert made["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest() and made["size"] == target.stat().st_size
    assert made["incidents"] == 1 and made["receipts"] > 3 and made["erasures"] == 0, made
    assert target.stat().st_mode & 0o777 == 0o600
    again = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert again.returncode == 69 and "is there already" in again.stderr, again
    assert not (place / "copy.db-wal").exists()
    return target


# A copy that is put in place sends again what was sent, or brings back who was erased, when this fails.
def restore(rig, path, copy):
    erase(rig, path, "r1")
    other = open_incident(rig)
    ledger = pathlib.Path(rig.folder.name, "tocsin.db.erasures").read_text()
    assert ledger.startswith(path[14:] + " 0 ") and ledger.count("\n") == 1, ledger
    put_back(rig, copy)
    expect(rig.call("GET", other, "responder"), 404)  # after the copy
    expect(rig.call("GET", path + "/recipients/r1", "compliance"), 404)
    expect(rig.call("GET", path + "/recipients/r2", "compliance"), 200)
    lines = rig.call("GET", f"/v1/receipts?incident={path[14:]}", "compliance", headers={"Accept": "application/x-ndjson"}).body
    assert b'"reason":"replayed"' in lines and b"r1@example.org" not in lines
    assert pathlib.Path(rig.folder.name, "tocsin.db.erasures").read_text() == ledger


def approve(rig):
    path = open_incident(rig)
    release(rig, path)
    expect(rig.call("POST", "/v1/restores/approve", "responder", {"reason": "r"}), 403)
    expect(rig.call("POST", "/v1/restores/approve", "approver", {}), 422)
    assert view(rig, path)["waves"][0]["state"] == "planning"
    expect(rig.call("POST", "/v1/restores/approve", "approver", {"reason": "Compared the relay's log"}), 200)
    settle(rig, path)
    assert rig.call("GET", "/readyz").status == 200
    expect(rig.call("POST", "/v1/restores/approve", "approver", {"reason": "r"}), 409)
    lines = rig.call("GET", "/v1/receipts", "compliance", headers={"Accept": "application/x-ndjson"}).body
    assert b'"kind":"restored"' in lines


# A file that was copied by hand, and so bears no mark, is taken for the newest when this fails.
def rolled_back(rig, path, place):
    stop(rig)
    shutil.copyfile(place / "tocsin.db", place / "by-hand.db")
    rig.start()
    erase(rig, path, "r2")
    put_back(rig, place / "by-hand.db")
    expect(rig.call("GET", path + "/recipients/r2", "compliance"), 404)
    expect(rig.call("GET", path + "/recipients/r3", "compliance"), 200)
    expect(rig.call("POST", "/v1/restores/approve", "admin", {"reason": "r"}), 200)


# Nobody has a copy though they believed that it is made by itself, when this fails, or old ones fill the disk.
def by_the_clock(rig, place):
    stop(rig)
    copies = place / "copies"
    copies.mkdir()
    (copies / "of-somebody-else.db").write_text("stays")
    (copies / "tocsin-20260101T000000.000Z.db.partial").write_text("of a crash")
    config = pathlib.Path(rig.config)
    config.write_text(config.read_text() + f"backup: {{directory: {copies}, interval: 1s, keep: 2}}\n")
    rig.start()
    rig.wait(lambda: b"\ntocsin_backups_total 4" in rig.call("GET", "/metrics").body)
    names = {file.name for file in copies.iterdir()}
    assert len([name for name in names if name.endswith("Z.db")]) in (2, 3) and "of-somebody-else.db" in names, names
    assert not [name for name in names if name.endswith(".partial") and "20260101" in name], names
    assert "newest_backup_at" in rig.call("GET", "/readyz").json
    newest = expect(rig.call("GET", "/v1/backups", "operator"), 200).json["items"][0]
    copy = expect(rig.call("GET", "/v1/backups/" + newest["file"], "admin"), 200).body
    assert hashlib.sha256(copy).hexdigest() == newest["sha256"]
    expect(rig.call("GET", "/v1/backups/..%2ftocsin.db", "admin"), 404)
    expect(rig.call("GET", "/v1/backups/of-somebody-else.db", "admin"), 404)
    expect(rig.call("POST", "/v1/backups", "compliance"), 403)
    shutil.rmtree(copies)
    rig.wait(lambda: "the last one failed" in rig.call("GET", "/readyz").body.decode())


if __name__ == "__main__":
    with Daemon() as daemon:
        folder = pathlib.Path(daemon.folder.name)
        one = open_incident(daemon)
        release(daemon, one)
        settle(daemon, one)
        first = back_up(daemon, folder)
        restore(daemon, one, first)
        approve(daemon)
        rolled_back(daemon, one, folder)
        by_the_clock(daemon, folder)
    print("ok")
