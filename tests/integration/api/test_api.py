"""test_api.py <part>: the API's promises, over real sockets. Each part is a CTest test."""
import base64
import csv
import hashlib
import io
import json
import pathlib
import re
import socket
import sys
import threading

from rig import INCIDENT, ROLES, Rig, expect

NDJSON = {"Content-Type": "application/x-ndjson"}
ZERO = "0" * 13


def table():
    """(method, path, roles) of routes.c, as it is compiled."""
    source = pathlib.Path("service/api/routes.c").read_text()
    names = {"RESP": "responder", "APPR": "approver", "COMP": "compliance", "OPER": "operator", "APP": "app",
             "ADMIN": "admin"}
    for method, path, roles in re.findall(r'ROUTE\("(\w+)",\s+"([^"]+)", \w+, ([^,]+),', source):
        roles = roles.replace("STAFF", "RESP | APPR | COMP | OPER")
        yield method, path, {names[word] for word in re.findall(r"[A-Z]+", roles) if word in names}


def fill(path):
    for name, value in (("{recipient_id}", "r1"), ("{account_id}", "a1"), ("{channel}", "sms"),
                        ("{provider}", "x"), ("{n}", "1"), ("{slug}", "forbidden")):
        path = path.replace(name, value)
    prefix = {"banners": "ban", "written-notice-requests": "req", "tokens": "tok"}
    word = path.split("/")[2] if path.count("/") > 1 else ""
    path = path.replace("{path...}", "000").replace("{name}", "tocsin-20260101T000000.000Z.db")
    path = path.replace("{ordinal}", "1").replace("{shard}", "1").replace("{upload}", "1").replace("{key}", "1").replace("{version}", "1").replace("{hold}", f"hld_{ZERO[:-1]}7")
    return path.replace("{id}", f"{prefix.get(word, 'inc')}_{ZERO[:-1]}7")


# A role that may not do a thing could do it, or one that may could not, when this fails.
def access(rig):
    rows = list(table())
    assert len(rows) > 25, rows
    for method, path, allowed in rows:
        target = fill(path)
        if not allowed:
            assert rig.call(method, target).status not in (401,), target
            continue
        answer = expect(rig.call(method, target), 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), target
        for role in ROLES:
            if target.endswith("/evidence") and role in allowed:
                continue  # the archive needs the engine itself: tests/integration/evidence
            status = rig.call(method, target, role).status
            assert (status != 403) == (role in allowed), (method, target, role, status)
            assert status != 401 and status != 500, (method, target, role, status)
    bad_tokens(rig)
    minting(rig)
    minted_approver(rig)


def bad_tokens(rig):
    good = rig.tokens["admin"]
    swapped = good[:30] + ("A" if good[30] != "A" else "B") + good[31:]
    for token in ("", "x", good[:-1], swapped, good + "x", "tcs_" + good[4:].upper(), good.replace("tcs", "tok")):
        answer = rig.call("GET", "/v1/tokens", token=token or " ")
        assert answer.status == 401, (token, answer.status)
    for value in ("Basic abc", good, "Bearer", "Bearer  " + good):
        expect(rig.call("GET", "/v1/tokens", headers={"Authorization": value}), 401)
    assert rig.call("GET", "/v1/tokens", headers={"Authorization": "bearer " + good}).status == 200


def minting(rig):
    answer = expect(rig.call("POST", "/v1/tokens", "admin", {"name": "n", "roles": ["app", "operator"]}), 201)
    token = answer.json
    assert token["roles"] == ["operator", "app"] and token["minted_by"].startswith("tok_"), token
    assert rig.call("GET", "/v1/accounts/a1/banners", token=token["token"]).status == 200
    listed = expect(rig.call("GET", "/v1/tokens", "admin"), 200)
    assert token["id"] in [t["id"] for t in listed.json["items"]]
    assert token["token"][18:] not in listed.body.decode(), "a secret in a list"
    for _ in range(2):
        assert rig.call("DELETE", "/v1/tokens/" + token["id"], "admin").status == 204
    expect(rig.call("GET", "/v1/accounts/a1/banners", token=token["token"]), 401)
    expect(rig.call("POST", "/v1/tokens", "admin", {"name": "n", "roles": ["root"]}), 422, "/roles/0")
    expect(rig.call("POST", "/v1/tokens", "admin", {"name": "", "roles": [], "x": 1}), 422, "/name", "/roles", "/x")
    expect(rig.call("DELETE", f"/v1/tokens/tok_{ZERO}", "admin"), 404)


# One person could be both of the two people when this fails.
def minted_approver(rig):
    author = expect(rig.call("POST", "/v1/tokens", "admin", {"name": "a", "roles": ["responder", "admin"]}), 201).json
    path = expect(rig.call("POST", "/v1/incidents", body=INCIDENT, token=author["token"]), 201).headers["Location"]
    second = expect(rig.call("POST", "/v1/tokens", body={"name": "b", "roles": ["approver"]}, token=author["token"]),
                    201).json
    expect(rig.call("POST", path + "/approvals", token=second["token"]), 403)
    assert rig.call("POST", path + "/approvals", "approver").status == 200


