"""Keys of the log of a running tocsind: python3 test_keys.py configured|rotation|stolen"""
import json
import subprocess
import sys
import tarfile

from rig import ORIGIN, Rig, TOCSIND, WITNESS, wait_for
from test_log import go_check

NEXT = "notify.example.org/log2"


# A key could never be replaced without everybody at once; or the old one would go on to count.
def rotation():
    with Rig(witness=True) as rig:
        rig.start_witness()
        rig.incident(5)
        rig.settle()
        old = rig.vkey
        rig.tocsin("verify", "--key", old, "--tiles-only", "--save", "kept-old")
        new = rig.tocsin("log", "keygen", "new.key", "--name", ORIGIN).strip()
        rig.tocsin("verify", "--key", new, "--tiles-only", code=1)
        keys = rig.folder / "log.key"
        text = keys.read_text()
        keys.chmod(0o600)
        keys.write_text(text + (rig.folder / "new.key").read_text())
        rig.restart()  # both sign
        rig.incident(5)
        rig.settle()
        assert rig.call("GET", "/log/key")[1].decode().split() == [old, new]
        lines = [line for line in rig.call("GET", "/log/checkpoint")[1].decode().splitlines() if line.startswith("\u2014 " + ORIGIN)]
        assert len(lines) == 2, lines
        for key in (old, new):
            rig.tocsin("verify", "--key", key, "--save", "kept-both", role="compliance")
        go_check(rig, new, 1)
        rig.tocsin("verify", "--key", old, "--tiles-only", "--from", "kept-old")
        wait_for("the witness, who knows the old key", lambda: WITNESS.encode() in rig.call("GET", "/log/checkpoint")[1], 60)
        # The old key goes. Whoever has the new one, and kept a checkpoint of both, sees no seam.
        rig.stop()
        keys.write_text((rig.folder / "new.key").read_text())
        rig.witness.terminate()
        rig.witness.wait(30)
        rig.vkey = new
        rig.start_witness()  # the same state: the log has the same name
        rig.start()
        incident = rig.incident(5)
        rig.settle()
        assert rig.call("GET", "/log/key")[1].decode().split() == [new]
        assert "no signature of the key" in rig.tocsin("verify", "--key", old, "--tiles-only", code=1)
        rig.tocsin("verify", "--key", new, "--from", "kept-both", role="compliance")
        go_check(rig, new, 1)
        wait_for("the witness under the new key", lambda: WITNESS.encode() in rig.call("GET", "/log/checkpoint")[1], 60)
        rig.tocsin("evidence", incident, "-o", "e.tar.gz", role="compliance")
        rig.tocsin("verify", "e.tar.gz", "--key", new)
        rig.tocsin("verify", "e.tar.gz", "--key", old, code=1)
    return 0


def end_log(rig, reason, code=0):
    done = subprocess.run([TOCSIND, "--config", rig.folder / "tocsin.yaml", "--end-log", reason], capture_output=True, text=True)
    assert done.returncode == code, done
    return done.stdout + done.stderr


def members(path):
    with tarfile.open(path) as tar:
        return {member.name.split("/", 1)[1]: tar.extractfile(member).read() for member in tar}


