"""test_restore.py [NAME]: a copy of the store is put back after more was sent, and the providers' ledgers are the judge."""
import json
import time

import auditor
from rig import System, main, person, wait_for

PEOPLE = 36


def people():
    ways = (("sms",), ("post",), ("email",))
    return [person(i, *ways[i % 3]) for i in range(PEOPLE)]


def total(s):
    return sum(auditor.Ledger(s).counts())


def size_of(s):
    """Receipts under the newest checkpoint that lies beside the store."""
    kept = s.data / "tocsin.db.checkpoint"
    return int(kept.read_text().splitlines()[1]) if kept.exists() else 0


def put_back(s, copy):
    database = s.data / "tocsin.db"
    for suffix in ("", "-wal", "-shm"):
        (s.data / f"tocsin.db{suffix}").unlink(missing_ok=True)
    database.write_bytes(copy.read_bytes())
    s.start()


def standing(s):
    return json.loads(s.cli("approver", "restore", "status", "--json").stdout)


def listed(s, channel):
    lines = s.cli("approver", "restore", "people", "--json").stdout.splitlines()
    return {p["recipient_id"] for p in map(json.loads, lines) if p["channel"] == channel}


def unknown(now, channel):
    return sum(c["unknown"] for w in now["waves"] for c in w["channels"] if c["channel"] == channel)


def twice(refs):
    return {address for address, all_of_it in refs.items() if len(all_of_it) > 1}


# A restore tells people twice, or not at all, or nobody sees what is missing, when this fails.
def put_back_late():
    with System(signed=True, more="backup: {{directory: {folder}/copies, keep: 5}}", email_rate=3, sms_rate=3, post_rate=3,
                wait={"email": "20s", "sms": "20s", "post": "20s"}) as s:
        (s.folder / "copies").mkdir()
        path = s.incident(people())
        wait_for("the first messages", lambda: total(s) >= 6)
        made = json.loads(s.cli("operator", "backup", "--json").stdout)
        fetched = s.folder / "fetched.db"
        s.cli("admin", "backup", "--to", fetched)
        assert json.loads((s.folder / "fetched.db.json").read_text())["size"] == fetched.stat().st_size
        assert len(list((s.folder / "copies").glob("*.db"))) == 2
        assert b"backup_made" in s.call("GET", "/v1/receipts", "compliance", headers={"Accept": "application/x-ndjson"}).body
        before, copied = total(s), size_of(s)
        wait_for("more messages", lambda: total(s) >= before + 9)
        wait_for("a newer checkpoint", lambda: size_of(s) > copied)
        s.kill()
        sent = auditor.Ledger(s)
        put_back(s, s.folder / "copies" / made["file"])

        ready = s.call("GET", "/readyz")
        assert ready.status == 503 and b"restored" in ready.body and b"others have seen" in ready.body, ready
        now = standing(s)
        assert now["restored"] and now["log"]["seen"] == size_of(s), now
        assert now["log"]["missing"] == size_of(s) - now["log"]["size"] > 0, now
        try:
            wait_for("the providers' answers", lambda: not standing(s)["asking"], 60)
        except AssertionError as e:
            raise AssertionError(f"{e}: {standing(s)}") from None
        time.sleep(2)
        assert auditor.Ledger(s).counts() == sent.counts(), "something left while it was held"
        now = standing(s)
        assert unknown(now, "sms") == unknown(now, "postal") == 0 < unknown(now, "email"), now
        in_doubt = listed(s, "email")
        assert len(in_doubt) == unknown(now, "email")

        refused = s.cli("approver", "restore", "approve", "--reason", "The disk was replaced", ok=False)
        assert refused.returncode == 1 and str(now["log"]["missing"]) in refused.stderr, refused
        s.cli("approver", "restore", "approve", "--reason", "The disk was replaced", "--missing", now["log"]["missing"])
        s.wait_settled(path, 120)
        ledger = auditor.Ledger(s)
        assert not twice(ledger.sms) and not twice(ledger.letters), "asked, and sent twice all the same"
        assert len(ledger.sms) == len(ledger.letters) == len(ledger.mails) == PEOPLE / 3
        again = {f"r{int(a.split('@')[0].removeprefix('person')):05d}" for a in twice(ledger.mails)}
        assert again <= in_doubt, (again, in_doubt)
        for address in twice(ledger.mails):
            assert len(set(ledger.mails[address])) <= 2
        metrics = s.call("GET", "/metrics").body.decode()
        assert f"tocsin_log_missing {now['log']['missing']}" in metrics
        assert size_of(s) == now["log"]["seen"], "it signed over what others have seen"


if __name__ == "__main__":
    main({"put_back_late": put_back_late})
