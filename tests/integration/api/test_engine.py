"""The API over the real engine, tocsind as it is started: from POST to receipts, paper included."""
import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from rig import INCIDENT, Rig, expect

CONFIG = """
listen: 127.0.0.1:0
public_url: https://notify.example.org
store:
  path: {folder}/tocsin.db
master_key: file:{folder}/master.key
notices: {notices}
ladder: [email, postal]
beside: [banner]
brakes: {{canary: 0, ramp: []}}
channels:
  - channel: email
    provider: discard
    evidence: {{sufficient: accepted, settles: accepted, wait: 1s}}
  - channel: postal
    provider: discard
    evidence: {{sufficient: accepted, settles: accepted, wait: 1s}}
  - channel: banner
    provider: board
    evidence: {{sufficient: displayed, settles: displayed, wait: 30d}}
"""

FACTS = {"what_happened": "Somebody copied a mailbox.", "what_we_are_doing": "We closed it.",
         "what_you_can_do": "Change your password."}

ORGANISATION = {"name": "Example Bank", "address": "1 Main Street\nSpringfield",
                "contact": {"email": "privacy@example.com", "phone": "+1 800 555 0100", "url": "https://example.com/security"}}


def person(n, **changes):
    return {"recipient_id": f"r{n}", "name": f"Person {n}", "email": f"r{n}@example.org", "account_id": f"a{n}",
            "phone": f"+1415555{100 + n:04}",
            "jurisdiction": "US-CA", "locale": "en", "consent": {"electronic": True},
            "address": {"line1": f"{n} Main Street", "city": "Springfield", "region": "IL", "postal_code": "62701",
                        "country": "US"}, **changes}