BAD = [  # (what is changed, where it must be named); None removes the member
    ({"title": None}, "/title"), ({"title": ""}, "/title"), ({"title": "x" * 201}, "/title"),
    ({"title": "a\r\nBcc: b"}, "/title"), ({"title": 7}, "/title"), ({"kind": "leak"}, "/kind"),
    ({"kind": None}, "/kind"), ({"organisation": {}}, "/organisation/name"), ({"organisation": []}, "/organisation"),
    ({"organisation": {"name": "n", "tax": 1}}, "/organisation/tax"),
    ({"organisation": {"name": "n", "contact": {"email": "a@b\nc"}}}, "/organisation/contact/email"),
    ({"organisation": {"name": "n", "contact": {"url": "javascript:x"}}}, "/organisation/contact/url"),
    ({"organisation": {"name": "n", "contact": {"phone": "none"}}}, "/organisation/contact/phone"),
    ({"occurred_from": "2026-02-30"}, "/occurred_from"), ({"occurred_from": "yesterday"}, "/occurred_from"),
    ({"occurred_to": "2026-05-01"}, "/occurred_to"), ({"discovered_at": "2026-05-02"}, "/discovered_at"),
    ({"discovered_at": "2199-01-01"}, "/discovered_at"),
    ({"data_types": []}, "/data_types"), ({"data_types": None}, "/data_types"),
    ({"data_types": ["name", "shoe_size"]}, "/data_types/1"), ({"data_types": ["name", "name"]}, "/data_types/1"),
    ({"data_types": [1]}, "/data_types/0"), ({"encrypted": "yes"}, "/encrypted"), ({"risk": "huge"}, "/risk"),
    ({"sectors": ["A b"]}, "/sectors/0"), ({"establishment": "Ireland"}, "/establishment"),
    ({"facts": {"What": "x"}}, "/facts/What"), ({"facts": {"what_happened": "{{{raw}}}"}}, "/facts/what_happened"),
    ({"facts": {"what_happened": "x" * 16385}}, "/facts/what_happened"), ({"facts": {"a": 1}}, "/facts/a"),
    ({"facts": {f"f{i}": "x" for i in range(33)}}, "/facts"), ({"channels": ["fax"]}, "/channels/0"),
    ({"channels": []}, "/channels"), ({"test": 1}, "/test"), ({"recipients": [1]}, "/recipients/0"),
    ({"recipients": [{}] * 1001}, "/recipients"), ({"unknown": 1}, "/unknown"), ({"a/b~c": 1}, "/a~1b~0c"),
]

MALFORMED = [
    b"", b"{", b"[]", b"null", b'"x"', b'{"title":"a","title":"b"}', b"{'title':1}", b'{"title":NaN}',
    b'{"title":"\\u0000"}', b'{"title":"\xff"}', b'{"title":"\\ud800"}', b'{} {}', b"[" * 40 + b"]" * 40,
    b'{"title":' + b"[" * 20 + b"]" * 20 + b"}", b'{"a":99999999999999999999}', b'\xef\xbb\xbf{}', b"{/**/}",
]


# Something malformed is taken, or refused without saying where, when this fails.
def incidents(rig):
    for changes, pointer in BAD:
        body = {k: v for k, v in {**INCIDENT, **changes}.items() if v is not None}
        expect(rig.call("POST", "/v1/incidents", "responder", body), 422, pointer)
    for body in MALFORMED:
        expect(rig.call("POST", "/v1/incidents", "responder", body, {"Content-Type": "application/json"}), 400)
    expect(rig.call("POST", "/v1/incidents", "responder", b"{}", {"Content-Type": "text/plain"}), 415)
    expect(rig.call("POST", "/v1/incidents", "responder", b" " * (4 << 20) + b"{}",
                    {"Content-Type": "application/json"}), 413)
    many = expect(rig.call("POST", "/v1/incidents", "responder", {f"m{i}": 1 for i in range(40)}), 422)
    assert len(many.json["errors"]) == 20
    expect(rig.call("GET", "/v1/incidents?limits=1", "responder"), 400, "limits")
    for query in ("limit=0", "limit=201", "limit=x", "after=x", "after=-1.0", "after=1.99999999"):
        expect(rig.call("GET", "/v1/incidents?" + query, "responder"), 400)
    for path in ("/v1/incidents/inc_x", f"/v1/incidents/req_{ZERO}", f"/v1/incidents/inc_{ZERO[:-1]}1"):
        expect(rig.call("GET", path, "responder"), 404)
    good_incident(rig)
    idempotency(rig)
    pages(rig)


