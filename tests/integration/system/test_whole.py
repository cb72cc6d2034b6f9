"""test_whole.py [NAME]: from a posted incident to receipts, over every channel."""
import csv
import io
import json

import auditor
from rig import System, address, main, person, phone, wait_for

NDJSON = {"Content-Type": "application/x-ndjson"}


def everybody():
    """300 people, most with several ways, some whose providers refuse, fall silent, return, and some with no way at all."""
    people = []
    for i in range(300):
        p = person(i, "email", "sms", "post", "account")
        kind = i % 15
        if kind == 1:
            del p["email"]
        elif kind == 2:
            del p["email"], p["phone"]
        elif kind == 3:
            p["email"] = f"perm-fail+{i}@post.example"
        elif kind == 4:
            p.update(email=f"perm-fail+{i}@post.example", phone=f"+1{201 + i}5550001")
        elif kind == 5:
            p["legal_email_opt_out"] = True
        elif kind == 6:
            p = person(i, "post", address=address(i, zip_code="00000"))
        elif kind == 7:
            p = person(i)
        elif kind == 8:
            p = person(i, "email", email=f"temp-fail+{i}@post.example", phone=phone(i))
        elif kind == 9:
            p = person(i, "account")
        people.append(p)
    return people


WAYS = {1: "sms", 2: "postal", 3: "sms", 4: "postal", 5: "sms", 8: "sms"}  # the others: email
UNREACHABLE = {6, 7, 9}


def told_by(receipts):
    return {r["recipient_id"]: r["channel"] for r in receipts if r["kind"] == "told" and r["channel"] != "banner"}


# Somebody would be told by no way, the wrong way, or twice, and the proof would not show it, when this fails.
def whole():
    with System(retry_limit=3, wait={"sms": "6s", "banner": "4s"}) as s:
        people = everybody()
        path = s.incident(people)
        view = s.wait_settled(path, 60)
        receipts, ledger = s.receipts(path), auditor.Ledger(s)
        auditor.expect_clean(people, receipts, ledger)
        told = told_by(receipts)
        gone = {r["recipient_id"] for r in receipts if r["kind"] == "unreachable"}
        for i, p in enumerate(people):
            way = None if i % 15 in UNREACHABLE else WAYS.get(i % 15, "email")
            assert told.get(p["recipient_id"]) == way, (p, told.get(p["recipient_id"]))
            assert (p["recipient_id"] in gone) == (way is None), p
        count = view["waves"][0]["people"]
        assert count["told"] == len(told) and count["unreachable"] == len(gone), (count, len(told), len(gone))
        exports(s, path, receipts)
        timeline(s, path)
        banners(s, path)
        duplicates(s, path)
        paper(s, path)


# Compliance would see other facts in one form than in another when this fails.
def exports(s, path, receipts):
    incident = path.rsplit("/", 1)[1]
    rows = {}
    for form in ("csv", "ndjson"):
        out = s.folder / f"receipts.{form}"
        s.cli("compliance", "receipts", incident, "--format", form, "--output", out)
        text = out.read_text()
        rows[form] = [r["receipt_id"] for r in csv.DictReader(io.StringIO(text))] if form == "csv" else [
            json.loads(line)["receipt_id"] for line in text.splitlines()]
    ids = [r["receipt_id"] for r in receipts]
    assert len(ids) == len(set(ids)), "a receipt is listed twice"
    # Reading is a fact too: an export may have added receipts at the end, never before.
    assert rows["csv"][:len(ids)] == ids and rows["ndjson"][:len(ids)] == ids, [len(r) for r in rows.values()]


def timeline(s, path):
    person = s.person(path, "r00004")
    assert person["told"] and [r["channel"] for r in person["rungs"] if not r["beside"]] == ["email", "sms", "postal"]
    kinds = [(r["leaf"]["kind"], r["leaf"].get("channel")) for r in person["receipts"]]
    for fact in (("attempt", "email"), ("escalated", "email"), ("attempt", "sms"), ("escalated", "sms"),
                 ("attempt", "postal"), ("told", "postal")):
        assert fact in kinds, (fact, kinds)
    assert s.call("GET", path + "/recipients/nobody", "compliance").status == 404


