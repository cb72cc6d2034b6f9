"""test_kill.py [NAME]: kill -9 at random moments, and the providers' ledgers as the judge."""
import base64
import hashlib
import http.client
import json
import os
import random
import threading
import time

import auditor
from rig import System, main, person, wait_for

KILLS = int(os.environ.get("KILLS", "15"))
PEOPLE = int(os.environ.get("PEOPLE", "240"))


def roster(n):
    """Ways in all mixtures, so that every kill finds work of all channels under way."""
    ways = (("email",), ("sms",), ("post",), ("email", "sms", "post", "account"), ("sms", "post"), ("email", "account"))
    return [person(i, *ways[i % len(ways)]) for i in range(n)]


def in_a_run(s, path, people, kills):
    killed = 0
    while killed < kills:
        time.sleep(random.uniform(0.05, 1.2))
        if s.state(path) == "settled":
            break
        s.kill()
        killed += 1
        s.start()
    s.wait_settled(path, 120)
    receipts = s.receipts(path)
    ledger = auditor.Ledger(s)
    auditor.expect_clean(people, receipts, ledger)
    uncertain = sum(r.get("outcome") == "uncertain" for r in receipts)
    twice = [a for d in (ledger.mails, ledger.sms, ledger.letters) for a, refs in d.items() if len(refs) > 1]
    print(f"{killed} kills, ledgers {ledger.counts()}, {uncertain} uncertain receipts, {len(twice)} sent twice")
    return ledger, killed


# A notice would be lost, or sent twice with nobody knowing, by a crash when this fails.
def under_load():
    # Slow lines: at every moment something is half sent. Rates keep it busy for longer than the kills take.
    with System(mail_delay=0.02, front=0.3, email_rate=12, sms_rate=8, post_rate=5, retry_limit=30) as s:
        people = roster(PEOPLE)
        path = s.incident(people)
        ledger, killed = in_a_run(s, path, people, KILLS)
        assert killed >= min(KILLS, 5), f"only {killed} kills had work under way"
        assert all(len(refs) == 1 for refs in ledger.letters.values()), "a letter went twice in spite of its key"