class Daemon(Rig):
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.program = str(pathlib.Path(os.environ["BUILD_DIR"]) / "service/tocsind")
        config = pathlib.Path(self.folder.name) / "tocsin.yaml"
        self.config = str(config)
        config.write_text(CONFIG.format(folder=self.folder.name, notices=pathlib.Path("templates/notices").resolve()))
        subprocess.run([self.program, "--keygen", self.folder.name + "/master.key"], check=True, stdout=subprocess.DEVNULL)
        mint = subprocess.run([self.program, "--config", self.config, "--mint-token", "root", "--role", "admin"],
                              check=True, stdout=subprocess.PIPE, text=True)
        self.tokens = {"admin": mint.stdout.strip()}
        self.start()
        for role in ("responder", "approver", "compliance", "operator", "app"):
            answer = expect(self.call("POST", "/v1/tokens", "admin", {"name": role, "roles": [role]}), 201)
            self.tokens[role] = answer.json["token"]
        return self

    def start(self):
        self.log = open(self.folder.name + "/log", "a+")
        at = self.log.seek(0, 2)
        self.process = subprocess.Popen([self.program, "--config", self.config], stderr=self.log)
        self.port = self.wait(lambda: self.find_port(at))
        self.wait(lambda: self.call("GET", "/readyz").status == 200)

    def __exit__(self, *what):
        self.process.send_signal(signal.SIGTERM)
        if what[0] or self.process.wait(40):
            print(pathlib.Path(self.folder.name, "log").read_text()[-6000:])
        super().__exit__(*what)

    def find_port(self, at):
        self.log.seek(at)
        for line in self.log.read().splitlines():
            if line.startswith("{") and json.loads(line).get("port"):
                return json.loads(line)["port"]
        return None

    def wait(self, what, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, pathlib.Path(self.folder.name, "log").read_text()
            value = what()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError("waited in vain: " + pathlib.Path(self.folder.name, "log").read_text()[-3000:])


def view(rig, path):
    return expect(rig.call("GET", path, "responder"), 200).json


def upload(rig):
    key = {"Idempotency-Key": '"real"'}
    body = {**INCIDENT, "organisation": ORGANISATION, "facts": FACTS, "recipients": [person(1), person(2), person(2), {"email": "x@example.org"}]}
    first = expect(rig.call("POST", "/v1/incidents", "responder", body, key), 201)
    again = expect(rig.call("POST", "/v1/incidents", "responder", body, key), 201)
    assert first.body == again.body and again.headers["Idempotency-Replayed"] == "true"
    path = first.headers["Location"]
    counts = {"accepted": 2, "duplicates": 1, "rejected": 1}
    assert first.json["recipients"] == counts and view(rig, path)["recipients"] == counts, first.body
    rows = "".join(json.dumps(person(n)) + "\n" for n in range(3, 60)) + '{"phone":"+14155550123"}\n'
    answer = expect(rig.call("POST", path + "/recipients", "responder", rows, {"Content-Type": "application/x-ndjson"}), 200)
    assert answer.json["accepted"] == 57 and answer.json["rejected"] == 1, answer.body
    rejected = expect(rig.call("GET", answer.json["rejected_rows"], "responder"), 200).json["items"]
    assert [(row["line"], row["field"]) for row in rejected] == [(4, "recipient_id"), (58, "recipient_id")], rejected
    return path


# Somebody would fall out without a word when this fails: a refused row is decided about before anything is released.
def decide_rows(rig, path):
    refused = expect(rig.call("POST", path + "/release", "responder"), 409)
    assert b"2 rejected rows are undecided" in refused.body and path.encode() in refused.body, refused.body
    rows = [row["row"] for row in expect(rig.call("GET", path + "/rejected?undecided=true", "approver"), 200).json["items"]]
    waiver = {"decision": "waive", "rows": rows[:1], "reason": "A line of totals"}
    expect(rig.call("POST", path + "/rejected/decisions", "responder", waiver), 403)
    answer = expect(rig.call("POST", path + "/rejected/decisions", "approver", waiver), 200)
    assert (answer.json["waived"], answer.json["undecided"]) == (1, 1), answer.body
    expect(rig.call("POST", path + "/rejected/decisions", "approver", waiver), 409)
    correction = json.dumps({"rejected_row": rows[1], **person(60)}) + "\n" + json.dumps({"rejected_row": rows[1]}) + "\n"
    answer = expect(rig.call("POST", path + "/recipients?mode=repair", "responder", correction,
                             {"Content-Type": "application/x-ndjson"}), 200)
    assert (answer.json["repaired"], answer.json["accepted"]) == (1, 1), answer.body
    assert [(w["line"], w["field"]) for w in answer.json["still_wrong"]] == [(2, "recipient_id")], answer.body
    states = [row["state"] for row in expect(rig.call("GET", path + "/rejected", "responder"), 200).json["items"]]
    assert states == ["waived", "repaired"], states
    page = expect(rig.call("GET", "/v1/receipts?limit=1000&incident=" + path[14:], "compliance"), 200).json
    kinds = [item["receipt"]["kind"] for item in page["items"]]
    assert kinds.count("row_waived") == 1 and kinds.count("row_repaired") == 1, kinds


def release(rig, path):
    expect(rig.call("POST", "/v1/written-notice-requests", "operator",
                    {"incident": path[14:], "recipient_id": "r1", "channel_received": "web"}), 409)
    preview = expect(rig.call("GET", path + "/preview?recipient=r1", "approver"), 200).json
    assert preview["to"] == "r1@example.org" and "copied a mailbox" in preview["text"], preview
    expect(rig.call("POST", path + "/approvals", "approver", {"hash": "0" * 64}), 409)
    answer = expect(rig.call("POST", path + "/approvals", "approver", {"hash": preview["approval_hash"]}), 200)
    assert answer.json["wave"] > 0, answer.body  # which wave was approved, not the 0 that stands for "the first"
    assert answer.json["state"] == "approved"
    decide_rows(rig, path)  # a correction voids the approval: its person was not looked at
    expect(rig.call("POST", path + "/release", "responder"), 409)
    expect(rig.call("POST", path + "/approvals", "approver"), 200)
    expect(rig.call("POST", path + "/release", "responder"), 200)


def settled(rig, path):
    people = view(rig, path)["waves"][0]["people"]
    return people["planned"] == 60 and people["told"] == 60


def receipts(rig, path):
    query = f"/v1/receipts?incident={path[14:]}"
    lines = rig.call("GET", query, "compliance", headers={"Accept": "application/x-ndjson"})
    items = [json.loads(line) for line in lines.body.splitlines()]
    kinds = [item["receipt"]["kind"] for item in items]
    for kind, least in (("incident_opened", 1), ("roster_accepted", 2), ("approved", 1), ("released", 1), ("attempt", 60)):
        assert kinds.count(kind) >= least, (kind, kinds.count(kind), lines.body[:500])
    addresses = {(item["details"] or {}).get("address") for item in items}
    assert {f"r{n}@example.org" for n in range(1, 60)} <= addresses
    assert b"example.org" not in rig.call("GET", query + "&limit=1000", "operator").body
    assert rig.call("GET", query, "operator", headers={"Accept": "text/csv"}).body.count(b"\r\n") >= len(items)
    mine, after = [], ""
    while after is not None:
        page = expect(rig.call("GET", query + "&recipient=r7&limit=1000" + after, "compliance"), 200).json
        mine += page["items"]
        after = page["next"] and "&after=" + page["next"]
    assert mine and {item["details"]["recipient_id"] for item in mine if item["details"]} == {"r7"}, mine
    person_seen = expect(rig.call("GET", path + "/recipients/r7", "operator"), 200).json
    assert person_seen["told"] is True and person_seen["receipts"], person_seen
    expect(rig.call("GET", path + "/recipients/nobody", "operator"), 404)


def paper(rig, path):
    ask = {"incident": path[14:], "recipient_id": "r9", "channel_received": "phone"}
    first = expect(rig.call("POST", "/v1/written-notice-requests", "operator", ask), 201)
    assert first.json["state"] == "sending" and first.json["fee"] == 0, first.body
    where = first.headers["Location"]
    rig.wait(lambda: rig.call("GET", where, "operator").json["state"] == "mailed")
    again = expect(rig.call("POST", "/v1/written-notice-requests", "operator", ask), 201).json
    assert again["state"] == "duplicate" and again["duplicate_of"] == first.json["id"], again
    by_points = expect(rig.call("POST", "/v1/written-notice-requests", "operator",
                                {"incident": path[14:], "name": "person 10", "email": "r10@example.org",
                                 "channel_received": "web"}), 201).json
    assert by_points["state"] == "sending", by_points
    by_phone = expect(rig.call("POST", "/v1/written-notice-requests", "operator",
                               {"incident": path[14:], "name": "Person 12", "phone": "+1 (415) 555-0112",
                                "channel_received": "phone"}), 201).json
    assert by_phone["state"] == "sending", by_phone
    moved = expect(rig.call("POST", "/v1/written-notice-requests", "operator",
                            {**ask, "recipient_id": "r11", "address": {"line1": "2 New Street", "city": "Springfield",
                                                                       "country": "US"}}), 201).json
    assert (moved["state"], moved["reason"]) == ("needs_person", "new_address"), moved


def other_uploads(rig):
    body = {**INCIDENT, "organisation": ORGANISATION, "facts": FACTS}
    path = expect(rig.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"]
    headers = {"Content-Type": "text/csv", "Idempotency-Key": '"csv"'}
    rows = b"recipient_id,name,email,address_line1,address_city,address_country\r\n" + b"".join(
        b'c%d,"Person, %d",c%d@example.org,1 Main Street,Springfield,US\r\n' % (n, n, n) for n in range(5000))
    first = expect(rig.call("POST", path + "/recipients", "responder", rows, headers), 200)
    again = expect(rig.call("POST", path + "/recipients", "responder", rows, headers), 200)
    assert first.json["accepted"] == 5000 and again.body == first.body, (first.body, again.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    expect(rig.call("POST", path + "/recipients", "responder", rows + b"x", headers), 422, "Idempotency-Key")
    for number in (2, 1, 1):
        part = "".join(json.dumps(person(n)) + "\n" for n in range(number * 100, number * 100 + 100)).encode()
        digest = "sha-256=:" + base64.b64encode(hashlib.sha256(part).digest()).decode() + ":"
        answer = rig.call("PUT", f"{path}/recipients/parts/{number}", "responder", part,
                          {"Content-Type": "application/x-ndjson", "Content-Digest": digest})
        assert answer.status in (200, 201) and answer.json["accepted"] == 100, answer.body
    expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": 3}), 409)
    expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": 2, "count": 199}), 409)
    answer = expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": 2, "count": 200}), 200)
    assert view(rig, path)["recipients"]["accepted"] == 5200, answer.body
    expect(rig.call("POST", path + "/recipients", "responder", b"nonsense,header\r\n1,2\r\n", {"Content-Type": "text/csv"}), 422)


def held_paper(rig):
    body = {**INCIDENT, "organisation": ORGANISATION, "facts": FACTS,
            "recipients": [person(n, email=f"deferred{n}@example.org") for n in range(1, 4)]}
    path = expect(rig.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"]
    expect(rig.call("POST", path + "/approvals", "approver"), 200)
    expect(rig.call("POST", path + "/release", "approver"), 200)
    rig.wait(lambda: view(rig, path)["state"] == "sending")
    expect(rig.call("POST", path + "/hold", "operator", {"reason": "Investigation", "agency": "FBI"}), 200)
    asked = expect(rig.call("POST", "/v1/written-notice-requests", "operator",
                            {"incident": path[14:], "recipient_id": "r2", "channel_received": "post"}), 201)
    assert (asked.json["state"], asked.json["reason"]) == ("matched", "held"), asked.body
    expect(rig.call("POST", path + "/resume", "operator"), 202)
    expect(rig.call("POST", path + "/resume", "approver"), 200)
    where = asked.headers["Location"]
    rig.wait(lambda: rig.call("GET", where, "operator").json["state"] == "mailed")
    expect(rig.call("POST", path + "/cancel", "approver"), 200)


def banner(rig):
    shown = rig.wait(lambda: expect(rig.call("GET", "/v1/accounts/a5/banners", "app"), 200).json["banners"])[0]
    for event in ("displayed", "displayed", "dismissed", "acknowledged"):
        answer = rig.call("POST", f"/v1/banners/{shown['id']}/events", "app", {"event": event})
        assert answer.status == 204, answer.body


def restart(rig, path):
    before = view(rig, path)["recipients"]
    rig.process.send_signal(signal.SIGKILL)
    rig.process.wait()
    rig.start()
    assert view(rig, path)["recipients"] == before
    again = expect(rig.call("POST", "/v1/incidents", "responder", {**INCIDENT}, {"Idempotency-Key": '"real"'}), 422)
    assert "Idempotency-Key" in again.pointers()


# Somebody is not told, or it cannot be shown that he was, when this fails.
if __name__ == "__main__":
    with Daemon() as the_rig:
        the_path = upload(the_rig)
        release(the_rig, the_path)
        the_rig.wait(lambda: settled(the_rig, the_path))
        receipts(the_rig, the_path)
        paper(the_rig, the_path)
        other_uploads(the_rig)
        held_paper(the_rig)
        banner(the_rig)
        restart(the_rig, the_path)
    print("engine ok")
