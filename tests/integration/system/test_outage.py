"""test_outage.py [NAME]: providers that are away, overloaded, broken or silent. Everything waits and then goes; nobody is
blamed for it."""
import time

import auditor
from rig import System, main, person, wait_for


def nobody_blamed(receipts, *allowed):
    bad = [r for r in receipts if r["kind"] in ("unreachable", "escalated") or r.get("outcome") == "rejected"]
    assert not bad, f"{len(bad)} people suffer for a provider: {bad[:2]}"
    odd = {r.get("outcome") for r in receipts if r["kind"] == "attempt"} - {"accepted", "deferred", "uncertain", "canceled"}
    assert not odd, odd


# An hour without a relay would turn people into unreachable ones when this fails (here: some seconds of it).
def relay_away():
    with System(email_rate=40, ladder="[email, sms]", wait={"email": "2s"}, retry_limit=2) as s:
        people = [person(i, "email", "sms") for i in range(120)]
        path = s.incident(people)
        wait_for("the first mails", lambda: auditor.Ledger(s).counts()[0] > 10)
        s.stop_sink()
        time.sleep(5)
        assert s.state(path) == "sending"
        away = auditor.Ledger(s).counts()[0]
        assert away < 120, away
        metrics = s.call("GET", "/metrics").body.decode()
        assert s.events("channel_paused"), "nobody was told that the relay is away"
        assert "tocsin_channel_paused" not in metrics or 'channel="email"' in metrics
        s.start_sink()
        s.wait_settled(path, 60)
        receipts, ledger = s.receipts(path), auditor.Ledger(s)
        nobody_blamed(receipts)
        auditor.expect_clean(people, receipts, ledger)
        assert not ledger.sms, "passed on because of the relay"


# The same for a restart in the middle of it: what waits must not be forgotten.
def relay_away_over_restart():
    with System(ladder="[email]", wait={"email": "1s"}, retry_limit=2) as s:
        s.stop_sink()
        people = [person(i, "email") for i in range(40)]
        path = s.incident(people)
        time.sleep(2)
        assert s.stop() == 0
        s.start()
        time.sleep(1)
        s.start_sink()
        s.wait_settled(path, 60)
        receipts = s.receipts(path)
        nobody_blamed(receipts)
        auditor.expect_clean(people, receipts, auditor.Ledger(s))


def faults(sms, phases, **options):
    with System(sms=sms, front=0.0, sms_rate=20, ladder="[sms]", wait={"sms": "20s"}, retry_limit=8, **options) as s:
        people = [person(i, "sms") for i in range(80)]
        path = s.incident(people)
        for mode, seconds in phases:
            s.front.mode = mode
            time.sleep(seconds)
        s.front.mode = "pass"
        s.wait_settled(path, 90)
        receipts, ledger = s.receipts(path), auditor.Ledger(s)
        seen = {mode for _, mode in s.front.posts}
        assert {mode for mode, _ in phases} <= seen, f"the faults did not bite: {seen}"
        nobody_blamed(receipts)
        auditor.expect_clean(people, receipts, ledger)
        assert all(len(refs) == 1 for refs in ledger.sms.values()), "a message went twice"
        return s.front.posts, receipts


# A provider that asks for a pause would be asked on, or people given up, when this fails.
def limited():
    posts, _ = faults("twilio", [("pass", 0.5), ("limit", 4)])
    limited_at = [at for at, mode in posts if mode == "limit"]
    late = [at - limited_at[0] for at in limited_at if 0.3 < at - limited_at[0] < 0.9]
    assert not late, f"asked again before Retry-After was over: {late}"


# Whether a 500 had sent would be guessed, and people told twice or never, when this fails.
def broken():
    faults("twilio", [("pass", 0.5), ("before", 1), ("after", 1)])


# A receiver that knows keys would be asked less or be given things twice when this fails.
def broken_hook():
    faults("webhook", [("pass", 0.3), ("before", 1), ("limit", 1), ("after", 1)])


# A provider that takes and never answers would stop everything, or be sent things twice, when this fails. Restarted: the
# daemon's own limit for an answer is longer than this test.
def silent():
    with System(front=0.0, sms_rate=20, ladder="[sms]", wait={"sms": "25s"}, grace="1s") as s:
        people = [person(i, "sms") for i in range(40)]
        path = s.incident(people, release=False)
        s.front.mode = "silent"
        s.release(path)
        wait_for("messages in flight", lambda: len(s.front.posts) >= 10)
        code = s.stop()
        assert code in (0, 75), (code, s.log_tail())
        s.front.mode = "hang"
        s.start()
        wait_for("messages in flight again", lambda: any(m == "hang" for _, m in s.front.posts), 30)
        s.kill()
        s.front.mode = "pass"
        s.start()
        s.wait_settled(path, 90)
        ledger = auditor.Ledger(s)
        auditor.expect_clean(people, s.receipts(path), ledger)
        assert all(len(refs) == 1 for refs in ledger.sms.values()), "a message went twice"


if __name__ == "__main__":
    main({"relay_away": relay_away, "relay_away_over_restart": relay_away_over_restart, "limited": limited,
          "broken": broken, "broken_hook": broken_hook, "silent": silent})