# A provider that knows keys would be given a notice twice when this fails.
def idempotent_provider():
    with System(sms="webhook", front=0.3, sms_rate=40, sim=("--delay-ms", "50")) as s:
        people = [person(i, "sms") for i in range(PEOPLE // 2)]
        path = s.incident(people)
        ledger, _ = in_a_run(s, path, people, max(3, KILLS // 3))
        assert all(len(refs) == 1 for refs in ledger.sms.values()), "sent twice in spite of its key"


def stubborn(s, *arguments, seconds=20, **more):
    """A client that tries again while the service is away."""
    end, answer = time.monotonic() + seconds, None
    while True:
        try:
            answer = s.call(*arguments, **more)
            if answer.status not in (409, 503):
                return answer
        except (OSError, http.client.HTTPException):
            pass
        assert time.monotonic() < end, (arguments[:2], answer)
        time.sleep(0.05)


# People whose upload was answered with 2xx would be missing, or be there twice, when this fails.
def upload():
    with System() as s:
        people = [person(i, "email") for i in range(3000)]
        path = s.incident(release=False)
        parts = [people[i:i + 200] for i in range(0, len(people), 200)]
        done = threading.Event()

        def client():
            for number, part in enumerate(parts, 1):
                body = "".join(json.dumps(p) + "\n" for p in part).encode()
                digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
                answer = stubborn(s, "PUT", f"{path}/recipients/parts/{number}", "responder", body,
                                  headers={"Content-Type": "application/x-ndjson",
                                           "Content-Digest": f"sha-256=:{digest}:"})
                assert answer.status in (200, 201, 204), answer
            answer = stubborn(s, "POST", path + "/recipients/commit", "responder",
                              {"parts": len(parts), "count": len(people)})
            assert answer.status == 200, answer
            counts.update(answer.json)
            done.set()

        counts = {}
        thread = threading.Thread(target=client, daemon=True)
        thread.start()
        kills = 0
        while not done.is_set() and thread.is_alive() and kills < 6:
            time.sleep(random.uniform(0.02, 0.25))
            s.kill()
            kills += 1
            s.start()
        thread.join(60)
        assert done.is_set(), "the client did not get through"
        again = s.call("POST", path + "/recipients/commit", "responder", {"parts": len(parts), "count": len(people)})
        assert s.expect(again, 200).json == counts, "a commit whose answer was lost can't be asked for again"
        view = s.view(path)
        assert view["recipients"]["accepted"] == len(people), (view["recipients"], counts)
        print(f"{kills} kills during the upload of {len(people)} people")
        expect_all(s, path, people)


def expect_all(s, path, people):
    for p in random.sample(people, 20):
        assert s.call("GET", f"{path}/recipients/{p['recipient_id']}", "compliance").status == 200


# A stream that was cut by a crash would leave half a roster behind when this fails.
def stream():
    with System() as s:
        people = [person(i, "email") for i in range(4000)]
        path = s.incident(release=False)
        body = "".join(json.dumps(p) + "\n" for p in people).encode()
        for _ in range(3):
            sending = threading.Thread(target=lambda: quietly(s, path, body), daemon=True)
            sending.start()
            time.sleep(random.uniform(0.01, 0.15))
            s.kill()
            sending.join(30)
            s.start()
            accepted = s.view(path)["recipients"]["accepted"]
            assert accepted in (0, len(people)), f"{accepted} of a cut stream were taken"
        answer = s.call("POST", path + "/recipients", "responder", body, {"Content-Type": "application/x-ndjson"})
        counts = s.expect(answer, 200).json
        assert s.view(path)["recipients"]["accepted"] == len(people), (counts, s.view(path)["recipients"])


def quietly(s, path, body):
    try:
        s.call("POST", path + "/recipients", "responder", body, {"Content-Type": "application/x-ndjson"})
    except (OSError, http.client.HTTPException):
        pass


# A crash while the plan is made would leave people out of it, or in it twice, when this fails.
def planning():
    with System(ladder="[email]", wait={"email": "1s"}) as s:
        people = [person(i, *(("email",) if i % 10 == 0 else ())) for i in range(5000)]
        path = s.incident(people, release=False)
        s.expect(s.call("POST", path + "/approvals", "approver"), 200)
        s.expect(s.call("POST", path + "/release", "responder"), 200)
        states = []
        for _ in range(6):
            time.sleep(random.uniform(0.0, 0.05))
            s.kill()
            s.start()
            states.append(s.state(path))
        s.wait_settled(path, 90)
        count = s.view(path)["waves"][0]["people"]
        print(f"states after the kills: {states}")
        assert count["planned"] + count["unreachable"] == len(people) and count["told"] == len(people) // 10, count
        auditor.expect_clean(people, s.receipts(path), auditor.Ledger(s))


# The auditor would be blind when this fails: what it is for is planted, and it must find all of it.
def checker():
    with System() as s:
        people = [person(i, "email") for i in range(4)]
        path = s.incident(people)
        s.wait_settled(path)
        receipts, ledger = s.receipts(path), auditor.Ledger(s)
        auditor.expect_clean(people, receipts, ledger)
        mail = people[0]["email"]

        def finds(word, receipts=receipts, **mails):
            kept, ledger.mails = ledger.mails, {**ledger.mails, **mails}
            wrong = auditor.audit(people, receipts, ledger)
            ledger.mails = kept
            assert any(word in w for w in wrong), (word, wrong)

        finds("no end", [r for r in receipts if r["kind"] != "told"])
        finds("knows nothing", **{mail: []})
        finds("2 times", **{mail: ledger.mails[mail] * 2})
        finds("several Message-IDs", **{mail: ledger.mails[mail] + ["<other@x>"]})
        finds("no receipt says so", [r for r in receipts if r["kind"] != "attempt"])
        finds("accepted receipts", receipts + [r for r in receipts if r["kind"] == "attempt"])


if __name__ == "__main__":
    main({"under_load": under_load, "idempotent_provider": idempotent_provider, "upload": upload, "stream": stream,
          "planning": planning, "checker": checker})