def banners(s, path):
    listed = s.expect(s.call("GET", "/v1/accounts/acct00000/banners", "app"), 200).json["banners"]
    assert len(listed) == 1 and listed[0]["title"], listed
    banner = listed[0]["id"]
    for event in ("displayed", "displayed", "acknowledged", "acknowledged"):
        answer = s.call("POST", f"/v1/banners/{banner}/events", "app", {"event": event})
        assert answer.status in (200, 204), answer
    wait_for("the acknowledgement", lambda: [r for r in s.receipts(path, "r00000")
                                             if r.get("evidence") == "acknowledged"])
    facts = [r["evidence"] for r in s.receipts(path, "r00000") if r["kind"] == "evidence" and r["channel"] == "banner"]
    assert facts == ["displayed", "acknowledged"], facts
    assert s.expect(s.call("GET", "/v1/accounts/acct99999/banners", "app"), 200).json["banners"] == []


def duplicates(s, path):
    # Late people wait for a wave of their own: the released one does not take them.
    late = b'{"recipient_id":"late","email":"l@post.example"}\n'
    assert s.expect(s.call("POST", path + "/recipients", "responder", late, NDJSON), 200).json["accepted"] == 1
    assert not s.receipts(path, "late")
    for verb in ("approvals", "release"):
        answer = s.call("POST", f"{path}/{verb}", "approver")
        assert answer.status == 409, (verb, answer)
    draft = s.incident(release=False)
    rows = b'{"recipient_id":"a","email":"a@post.example"}\n' * 2 + b'{"email":"b@post.example"}\n'
    counts = s.expect(s.call("POST", draft + "/recipients", "responder", rows, NDJSON), 200).json
    assert (counts["accepted"], counts["duplicates"], counts["rejected"]) == (1, 1, 1), counts
    again = s.expect(s.call("POST", draft + "/recipients", "responder", rows, NDJSON), 200).json
    assert (again["accepted"], again["duplicates"]) == (0, 2), again
    bad = s.expect(s.call("GET", draft + "/rejected", "responder"), 200).json["items"]
    assert bad[0]["line"] == 3 and bad[0]["field"] == "recipient_id", bad


# A person who asks for paper would not get it, pay for it, or get it twice when this fails.
def paper(s, path):
    incident = path.rsplit("/", 1)[1]
    body = {"incident": incident, "recipient_id": "r00000", "channel_received": "phone", "note": "Asked for paper"}
    answer = s.expect(s.call("POST", "/v1/written-notice-requests", "compliance", body), 201)
    where = "/v1/written-notice-requests/" + answer.json["id"]

    def state():
        return s.expect(s.call("GET", where, "compliance"), 200).json["state"]
    wait_for("the letter", lambda: state() == "mailed", 20)
    assert len(auditor.Ledger(s).letters["Person Number0"]) == 1
    again = s.call("POST", "/v1/written-notice-requests", "compliance", body)
    assert again.status in (200, 201), again
    second = s.expect(s.call("GET", "/v1/written-notice-requests/" + again.json["id"], "compliance"), 200).json
    assert second["state"] == "duplicate" or second["id"] == answer.json["id"], second
    assert len(auditor.Ledger(s).letters["Person Number0"]) == 1, "two letters for one person"
    kinds = [r["kind"] for r in s.receipts(path)]
    assert "request_opened" in kinds and "request_matched" in kinds, kinds
    own = [r["leaf"]["kind"] for r in s.person(path, "r00000")["receipts"]]  # the person's own timeline has them too
    assert "request_opened" in own and "request_matched" in own, own
    others = [r["leaf"]["kind"] for r in s.person(path, "r00001")["receipts"]]
    assert "request_opened" not in others, others
    listed = s.expect(s.call("GET", f"/v1/written-notice-requests?incident={incident}", "compliance"), 200).json["items"]
    assert answer.json["id"] in [i["id"] for i in listed]