def good_incident(rig):
    people = [{"recipient_id": "r1"}, {"recipient_id": "bad"}, {"recipient_id": "r2", "fields": {"x": 1.5}}]
    answer = expect(rig.call("POST", "/v1/incidents", "responder", {**INCIDENT, "recipients": people}), 201)
    assert answer.json["recipients"]["rejected"] == 1, answer.body
    view = expect(rig.call("GET", answer.headers["Location"], "compliance"), 200).json
    assert view["state"] == "draft" and view["id"] == answer.json["id"] and "recipients" not in view["incident"], view
    assert view["waves"][0]["people"]["told"] == 3 and view["waves"][0]["channels"]["email"]["accepted"] == 3
    policy = {**INCIDENT, "kind": "policy_change", "title": "Ünïcode ✓", "occurred_from": "2027-01-01T00:00:00+02:00"}
    del policy["data_types"], policy["discovered_at"]
    expect(rig.call("POST", "/v1/incidents", "responder", policy), 201)


# An incident would be opened twice, or another client's answer given out, when this fails.
def idempotency(rig):
    key = {"Idempotency-Key": '"k-1"'}
    first = expect(rig.call("POST", "/v1/incidents", "responder", INCIDENT, key), 201)
    again = expect(rig.call("POST", "/v1/incidents", "responder", INCIDENT, key), 201)
    assert again.body == first.body and again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true" and not first.headers["Idempotency-Replayed"]
    expect(rig.call("POST", "/v1/incidents", "responder", {**INCIDENT, "test": True}, key), 422, "Idempotency-Key")
    other = expect(rig.call("POST", "/v1/incidents", "responder2", INCIDENT, key), 201)
    assert other.json["id"] != first.json["id"]
    people = {**INCIDENT, "recipients": [{"recipient_id": "r1"}]}
    key = {"Idempotency-Key": '"k-2"'}
    first = expect(rig.call("POST", "/v1/incidents", "responder", people, key), 201)
    again = expect(rig.call("POST", "/v1/incidents", "responder", people, key), 201)
    assert again.body == first.body and first.json["recipients"]["accepted"] == 1
    for value in ("k", '"', '""', '"a', '"a"b', '"a";p', '"' + "x" * 256 + '"', '"a\\b"'):
        expect(rig.call("POST", "/v1/incidents", "responder", INCIDENT, {"Idempotency-Key": value}), 400,
               "Idempotency-Key")
    in_flight(rig)


def in_flight(rig):
    path = rig.incident()
    head = (f"POST {path}/recipients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.tokens['responder']}\r\n"
            'Content-Type: application/x-ndjson\r\nIdempotency-Key: "slow"\r\nContent-Length: 22\r\n\r\n')
    with socket.create_connection(("127.0.0.1", rig.port), timeout=20) as slow:
        slow.sendall(head.encode() + b'{"recipient')
        for _ in range(200):
            answer = rig.call("POST", path + "/recipients", "responder", b'{"recipient_id":"r1"}\n',
                              {**NDJSON, "Idempotency-Key": '"slow"'})
            if answer.status == 409:
                break
        expect(answer, 409, "Idempotency-Key")
        slow.sendall(b'_id":"r1"}\n')
        assert b" 200 " in slow.recv(65536).split(b"\r\n")[0]


def pages(rig):
    for _ in range(3):
        rig.incident()
    seen, after = [], ""
    while after is not None:
        page = expect(rig.call("GET", "/v1/incidents?limit=2" + (f"&after={after}" if after else ""), "admin"), 200).json
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) > 6


def digest(body):
    return {"Content-Digest": "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"}


# A roster would be lost, doubled, or half kept when this fails.
def roster(rig):
    path = rig.incident()
    rows = b"".join(b'{"recipient_id":"r%d"}\n' % i for i in range(20000)) + b'{"bad":1}'
    answer = expect(rig.call("POST", path + "/recipients", "responder", rows, NDJSON), 200).json
    assert (answer["accepted"], answer["rejected"]) == (20000, 1), answer
    assert answer["sha256"] == hashlib.sha256(rows).hexdigest()
    listed = rig.call("GET", answer["rejected_rows"], "responder")
    assert listed.status == 200 and listed.json["next"] is None, listed.body
    lines = rig.call("GET", answer["rejected_rows"], "responder", headers={"Accept": "application/x-ndjson"})
    assert lines.status == 200 and lines.headers["Content-Type"] == "application/x-ndjson"
    expect(rig.call("POST", path + "/recipients", "responder", rows, {"Content-Type": "application/json"}), 415)
    expect(rig.call("POST", path + "/recipients", "responder", rows, {**NDJSON, "Content-Encoding": "gzip"}), 415)
    expect(rig.call("POST", path + "/recipients", "responder", b"x", {**NDJSON, **digest(b"y")}), 422)
    expect(rig.call("POST", path + "/recipients", "responder", b"x", {**NDJSON, "Content-Digest": "sha-256=abc"}), 400)
    expect(rig.call("POST", f"/v1/incidents/inc_{ZERO[:-1]}1/recipients", "responder", b"x", NDJSON), 404)
    keyed_upload(rig, path)
    parts(rig)
    given_up(rig)


