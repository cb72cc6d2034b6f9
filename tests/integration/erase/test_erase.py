"""Forgetting through the API and the command, on tocsind as it is started."""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "api"))
from rig import INCIDENT, expect  # noqa: E402
import test_engine  # noqa: E402
from test_engine import FACTS, ORGANISATION, Daemon, person, view  # noqa: E402

test_engine.CONFIG = test_engine.CONFIG.replace("wait: 30d", "wait: 1s")  # a banner nobody looks at is over soon

TOCSIN = os.path.join(os.environ["BUILD_DIR"], "service/ctl/tocsin")


def open_incident(rig, people):
    body = {**INCIDENT, "organisation": ORGANISATION, "facts": FACTS, "recipients": people}
    path = expect(rig.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"]
    return path


def send(rig, path, n):
    expect(rig.call("POST", path + "/approvals", "approver", {}), 200)
    expect(rig.call("POST", path + "/release", "responder"), 200)
    rig.wait(lambda: view(rig, path)["waves"][0]["state"] == "settled")
    assert view(rig, path)["waves"][0]["people"]["told"] == n


def erase(rig, code, role="compliance", **body):
    return expect(rig.call("POST", "/v1/recipients/erasures", role, {"basis": "gdpr-17-1-b", **body}), code).json


def tocsin(rig, code, *arguments):
    done = subprocess.run([TOCSIN, "--url", f"http://127.0.0.1:{rig.port}", *arguments], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "TOCSIN_TOKEN": rig.tokens["compliance"]})
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


# A door takes what it must refuse, or forgets somebody who is not told yet, when this fails.
def refusals(rig, path):
    incident = path[14:]
    erase(rig, 409, incident=incident, recipient_id="r1")
    erase(rig, 422, incident=incident, all=True, recipient_id="r1")
    erase(rig, 422, recipient_id="r1")
    erase(rig, 422, incident=incident)
    erase(rig, 422, incident=incident, recipient_id="r1", account_id="a1")
    erase(rig, 422, incident=incident, recipient_id="r1", basis="Mr Smith asked")
    erase(rig, 422, incident="inc_x", recipient_id="r1")
    erase(rig, 403, "responder", incident=incident, recipient_id="r1")
    expect(rig.call("POST", path + "/erasure", "compliance", {"basis": "x"}), 409)
    assert "--basis" in tocsin(rig, 2, "erase", "--all", "--recipient", "r1")


# A legal hold is set without a trace, or does not hold, when this fails.
def holds(rig, path):
    kept = expect(rig.call("GET", path + "/retention", "operator"), 200).json
    assert kept["retention_months"] == 84 and not kept["legal_hold"] and kept["due_at"] > "2033", kept
    expect(rig.call("PUT", path + "/retention", "operator", {"legal_hold": True, "reason": "r"}), 403)
    expect(rig.call("PUT", path + "/retention", "compliance", {"legal_hold": True}), 422)
    expect(rig.call("PUT", path + "/retention", "compliance", {"reason": "r"}), 422)
    tocsin(rig, 0, "retention", path[14:], "--legal-hold", "on", "--months", "96", "--reason", "Litigation")
    kept = expect(rig.call("GET", path + "/retention", "operator"), 200).json
    assert kept["retention_months"] == 96 and kept["legal_hold"] and kept["due_at"] is None, kept
    erase(rig, 409, incident=path[14:], recipient_id="r1")
    expect(rig.call("PUT", path + "/retention", "compliance", {"legal_hold": False, "reason": "over"}), 200)


def leaves(rig, path, role="compliance"):
    lines = rig.call("GET", f"/v1/receipts?incident={path[14:]}", role, headers={"Accept": "application/x-ndjson"})
    return [json.loads(line) for line in lines.body.splitlines()]


# What the API still tells of a person who was erased, or whom it lost besides, shows when this fails.
def gone(rig, first, second):
    before = leaves(rig, first)
    answer = erase(rig, 200, all=True, recipient_id="r1")
    assert answer["people"] == 2 and answer["verified"], answer
    assert {item["incident"] for item in answer["incidents"]} == {first[14:], second[14:]}, answer
    for path in (first, second):
        problem = expect(rig.call("GET", path + "/recipients/r1", "compliance"), 404).json
        assert "erased" in json.dumps(problem), problem
        expect(rig.call("GET", path + "/recipients/r2", "compliance"), 200)
    after = leaves(rig, first)
    assert [item["receipt"] for item in after[:len(before)]] == [item["receipt"] for item in before]
    erased = [item["receipt"] for item in after if item["receipt"]["kind"] == "erased"]
    assert len(erased) == 1 and erased[0]["facts"]["basis"] == "gdpr-17-1-b", erased
    assert "r1@example.org" in json.dumps(before) and "r1@example.org" not in json.dumps(after)
    assert "r2@example.org" in json.dumps(after)
    erase(rig, 404, all=True, recipient_id="r1")
    assert "verified" in tocsin(rig, 0, "erase", "--incident", second[14:], "--account", "a2", "--basis", "gdpr-17-1-a")
    banners = expect(rig.call("GET", "/v1/accounts/a2/banners", "app"), 200).json
    assert {b["incident"] for b in banners["banners"]} == {first[14:]}, banners


# An incident that was erased is half there, or its receipts are gone with it, when this fails.
def whole(rig, path):
    before = [item["receipt"] for item in leaves(rig, path)]
    tocsin(rig, 0, "erase", "--incident", path[14:], "--basis", "gdpr-5-1-e")
    expect(rig.call("GET", path, "responder"), 403)
    expect(rig.call("POST", path + "/erasure", "compliance", {"basis": "x"}), 409)
    assert expect(rig.call("GET", path + "/retention", "operator"), 200).json["erased_at"]
    after = leaves(rig, path)
    assert [item["receipt"] for item in after[:len(before)]] == before and "r3@example.org" not in json.dumps(after)
    titles = [i["title"] for i in expect(rig.call("GET", "/v1/incidents", "responder"), 200).json["items"]]
    assert titles.count("(erased)") == 1, titles
    expect(rig.call("GET", "/v1/accounts/a3/banners", "app"), 200)


if __name__ == "__main__":
    with Daemon() as daemon:
        one = open_incident(daemon, [person(1), person(2), person(3)])
        refusals(daemon, one)
        send(daemon, one, 3)
        other = open_incident(daemon, [person(1), person(2), person(3)])
        send(daemon, other, 3)
        holds(daemon, one)
        gone(daemon, one, other)
        whole(daemon, other)
    print("ok")