# A test incident would reach a real person when this fails.
def marked():
    with System(wait={"email": "1s", "sms": "3s", "post": "2s", "banner": "1s"}) as s:
        people = [person(0, "email", email="real.person@gmail.com"), person(1, "sms", phone="+14155550199"),
                  person(2, "sms", phone="+14157654321"), person(3, "email", email="rehearsal@ours.test"),
                  person(4, "email", email="x@example.com"), person(5, "email", email="x@notexample.com"),
                  person(6, "email", email="x@example.com.evil.net")]
        path = s.incident(people, test=True)
        s.wait_settled(path, 30)
        ledger = auditor.Ledger(s)
        assert set(ledger.mails) == {"rehearsal@ours.test", "x@example.com"}, ledger.mails
        assert set(ledger.sms) == {"+14155550199"}, ledger.sms
        reasons = [r for r in s.receipts(path) if r["kind"] == "unreachable"]
        assert {r["recipient_id"] for r in reasons} == {"r00000", "r00002", "r00005", "r00006"}, reasons
        assert reasons[0]["facts"]["reasons"]["email"] == "not_a_test_address", reasons[0]


CANARIES = ["Zephyrine Quixwold", "Quixwold", "zephyrine.canary", "+12085550177", "2085550177", "Canary Wharf Lane",
            "acctcanary77", "Drillwater Grange", "canarysecretfield"]


# Somebody who reads logs, metrics, file names or the raw database would learn who was told when this fails.
def canaries():
    with System(retry_limit=2, wait={"email": "1s"}) as s:
        many = [person(i, "email") for i in range(20)]
        canary = {"recipient_id": "zephyrine.canary-1", "account_id": "acctcanary77", "name": "Zephyrine Quixwold",
                  "email": "zephyrine.canary@post.example", "phone": "+12085550177", "jurisdiction": "US-IL",
                  "locale": "en", "fields": {"plan": "canarysecretfield"},
                  "address": {**address(0), "line1": "7 Canary Wharf Lane", "line2": "Drillwater Grange"}}
        bad = [dict(canary, recipient_id="zephyrine.canary-2", email="perm-fail+zephyrine.canary@post.example"),
               dict(canary, recipient_id="zephyrine.canary-3", email="drop-after-dot+zephyrine.canary@post.example"),
               dict(canary, recipient_id="zephyrine.canary-4", email="temp-fail+zephyrine.canary@post.example")]
        path = s.incident(many + [canary] + bad, release=False)
        s.call("POST", path + "/recipients", "responder",
               b'{"recipient_id":"x","email":"zephyrine.canary@@post.example","name":"Quixwold\\nBcc: x"}\n', NDJSON)
        s.release(path)
        wait_for("the letter or call", lambda: s.person(path, "zephyrine.canary-2")["told"], 30)
        wait_for("the mail", lambda: s.person(path, "zephyrine.canary-1")["told"], 30)
        s.call("POST", "/v1/written-notice-requests", "compliance",
               {"incident": path.rsplit("/", 1)[1], "email": "zephyrine.canary@post.example",
                "channel_received": "phone", "note": "Zephyrine Quixwold asked"})
        s.call("GET", f"{path}/recipients/zephyrine.canary-1?x=Quixwold", "compliance")
        s.call("GET", "/v1/accounts/acctcanary77/banners", "app")
        metrics = s.call("GET", "/metrics").body
        look(s, metrics)
        s.kill()  # the WAL is still there
        look(s, metrics)


def look(s, metrics):
    texts = {"the log": s.log_bytes(), "/metrics": metrics, "file names": "\n".join(
        str(f.relative_to(s.folder)) for f in s.folder.rglob("*")).encode()}
    for file in s.data.iterdir():
        texts[file.name] = file.read_bytes()
    assert any(name.endswith("-wal") for name in texts) and b"SQLite" in texts["tocsin.db"][:16]
    ledger = (s.folder / "ledger.ndjson").read_bytes()
    for canary in CANARIES:
        for form in (canary.encode(), canary.lower().encode(), canary.encode("utf-16-le")):
            for name, text in texts.items():
                assert form not in text, f"{canary!r} in {name}"
    assert b"Quixwold" in ledger or b"+12085550177" in ledger, "the canary never flew: the test looks at nothing"


if __name__ == "__main__":
    main({"whole": whole, "marked": marked, "canaries": canaries})