def keyed_upload(rig, path):
    headers = {**NDJSON, "Idempotency-Key": '"u"'}
    body = b'{"recipient_id":"z"}\n' * 50000
    first = expect(rig.call("POST", path + "/recipients", "responder", body, headers), 200)
    again = expect(rig.call("POST", path + "/recipients", "responder", body, headers), 200)
    assert again.body == first.body and again.headers["Idempotency-Replayed"] == "true"
    expect(rig.call("POST", path + "/recipients", "responder", body[1:], headers), 422, "Idempotency-Key")


def parts(rig):
    path = rig.incident()
    one, two = b'{"recipient_id":"a"}\n', b'recipient_id\nb\n'
    expect(rig.call("PUT", path + "/recipients/parts/1", "responder", one, NDJSON), 400, "Content-Digest")
    for status in (201, 200, 200):
        answer = expect(rig.call("PUT", path + "/recipients/parts/1", "responder", one, {**NDJSON, **digest(one)}), status)
        assert answer.json["accepted"] == 1 and answer.json["part"] == 1
    expect(rig.call("PUT", path + "/recipients/parts/1", "responder", two, {**NDJSON, **digest(two)}), 409)
    expect(rig.call("PUT", path + "/recipients/parts/1", "responder", two, {**NDJSON, **digest(one)}), 422, "Content-Digest")
    for number in ("0", "x", "-1", "100001"):
        expect(rig.call("PUT", path + "/recipients/parts/" + number, "responder", one, {**NDJSON, **digest(one)}), 400)
    expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": 2}), 409)
    expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": 0}), 422, "/parts")
    expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": "2", "x": 1}), 422, "/parts", "/x")
    expect(rig.call("PUT", path + "/recipients/parts/2", "responder", two, {"Content-Type": "text/csv", **digest(two)}), 201)
    answer = expect(rig.call("POST", path + "/recipients/commit", "responder", {"parts": 2, "count": 3}), 200)
    assert answer.json["accepted"] == 3, answer.body


def given_up(rig):
    path = rig.incident()
    head = (f"POST {path}/recipients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.tokens['responder']}\r\n"
            "Content-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n")
    with socket.create_connection(("127.0.0.1", rig.port), timeout=20) as gone:
        gone.sendall(head.encode() + b'{"recipient_id":"r1"}\n')
    for _ in range(200):
        answer = rig.call("POST", path + "/recipients", "responder", b'{"recipient_id":"r1"}\n', NDJSON)
        if answer.status == 200:
            break
    assert expect(answer, 200).json["accepted"] == 1


# A decision is taken on a malformed wish, or by the wrong state, when this fails.
def decisions(rig):
    path = rig.incident()
    expect(rig.call("POST", path + "/release", "responder"), 409)
    expect(rig.call("POST", path + "/approvals", "approver", {"hash": "zz"}), 422, "/hash")
    expect(rig.call("POST", path + "/approvals", "approver", {"hsh": 1, "wave": -1}), 422, "/hsh", "/wave")
    expect(rig.call("POST", path + "/approvals", "approver", b"{}", {"Content-Type": "text/plain"}), 415)
    answer = expect(rig.call("POST", path + "/approvals", "approver", {"hash": "0" * 64}), 200).json
    assert answer["state"] == "approved" and answer["approvals"] == 1
    assert expect(rig.call("POST", path + "/release", "approver", {}), 200).json["state"] == "sending"
    expect(rig.call("POST", path + "/hold", "operator"), 415)
    expect(rig.call("POST", path + "/hold", "operator", {}), 422, "/reason")
    expect(rig.call("POST", path + "/hold", "operator", {"reason": "r", "until": "soon"}), 422, "/until")
    answer = expect(rig.call("POST", path + "/hold", "operator", {"reason": "r", "agency": "FBI", "until": "2027-01-01"}), 200)
    assert answer.json["state"] == "held" and answer.json["until"] == "2027-01-01T00:00:00.000Z", answer.body
    assert expect(rig.call("POST", path + "/resume", "operator"), 202).json["resumed"] is False
    expect(rig.call("POST", path + "/resume", "operator"), 403)  # another person must agree
    assert expect(rig.call("POST", path + "/resume", "approver"), 200).json["state"] == "sending"
    assert expect(rig.call("POST", path + "/cancel", "approver"), 200).json["state"] == "canceled"
    expect(rig.call("GET", path + "/preview", "approver"), 400, "recipient")
    expect(rig.call("GET", path + "/preview?recipient=x", "approver"), 404)
    preview = expect(rig.call("GET", path + "/preview?recipient=r1&channel=email", "approver"), 200).json
    assert preview["ladder"][0]["channel"] == "email" and preview["html"] is None
    person = expect(rig.call("GET", path + "/recipients/a%2Fb", "compliance"), 200)
    assert person.json["recipient_id"] == "a/b"
    assert expect(rig.call("GET", path + "/rehearsal?limit=7", "approver"), 200).json["withheld"] == 7
    expect(rig.call("GET", path + "/rehearsal?limit=5000", "approver"), 400, "limit")
    where = path + "/recipients/r1/decision"
    expect(rig.call("POST", where, "operator", {"channel": "postal", "decision": "perhaps"}), 422, "/decision")
    expect(rig.call("POST", where, "operator", {"decision": "sent"}), 422, "/channel")
    expect(rig.call("POST", where, "operator", {"channel": "email", "decision": "sent"}), 409)
    decided = expect(rig.call("POST", where, "approver", {"channel": "postal", "decision": "next_rung", "note": "n"}), 200)
    assert decided.json["decision"] == "next_rung" and decided.json["recipient_id"] == "r1"


