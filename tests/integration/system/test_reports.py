"""test_reports.py [NAME]: providers' callbacks: forged, stale, doubled, out of order, late, too early."""
import base64
import hashlib
import hmac
import json
import time
import urllib.parse

import auditor
from rig import HOOK_REPORT_SECRET, System, address, main, person, wait_for


def ledger_lines(s):
    path = s.folder / "ledger.ndjson"
    return [json.loads(l) for l in path.read_text().splitlines()] if path.exists() else []


def twilio(s, line, status, secret="sim-twilio-token", error=None, token=None, sid=None):
    """A signed status callback as Twilio sends it."""
    url = f"/v1/reports/sms/twilio?t={token or line['token']}"
    form = {"MessageSid": sid or line["ref"], "MessageStatus": status, "AccountSid": "AC" + "0" * 32,
            "To": line["to"], "From": "+15005550006"}
    if error:
        form["ErrorCode"] = error
    text = s.url + url + "".join(k + form[k] for k in sorted(form))
    signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return s.call("POST", url, body=urllib.parse.urlencode(form), headers={
        "Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature})


def lob(s, line, kind, age=0, secret="sim-lob-secret", event="evt_1"):
    body = json.dumps({"id": event, "object": "event", "reference_id": line["ref"],
                       "event_type": {"id": "letter." + kind, "resource": "letters"},
                       "body": {"id": line["ref"], "metadata": {"token": line["token"], "key": line["key"]}}})
    at = str(int((time.time() - age) * 1000))
    signature = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return s.call("POST", "/v1/reports/postal/lob", body=body, headers={
        "Content-Type": "application/json", "Lob-Signature-Timestamp": at, "Lob-Signature": signature})


def facts(s, path, recipient):
    return [r["evidence"] for r in s.receipts(path, recipient) if r["kind"] == "evidence"]


# Anybody could make us believe that people were told when this fails.
def signatures():
    with System(sim=("--no-callbacks",), wait={"sms": "30s", "post": "30s"}) as s:
        path = s.incident([person(0, "sms"), person(1, "post")])
        lines = wait_for("the messages", lambda: len(ledger_lines(s)) == 2 and ledger_lines(s))
        sms = next(l for l in lines if l["vendor"] == "twilio")
        letter = next(l for l in lines if l["vendor"] == "lob")
        assert twilio(s, sms, "delivered", secret="guessed").status == 401
        assert twilio(s, sms, "delivered", secret="").status == 401
        assert s.call("POST", f"/v1/reports/sms/twilio?t={sms['token']}", body="MessageStatus=delivered",
                      headers={"Content-Type": "application/x-www-form-urlencoded"}).status == 401
        assert lob(s, letter, "mailed", secret="guessed").status == 401
        assert lob(s, letter, "mailed", age=3600).status == 401, "a callback of an hour ago was taken"
        assert lob(s, letter, "mailed", age=-3600).status == 401, "a callback of the future was taken"
        assert s.call("POST", "/v1/reports/sms/nobody", body="x").status == 404
        assert s.call("POST", "/v1/reports/sms/twilio", body=b"\xff" * 70000).status in (401, 413)
        # Rightly signed, about nothing of ours: no fact, and no 500.
        other = "a" * len(sms["token"])
        assert twilio(s, sms, "delivered", token=other).status < 500
        assert facts(s, path, "r00000") == [] and facts(s, path, "r00001") == []
        assert twilio(s, sms, "delivered").status in (200, 204)
        assert lob(s, letter, "mailed").status in (200, 204)
        wait_for("the fact", lambda: facts(s, path, "r00000") == ["delivered"], 5)


# A late or doubled callback would hide what is known, or be counted twice, when this fails.
def order():
    with System(sim=("--no-callbacks",), wait={"sms": "30s", "post": "30s"}) as s:
        path = s.incident([person(0, "sms"), person(1, "post")])
        lines = wait_for("the messages", lambda: len(ledger_lines(s)) == 2 and ledger_lines(s))
        sms, letter = (next(l for l in lines if l["vendor"] == v) for v in ("twilio", "lob"))
        for status in ("delivered", "delivered", "sent", "queued", "sending", "delivered"):
            assert twilio(s, sms, status).status in (200, 204), status
        assert facts(s, path, "r00000") == ["delivered"], facts(s, path, "r00000")
        one = s.person(path, "r00000")
        assert one["told"] and one["rungs"][0]["state"] == "delivered", one["rungs"]
        assert [r["leaf"]["kind"] for r in one["receipts"]].count("told") == 1
        for event in ("evt_9", "evt_9", "evt_9"):
            assert lob(s, letter, "returned_to_sender", event=event).status in (200, 204)
        assert lob(s, letter, "in_transit", event="evt_2").status in (200, 204)
        assert facts(s, path, "r00001") == ["returned"], facts(s, path, "r00001")
        s.kill()  # what was answered 2xx is on disk
        s.start()
        assert facts(s, path, "r00000") == ["delivered"] and facts(s, path, "r00001") == ["returned"]


# A message that failed after all would leave its person untold when this fails.
def bounce_after_delivered():
    with System(sim=("--no-callbacks",), ladder="[sms, postal]", wait={"sms": "30s"}) as s:
        people = [person(0, "sms", "post"), person(1, "sms")]
        path = s.incident(people)
        lines = wait_for("the messages", lambda: len(ledger_lines(s)) == 2 and ledger_lines(s))
        sms = next(l for l in lines if l["to"] == people[0]["phone"])
        other = next(l for l in lines if l is not sms)
        for line in (sms, other):
            assert twilio(s, line, "delivered").status in (200, 204)
        s.wait_settled(path, 20)
        assert s.person(path, "r00000")["told"]
        assert twilio(s, sms, "undelivered", error="30003").status in (200, 204)
        wait_for("the letter", lambda: auditor.Ledger(s).letters.get("Person Number0"), 15)
        s.wait_settled(path, 20)
        assert s.person(path, "r00000")["told"]
        kinds = [(r["kind"], r.get("evidence")) for r in s.receipts(path, "r00000")]
        assert ("evidence", "bounced") in kinds or ("evidence", "failed") in kinds, kinds
        assert not auditor.Ledger(s).letters.get("Person Number1")


# Callbacks that overtake the answer to our own request would be lost or crash it when this fails.
def too_early():
    # No delay before the callbacks, and the answers to us come late; doubled and reordered for good measure.
    with System(sim=("--delay-ms", "0", "--duplicate-callbacks", "--reorder-callbacks"), front=1.0,
                wait={"sms": "6s", "post": "2s"}) as s:
        people = [person(i, ("sms", "post")[i % 2]) for i in range(60)]
        path = s.incident(people)
        s.wait_settled(path, 30)
        receipts = s.receipts(path)
        auditor.expect_clean(people, receipts, auditor.Ledger(s))
        told = {r["recipient_id"] for r in receipts if r["kind"] == "told"}
        assert len(told) == 60, len(told)
        early = [r for r in receipts if r["kind"] == "evidence"]
        assert early and receipts.index(early[0]) < receipts.index(
            next(r for r in receipts if r["kind"] == "attempt")), "no callback came before an answer"


# Who answers a text message that he wants the notice on paper would wait for ever, or get two letters, when this fails.
def wish_for_paper():
    with System(sms="webhook", sim=("--duplicate-callbacks",), wait={"sms": "4s"}) as s:
        people = [person(0, "sms", "post", phone="+14155550007"), person(1, "sms", "post")]
        path = s.incident(people)
        wait_for("the letter", lambda: auditor.Ledger(s).letters.get("Person Number0"), 20)
        s.wait_settled(path, 20)
        incident = path.rsplit("/", 1)[1]
        asked = s.expect(s.call("GET", f"/v1/written-notice-requests?incident={incident}", "compliance"), 200).json["items"]
        assert asked and {r["channel_received"] for r in asked} == {"sms"}, asked
        assert sorted(r["state"] for r in asked)[-1] in ("mailed", "sending"), asked
        assert len([r for r in asked if r["state"] != "duplicate"]) == 1, asked
        time.sleep(1)
        letters = auditor.Ledger(s).letters
        assert len(letters["Person Number0"]) == 1 and "Person Number1" not in letters, letters


if __name__ == "__main__":
    main({"wish_for_paper": wish_for_paper, "signatures": signatures, "order": order, "bounce_after_delivered": bounce_after_delivered,
          "too_early": too_early})
