"""test_stop.py [NAME]: SIGTERM, hold, resume, cancel."""
import time

import auditor
from rig import System, main, person, wait_for
from test_reports import ledger_lines, lob

HOLD = {"reason": "Police asked for it", "agency": "Springfield Police", "officer": "J. Doe"}


def mixture(n):
    return [person(i, *(("email",), ("sms",), ("post",))[i % 3]) for i in range(n)]


def started(s, n=10):
    wait_for("the first messages", lambda: sum(auditor.Ledger(s).counts()) >= n, 20)


# A planned restart would lose or double what is in flight when this fails.
def sigterm():
    with System(mail_delay=0.03, front=0.2, email_rate=30, sms_rate=30, post_rate=30, grace="10s") as s:
        people = mixture(180)
        path = s.incident(people)
        for _ in range(3):
            started(s)
            begun = time.monotonic()
            code = s.stop()
            took = time.monotonic() - begun
            assert code == 0, (code, s.log_tail())
            assert took < 15, took
            before = auditor.Ledger(s).counts()
            time.sleep(0.3)
            assert auditor.Ledger(s).counts() == before, "something was sent after the end"
            s.start()
        assert not s.events("intents_left_open"), "in flight at a clean end, and not recorded"
        s.wait_settled(path, 60)
        receipts, ledger = s.receipts(path), auditor.Ledger(s)
        auditor.expect_clean(people, receipts, ledger)
        uncertain = [r for r in receipts if r.get("outcome") == "uncertain"]
        assert not uncertain, f"{len(uncertain)} uncertain after clean ends"
        assert ledger.counts() == (60, 60, 60), ledger.counts()


# A second signal would not hurry, or lose something, when this fails.
def sigterm_twice():
    with System(mail_delay=0.4, email_rate=50, grace="30s") as s:
        people = [person(i, "email") for i in range(60)]
        path = s.incident(people)
        started(s, 2)
        s.daemon.popen.send_signal(15)
        time.sleep(0.3)
        begun = time.monotonic()
        code = s.stop()
        assert code in (0, 75) and time.monotonic() - begun < 6, (code, time.monotonic() - begun)
        s.line.delay = 0
        s.start()
        s.wait_settled(path, 60)
        auditor.expect_clean(people, s.receipts(path), auditor.Ledger(s))


# The police would be told "nothing goes out any more", and it would go on, when this fails.
def hold():
    with System(mail_delay=0.08, front=0.3, email_rate=20, sms_rate=20) as s:
        people = [person(i, ("email", "sms")[i % 2]) for i in range(300)]
        path = s.incident(people)
        started(s)
        s.expect(s.call("POST", path + "/hold", "responder", {}), 422)
        asked = time.time()
        s.expect(s.call("POST", path + "/hold", "compliance", HOLD), 200)
        time.sleep(6.5)
        ledger = auditor.Ledger(s)
        late = [(round(at - asked, 2), channel) for at, channel in ledger.at if at > asked + 5]
        last = max(at for at, _ in ledger.at) - asked
        print(f"the last message {last:.2f} s after the hold was asked for")
        assert not late, f"sent more than 5 s after the hold: {late}"
        assert 0 < sum(ledger.counts()) < 300, ledger.counts()
        assert s.state(path) == "held"
        held = [r for r in s.receipts(path) if r["kind"] == "held"]
        assert len(held) == 1 and "Springfield Police" in held[0]["note"], held
        before = ledger.counts()
        s.kill()  # a crash does not lift a hold
        s.start()
        time.sleep(1.5)
        assert s.state(path) == "held" and auditor.Ledger(s).counts() == before
        assert s.call("POST", path + "/resume", "responder").status == 403
        s.expect(s.call("POST", path + "/resume", "operator"), 202)
        s.expect(s.call("POST", path + "/resume", "approver"), 200)
        s.line.delay = s.front.delay = 0
        s.wait_settled(path, 60)
        auditor.expect_clean(people, s.receipts(path), auditor.Ledger(s))


# Letters that were under way when a hold came would never be mailed, and yet count as mailed, when this fails.
def hold_letters():
    with System(front=0.4, post_rate=20, sim=("--no-callbacks",)) as s:
        people = [person(i, "post") for i in range(60)]
        path = s.incident(people)
        wait_for("letters under way", lambda: len(s.front.posts) > 5)
        s.expect(s.call("POST", path + "/hold", "compliance", HOLD), 200)
        time.sleep(2)
        lines = ledger_lines(s)
        gone = {l["ref"] for l in lines if l["vendor"] == "lob_deleted"}
        assert gone, "no letter was under way at the hold"
        for line in lines:  # the vendor says so, too
            if line["vendor"] == "lob" and line["ref"] in gone:
                assert lob(s, line, "deleted", event="evt_" + line["ref"]).status in (200, 204)
        s.expect(s.call("POST", path + "/resume", "operator"), 202)
        s.expect(s.call("POST", path + "/resume", "approver"), 200)
        s.wait_settled(path, 60)
        auditor.expect_clean(people, s.receipts(path), auditor.Ledger(s))
        assert auditor.Ledger(s).counts()[2] == 60, auditor.Ledger(s).counts()


# What was cancelled would be sent after all when this fails.
def cancel():
    with System(email_rate=20, sms_rate=20, post_rate=20) as s:
        people = mixture(300)
        path = s.incident(people)
        started(s)
        s.expect(s.call("POST", path + "/cancel", "approver"), 200)
        time.sleep(2)
        before = auditor.Ledger(s).counts()
        assert sum(before) < 300, before
        for verb in ("resume", "release", "hold"):
            answer = s.call("POST", f"{path}/{verb}", "operator" if verb != "release" else "approver",
                            HOLD if verb == "hold" else None)
            assert answer.status == 409, (verb, answer)
        assert s.stop() == 0
        s.start()
        time.sleep(2)
        assert auditor.Ledger(s).counts() == before, "sent after the cancellation"
        assert s.state(path) == "canceled"
        auditor.expect_clean(people, s.receipts(path), auditor.Ledger(s), ended=False)


if __name__ == "__main__":
    main({"sigterm": sigterm, "sigterm_twice": sigterm_twice, "hold": hold, "hold_letters": hold_letters, "cancel": cancel})