# A receipt is left out of an export, or a detail given to the wrong role, when this fails.
def receipts(rig):
    seen, after = [], ""
    while after is not None:
        page = expect(rig.call("GET", "/v1/receipts?limit=500" + (f"&after={after}" if after else ""), "operator"), 200)
        link = page.headers["Link"]
        seen += [item["receipt_id"] for item in page.json["items"]]
        assert all(item["details"] is None for item in page.json["items"])
        after = page.json["next"]
        assert (link is None) == (after is None) and (not link or f"after={after}" in link)
    assert seen == [f"rct_{i}.0" for i in range(1200)], len(seen)
    assert len(expect(rig.call("GET", "/v1/receipts", "admin"), 200).json["items"]) == 100
    lines = expect(rig.call("GET", "/v1/receipts", "compliance", headers={"Accept": "application/x-ndjson"}), 200)
    items = [json.loads(line) for line in lines.body.decode().splitlines()]
    assert [item["receipt_id"] for item in items] == seen
    assert items[0]["details"] == {"address": "r1@example.org"} and items[7]["receipt"]["attempt"] == 7
    table_csv(rig, seen)
    path = rig.incident()
    expect(rig.call("GET", "/v1/receipts?recipient=r1", "operator"), 400, "recipient")
    expect(rig.call("GET", "/v1/receipts?incident=x", "operator"), 400, "incident")
    expect(rig.call("GET", f"/v1/receipts?incident=inc_{ZERO[:-1]}1", "operator"), 404)
    link = rig.call("GET", f"/v1/receipts?incident={path[14:]}&recipient=r%261&limit=1", "operator").headers["Link"]
    assert "recipient=r%261" in link and "limit=1" in link, link
    for accept, status, kind in (("application/xml", 406, None), ("text/html, */*;q=0.1", 200, "application/json"),
                                 ("text/*", 200, "text/csv"), ("application/json;q=0.5, text/csv", 200, "text/csv"),
                                 ("*/*;q=0", 406, None)):
        answer = rig.call("GET", "/v1/receipts?limit=1", "operator", headers={"Accept": accept})
        assert answer.status == status and (not kind or answer.headers["Content-Type"].startswith(kind)), accept
    client_leaves(rig)


def table_csv(rig, seen):
    answer = expect(rig.call("GET", "/v1/receipts", "compliance", headers={"Accept": "text/csv"}), 200)
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["receipt_id"] for row in rows] == seen
    assert rows[0]["reason"] == "'=1+1" and rows[3]["attempt"] == "3" and rows[0]["address"] == "r1@example.org"


def client_leaves(rig):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", rig.port), timeout=20) as gone:
            gone.sendall(f"GET /v1/receipts HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\nAuthorization: Bearer "
                         f"{rig.tokens['operator']}\r\n\r\n".encode())
            gone.recv(10)
    assert rig.call("GET", "/healthz").status == 200


# A banner is told twice, or a provider's callback taken unsigned, when this fails.
def banners(rig):
    answer = expect(rig.call("GET", "/v1/accounts/a1/banners", "app"), 200)
    banner, etag = answer.json["banners"][0], answer.headers["ETag"]
    assert rig.call("GET", "/v1/accounts/a1/banners", "app", headers={"If-None-Match": etag}).status == 304
    for event in ("displayed", "displayed", "acknowledged", "displayed", "dismissed"):
        assert rig.call("POST", f"/v1/banners/{banner['id']}/events", "app", {"event": event}).status == 204
    answer = rig.call("GET", "/v1/accounts/a1/banners", "app", headers={"If-None-Match": etag})
    assert answer.status == 200 and answer.json["banners"][0]["state"] == "acknowledged"
    assert answer.json["banners"][0]["dismissed"] is True and answer.headers["ETag"] != etag
    assert expect(rig.call("GET", "/v1/accounts/nobody/banners", "app"), 200).json["banners"] == []
    expect(rig.call("POST", f"/v1/banners/{banner['id']}/events", "app", {"event": "seen"}), 422, "/event")
    expect(rig.call("POST", f"/v1/banners/ban_{ZERO[:-1]}9/events", "app", {"event": "displayed"}), 404)
    expect(rig.call("POST", "/v1/banners/x/events", "app", {"event": "displayed"}), 404)
    expect(rig.call("GET", "/v1/accounts/" + "a" * 129 + "/banners", "app"), 400)
    reports(rig)