def kinds(rig, kind):
    """All leaves of a kind, in the order of the log."""
    found = []
    for n in range((rig.size() + 255) // 256):
        width = min(256, rig.size() - 256 * n)
        bundle = rig.call("GET", f"/log/tile/entries/{n:03d}" + (f".p/{width}" if width < 256 else ""), "compliance")[1]
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaf = json.loads(bundle[2:2 + length])
            bundle = bundle[2 + length:]
            if leaf["kind"] == kind:
                found.append(leaf)
    return found


# The rules by which people are told, or who must agree, could be changed and changed back, and the log would not show it.
def configured():
    with Rig() as rig:
        rig.settle()
        first = kinds(rig, "configured")
        assert len(first) == 1 and first[0]["facts"]["policy"]["approvals_required"] == 1, first
        rig.restart()
        rig.settle()
        assert len(kinds(rig, "configured")) == 1 and len(kinds(rig, "node_started")) == 2
        path = rig.folder / "tocsin.yaml"
        plain = path.read_text()
        path.write_text(plain + "\napprovals_required: 2\nconsent_required: yes\n")
        rig.restart()
        rig.settle()
        path.write_text(plain + "\nrender_threads: 2\n")  # changed back; what is no policy leaves none
        rig.restart()
        rig.settle()
        all_ = kinds(rig, "configured")
        assert [leaf["facts"]["policy"]["approvals_required"] for leaf in all_] == [1, 2, 1], all_
        assert all_[0]["facts"]["digest"] == all_[2]["facts"]["digest"] != all_[1]["facts"]["digest"]
        rig.mint_later()
        rig.settle()
        assert kinds(rig, "token_minted")
    return 0


# Who stole the key could sign another past, and nobody could tell ours from his; or receipts of before would be lost.
def stolen():
    with Rig() as rig:
        incident = rig.incident(300)
        rig.settle()
        old = rig.vkey
        rig.tocsin("verify", "--key", old, "--save", "kept", role="compliance")
        receipt = rig.receipts(incident)[20]["receipt_id"]
        rig.stop()
        assert "names one log for ever" in end_log(rig, "key_stolen", 69)  # the old name is still configured
        new = rig.tocsin("log", "keygen", "log2.key", "--name", NEXT).strip()
        config = rig.folder / "tocsin.yaml"
        config.write_text(config.read_text().replace(f"origin: {ORIGIN}", f"origin: {NEXT}").replace("/log.key", "/log2.key"))
        assert "" == end_log(rig, "Not A Word", 64).split("wants")[1][:0]
        assert "ended at" in end_log(rig, "key_stolen")
        assert "nothing was signed" in end_log(rig, "key_stolen", 69)  # not twice
        rig.start()
        wait_for("the next log", lambda: rig.size() > 0)
        more = rig.incident(20)
        rig.settle()
        # The log that ended is served for ever, and the new key vouches for it.
        shards = rig.json("GET", "/v1/log/shards")["shards"]
        assert len(shards) == 1 and shards[0]["origin"] == ORIGIN and shards[0]["reason"] == "key_stolen", shards
        assert rig.call("GET", "/log/shards/1/checkpoint")[1].decode() == shards[0]["checkpoint"]
        begun = rig.json("GET", f"/v1/receipts/{shards[0]['begun']}/proof", "compliance")
        assert begun["index"] == 0 and begun["shard"] == 2
        assert json.loads(begun["leaf"])["facts"]["checkpoint"] == shards[0]["checkpoint"]
        for path in ("2/checkpoint", "0/checkpoint", "x/checkpoint", "1/tile/0/009", "01/checkpoint"):
            assert rig.call("GET", "/log/shards/" + path)[0] in (404, 200 if path == "2/checkpoint" else 404), path
        said = rig.tocsin("verify", "--key", new, role="compliance")
        assert ORIGIN + ": it ended at" in said, said
        rig.tocsin("verify", "--key", new, "--from", "kept", "--old-key", old, role="compliance")
        rig.tocsin("verify", "--key", new, "--from", "kept", code=1, role="compliance")
        go_check(rig, new, 1)
        # A receipt of before keeps its proof, by the key of before.
        proof = rig.json("GET", f"/v1/receipts/{receipt}/proof", "compliance")
        assert proof["shard"] == 1
        rig.tocsin("log", "proof", receipt, "-o", "p", "--leaf", "leaf", role="responder")
        rig.tocsin("verify", "p", "--receipt", "leaf", "--key", old)
        answer = rig.json("GET", f"/v1/log/consistency?from=1&to={shards[0]['size']}&shard=1")
        assert answer["to"] == shards[0]["size"]
        # The evidence of an incident that spans both, and of one that does not.
        rig.tocsin("evidence", incident, "-o", "both.tar.gz", role="compliance")  # leaves a receipt itself
        rig.settle()
        rig.tocsin("evidence", incident, "-o", "both.tar.gz", role="compliance")
        files = members(rig.folder / "both.tar.gz")
        assert b'"shard":1}' in files["receipts.ndjson"] and b'"kind":"exported"' in files["receipts.ndjson"]
        assert any(b'"shard"' not in line for line in files["receipts.ndjson"].splitlines())
        said = rig.tocsin("verify", "both.tar.gz", "--key", new)
        assert "1 older logs have ended" in said, said
        rig.tocsin("verify", "both.tar.gz", "--key", old, code=1)
        rig.tocsin("evidence", more, "-o", "one.tar.gz", role="compliance")
        assert "log/shards.ndjson" not in members(rig.folder / "one.tar.gz")
        rig.tocsin("verify", "one.tar.gz", "--key", new)
        # A second end, and kill -9 between.
        rig.stop(9)
        third = rig.tocsin("log", "keygen", "log3.key", "--name", NEXT + "b").strip()
        config.write_text(config.read_text().replace(f"origin: {NEXT}", f"origin: {NEXT}b").replace("/log2.key", "/log3.key"))
        end_log(rig, "origin_changed")
        rig.start()
        wait_for("the third log", lambda: rig.size() > 0)
        rig.settle()
        said = rig.tocsin("verify", "--key", third, role="compliance")
        assert said.count("it ended at") == 2, said
        rig.tocsin("evidence", incident, "-o", "three.tar.gz", role="compliance")
        assert "2 older logs have ended" in rig.tocsin("verify", "three.tar.gz", "--key", third)
    return 0


if __name__ == "__main__":
    sys.exit({"configured": configured, "rotation": rotation, "stolen": stolen}[sys.argv[1]]())