def reports(rig):
    signed = {"X-Signature": "good", "Content-Type": "application/x-www-form-urlencoded"}
    answer = rig.call("POST", "/v1/reports/sms/twilio?token=a%20b&x=1", body=b"MessageStatus=sent", headers=signed)
    assert answer.status == 200, answer.body
    assert answer.body == b"https://notify.example.org/v1/reports/sms/twilio?token=a%20b&x=1", answer.body
    assert rig.call("GET", "/v1/reports/sms/kannel?status=8", headers=signed).status == 200
    expect(rig.call("POST", "/v1/reports/sms/twilio", body=b"x"), 403)
    expect(rig.call("POST", "/v1/reports/fax/x", body=b"x", headers=signed), 404)
    expect(rig.call("POST", "/v1/reports/sms/x", body=b"x" * 65537, headers=signed), 413)
    assert rig.call("HEAD", "/v1/reports/sms/kannel", headers=signed).status == 405


def ask(rig, path, role="operator", headers=None, **given):
    body = {"incident": path[14:], "channel_received": "phone", **given}
    return rig.call("POST", "/v1/written-notice-requests", role, body, headers)


# Paper is sent to a stranger, twice, or not at all when this fails.
def requests(rig):
    expect(ask(rig, rig.incident(), recipient_id="r1"), 409)
    path = rig.incident(released=True)
    first = expect(ask(rig, path, recipient_id="r1"), 201).json
    assert first["state"] == "sending" and first["fee"] == 0, first
    second = expect(ask(rig, path, name="PERSON 1", email="R1@EXAMPLE.ORG"), 201).json
    assert second["state"] == "duplicate" and second["duplicate_of"] == first["id"], second
    cases = [({"name": "Person 2", "account_id": "a2"}, "sending", None),
             ({"name": "Person 3", "account_id": "a4"}, "needs_person", "not_identified"),
             ({"name": "Person 3", "postal_code": "103"}, "needs_person", "not_identified"),
             ({"account_id": "a5", "email": "r6@example.org", "name": "x"}, "needs_person", "not_identified"),
             ({"recipient_id": "nobody"}, "needs_person", "not_identified"),
             ({"recipient_id": "r95"}, "needs_person", "no_address"),
             ({"recipient_id": "r7", "address": {"line1": "1, main street", "city": "SPRINGFIELD", "postal_code": "107",
                                                 "country": "US"}}, "sending", None),
             ({"recipient_id": "r8", "address": {"line1": "2 Main Street", "city": "Springfield", "postal_code": "108",
                                                 "country": "US"}}, "needs_person", "new_address")]
    for given, state, reason in cases:
        answer = expect(ask(rig, path, **given), 201).json
        assert (answer["state"], answer["reason"]) == (state, reason), (given, answer)
    uniform(rig, path)
    decide(rig, path)
    bad_requests(rig, path)
    held = rig.incident(released=True, title="held")
    answer = expect(ask(rig, held, recipient_id="r1"), 201).json
    assert (answer["state"], answer["reason"]) == ("matched", "held"), answer


def uniform(rig, path):
    known = expect(ask(rig, path, "app", recipient_id="r9"), 201).json
    stranger = expect(ask(rig, path, "app", recipient_id="nobody"), 201).json
    assert set(known) == set(stranger) and known["message"] == stranger["message"] and "state" not in known
    key = {"Idempotency-Key": '"paper"'}
    first = expect(ask(rig, path, headers=key, recipient_id="r10"), 201)
    again = expect(ask(rig, path, headers=key, recipient_id="r10"), 201)
    assert again.body == first.body and again.headers["Location"] == first.headers["Location"]
    expect(ask(rig, path, headers=key, recipient_id="r11"), 422)
    listed, after = [], ""
    while after is not None:
        query = f"?incident={path[14:]}&limit=3" + (f"&after={after}" if after else "")
        page = expect(rig.call("GET", "/v1/written-notice-requests" + query, "compliance"), 200).json
        listed += [item["id"] for item in page["items"]]
        after = page["next"]
    assert len(listed) == len(set(listed)) == 13, listed


def decide(rig, path):
    case = expect(ask(rig, path, name="Somebody", phone="555", note="Large print"), 201)
    where = case.headers["Location"]
    shown = expect(rig.call("GET", where, "operator"), 200).json
    assert shown["given"]["note"] == "Large print" and shown["reason"] == "not_identified", shown
    expect(rig.call("POST", where + "/decision", "operator", {}), 422)
    expect(rig.call("POST", where + "/decision", "operator", {"close": "bored"}), 422, "/close")
    expect(rig.call("POST", where + "/decision", "operator", {"recipient_id": "nobody"}), 409)
    assert expect(rig.call("POST", where + "/decision", "operator", {"recipient_id": "r20"}), 200).json["state"] == "sending"
    shown = expect(rig.call("GET", where, "operator"), 200).json
    assert shown["state"] == "sending" and shown["given"]["note"] == "Large print"
    other = expect(ask(rig, path, recipient_id="nobody"), 201).headers["Location"]
    assert expect(rig.call("POST", other + "/decision", "operator", {"close": "not_affected"}), 200).json["state"] == "closed"
    expect(rig.call("POST", other + "/decision", "operator", {"recipient_id": "r21"}), 409)
    expect(rig.call("GET", f"/v1/written-notice-requests/req_{ZERO[:-1]}1", "operator"), 404)


def bad_requests(rig, path):
    expect(ask(rig, path), 422, "/recipient_id")
    expect(ask(rig, path, name="Only"), 422, "/recipient_id")
    expect(ask(rig, path, recipient_id="r1", channel_received="pigeon"), 422, "/channel_received")
    expect(ask(rig, path, recipient_id="r1", address={"line1": "x"}), 422, "/address/city", "/address/country")
    expect(ask(rig, path, recipient_id="r1", fee=5), 422, "/fee")
    expect(ask(rig, "/v1/incidents/x", recipient_id="r1"), 422, "/incident")
    expect(ask(rig, f"/v1/incidents/inc_{ZERO[:-1]}1", recipient_id="r1"), 404)


# A watcher is told wrong, or a reader finds no description, when this fails.
def service(rig):
    assert rig.call("GET", "/healthz").json["status"] == "ok"
    assert rig.call("GET", "/readyz").json == {"status": "ready", "reasons": [], "warnings": []}
    text = rig.call("GET", "/metrics")
    assert text.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in text.body.decode().splitlines():
        assert line.startswith("# ") or re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9]+', line), line
    assert b'tocsin_outcomes_total{channel="email",provider="smtp",outcome="delivered"} 0' in text.body
    source = pathlib.Path("service/api/openapi.yaml").read_bytes()
    assert rig.call("GET", "/v1/openapi.yaml").body == source
    answer = rig.call("GET", "/v1/tokens")
    assert rig.call("GET", answer.json["type"]).status == 200
    expect(rig.call("GET", "/problems/none"), 404)
    expect(rig.call("PATCH", "/v1/incidents"), 405)
    assert rig.call("GET", "/v1/nothing").status == 404
    threads = [threading.Thread(target=lambda: [rig.call("GET", "/readyz") for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Nobody can try what the law asks for before an incident is opened, or a slip in the facts gives a plan, when this fails.
def law(rig):
    facts = {"incident": {"data_types": ["name", "ssn"], "discovered_at": "2026-03-02", "encrypted": False},
             "people": {"US-CA": 620, "XK": 2}, "contact": {"US-CA": {"email": 500, "email_consented": 400, "postal": 620}},
             "events": [{"type": "letters_sent", "at": "2026-03-16"}], "now": "2026-03-20"}
    answer = expect(rig.call("POST", "/v1/law/evaluate", "approver", facts), 200).json
    duties = {(o["jurisdiction"], o["to"]): o for o in answer["obligations"]}
    assert duties["US-CA", "regulator"]["due"] == "2026-03-31" and duties["US-CA", "regulator"]["required"]
    assert answer["no_record"] == ["XK"] and len(answer["rules_digest"]) == 64 and "counsel" in answer["notice"]
    assert [c["counts_as"] for c in answer["channels"]["US-CA"] if c["channel"] == "email"] == ["notice", "supplement"]
    facts["incident"]["risk"] = "low"
    wrong = expect(rig.call("POST", "/v1/law/evaluate", "approver", facts), 422)
    assert "/incident/risk" in wrong.body.decode(), wrong.body
    expect(rig.call("POST", "/v1/law/evaluate", "app", facts), 403)
    expect(rig.call("POST", "/v1/law/evaluate", "approver", b"{", {"Content-Type": "application/json"}), 400)
    law_duties(rig)


def law_duties(rig):
    wrong = {"title": "t", "kind": "breach", "organisation": {"name": "o"}, "data_types": ["ssn"], "law": {"role": "x", "codes": True}}
    expect(rig.call("POST", "/v1/incidents", "responder", wrong), 422, "/law/role", "/law/codes")
    path = rig.incident()
    expect(rig.call("POST", path + "/plan", "app"), 403)
    assert expect(rig.call("POST", path + "/plan", "responder"), 200).json["obligations"] == []
    duty = path + "/duties/US-MD.regulator"
    expect(rig.call("POST", duty, "operator", {}), 422, "/done_at")
    expect(rig.call("POST", duty, "operator", {"done_at": "2999-01-01"}), 422, "/done_at")
    expect(rig.call("POST", duty, "operator", {"done_at": "2026-01-01", "attachment_digest": "x"}), 422, "/attachment_digest")
    expect(rig.call("POST", duty, "approver", {"override": True}), 422, "/note")
    expect(rig.call("POST", duty, "operator", {"override": True, "note": "no answer"}), 403)
    assert expect(rig.call("POST", duty, "approver", {"override": True, "note": "no answer"}), 200).json["state"] == "overridden"
    done = expect(rig.call("POST", duty, "operator", {"done_at": "2026-01-01", "reference": "OAG-1"}), 200).json
    assert done["state"] == "done" and done["done_at"].startswith("2026-01-01") and done["name"] == "the authority", done
    expect(rig.call("POST", path + "/duties/none", "operator", {"done_at": "2026-01-01"}), 404)
    items = expect(rig.call("GET", "/v1/obligations", "admin"), 200).json["items"]
    assert items[0]["key"] == "US-MD.regulator" and items[0]["people_wait"] and items[0]["seconds_left"] is None, items
    refrain = path + "/decisions-not-to-notify"
    expect(rig.call("POST", refrain, "responder", {"jurisdictions": ["US-NJ"], "reasons": "r"}), 403)
    expect(rig.call("POST", refrain, "approver", {"jurisdictions": ["nowhere"], "reasons": "r"}), 422, "/jurisdictions/0")
    expect(rig.call("POST", refrain, "approver", {"jurisdictions": []}), 422, "/reasons")
    assert expect(rig.call("POST", refrain, "approver", {"jurisdictions": ["US-NJ"], "reasons": "r"}), 201).json["keep_months"] == 60
    assert b'tocsin_obligation_seconds_left{jurisdiction="US-MD",to="regulator"} -' in rig.call("GET", "/metrics").body


# A wish for paper is taken for a STOP, from whoever comes, or with the address in a URL, when this fails.
def preferences(rig):
    def ask(who, code, body, path="", role="app"):
        method = "POST" if path else "PUT"
        return expect(rig.call(method, "/v1/preferences" + path, role, body), code).json

    assert ask("account", 200, {"account_id": "4711"}, "/lookup") == {"dead": None, "paper": None, "stop": None}
    told = ask("account", 200, {"account_id": "4711", "paper": True})
    assert told["paper"]["source"] == "person" and told["stop"] is None, told
    assert ask("account", 200, {"account_id": "4711"}, "/lookup", "compliance")["paper"]
    assert ask("account", 200, {"account_id": "4711", "paper": False}, role="operator")["paper"] is None
    street = {"line1": "1 Main St", "city": "Springfield", "country": "US"}
    assert ask("street", 200, {"address": street, "dead": True})["dead"]["since"]
    ask("nobody", 422, {"paper": True})
    ask("two", 422, {"email": "a@x.example", "phone": "+14155550123", "stop": True})
    ask("nothing", 422, {"email": "a@x.example"})
    ask("no address", 422, {"email": "nobody", "stop": True})
    ask("no number", 422, {"phone": "12", "stop": True})
    ask("half a street", 422, {"address": {"line1": "1 Main St"}, "dead": True})
    ask("an account is not dead", 422, {"account_id": "4711", "dead": True})
    ask("responders do not", 403, {"account_id": "4711", "paper": True}, role="responder")


# Something answered 2xx is lost on a full disk, or taken though it cannot be kept, when this fails.
def disk(rig):
    taken, answer = {}, None
    for n in range(400):
        key = {"Idempotency-Key": f'"{n}"'}
        answer = rig.call("POST", "/v1/incidents", "responder", {**INCIDENT, "facts": {"a": "x" * 9000}}, key)
        if answer.status != 201:
            break
        taken[n] = answer.body
    expect(answer, 503)
    assert taken and answer.headers["Retry-After"], len(taken)
    ready = rig.call("GET", "/readyz")
    assert ready.status == 503 and "store" in ready.json["reasons"][0], ready.body
    assert b"tocsin_store_healthy 0" in rig.call("GET", "/metrics").body
    expect(rig.call("POST", "/v1/incidents", "responder", INCIDENT), 503)
    assert rig.call("GET", "/v1/tokens", "admin").status == 200, "reading must go on"
    rig.process.terminate()
    rig.process.wait(20)
    tokens, rig.small = rig.tokens, False
    rig.serve()
    for n, body in taken.items():
        again = rig.call("POST", "/v1/incidents", body={**INCIDENT, "facts": {"a": "x" * 9000}},
                         headers={"Idempotency-Key": f'"{n}"'}, token=tokens["responder"])
        assert again.body == body and again.headers["Idempotency-Replayed"] == "true", n


if __name__ == "__main__":
    with Rig(small=sys.argv[1] == "disk") as the_rig:
        globals()[sys.argv[1]](the_rig)
    print(sys.argv[1], "ok")
