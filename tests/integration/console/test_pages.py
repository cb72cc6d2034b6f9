"""The pages over the real daemon, without a browser: who gets in, what a form from elsewhere can do, what is shown."""
import html
import json
import pathlib
import re
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from rig import INCIDENT, expect  # noqa: E402
from test_engine import FACTS, ORGANISATION, Daemon, person  # noqa: E402


class Console(Daemon):
    """The daemon with two named approvers, break-glass and prices."""

    def __enter__(self):
        super().__enter__()
        config = pathlib.Path(self.config)
        config.write_text(config.read_text() + "break_glass: yes\ncurrency: EUR\n")
        self.restart()
        self.cookies = {}
        for name in ("Ada Counsel", "Ben Second"):
            answer = expect(self.call("POST", "/v1/tokens", "admin", {"name": name, "roles": ["approver"]}), 201)
            assert answer.json["kind"] == "person", answer.body
            self.tokens[name] = answer.json["token"]
        return self

    def restart(self, old=None, new=None):
        import signal
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0
        config = pathlib.Path(self.config)
        if old:
            assert old in config.read_text()
            config.write_text(config.read_text().replace(old, new))
        self.start()

    def page(self, path, who=None, form=None, **headers):
        if who:
            headers["Cookie"] = self.cookies[who]
        if form is None:
            return self.call("GET", path, headers=headers)
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin",
                   "Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.call("POST", path, body=urllib.parse.urlencode(form), headers={k: v for k, v in headers.items() if v})

    def sign_in(self, who, token=None):
        answer = self.page("/console/sign-in", form={"credential": token or self.tokens[who], "next": "/console"})
        assert answer.status == 303 and answer.headers["Location"] == "/console", answer.body
        cookie = answer.headers["Set-Cookie"]
        for word in ("__Host-tocsin=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=3600"):
            assert word in cookie, cookie
        self.cookies[who] = cookie.split(";")[0]

    def csrf(self, page):
        return re.search(r'name="csrf" value="([^"]+)"', page.body.decode()).group(1)

    def draft(self, people=3):
        body = {**INCIDENT, "title": "<b>Mail & archive</b>", "organisation": ORGANISATION, "facts": FACTS,
                "recipients": [person(n, **({"data_types": ["ssn"]} if n == 1 else {})) for n in range(people)]
                + [{"recipient_id": "nobody", "jurisdiction": "DE-BE", "locale": "de", "name": "Nobody"}]}
        return expect(self.call("POST", "/v1/incidents", "responder", body), 201).headers["Location"][len("/v1"):]


def text_of(answer):
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.body.decode()))


def wave_of(rig, incident):
    return expect(rig.call("GET", "/v1" + incident, "responder"), 200).json["waves"][0]["ordinal"]


def strangers_stay_out(rig, incident):
    """If this fails, somebody reads or approves without a session, with a foreign form, or after the sign-out."""
    page = f"/console{incident}/waves/{wave_of(rig, incident)}/approval"
    answer = rig.page(page)
    assert answer.status == 303 and answer.headers["Location"] == "/console/sign-in?next=" + urllib.parse.quote(page, safe="-._~"), answer.headers
    assert rig.page(page, **{"Authorization": "Bearer " + rig.tokens["approver"]}).status == 303  # a token is no session
    wrong = rig.tokens["approver"][:-9] + "0" * 9
    for _ in range(2):
        answer = rig.page("/console/sign-in", form={"credential": wrong})
        assert answer.status == 401 and "not known" in text_of(answer), answer.body
    for headers in ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Origin": None, "Sec-Fetch-Site": None}, {"Origin": "null"}):
        answer = rig.page("/console/sign-in", form={"credential": rig.tokens["approver"]}, **headers)
        assert answer.status == 403, (headers, answer.status)
    answer = rig.page("/console/sign-in", form={"credential": rig.tokens["approver"], "next": "//evil.example/"})
    assert answer.headers["Location"] == "/console"
    assert rig.page("/console/sign-in", form={"credential": rig.tokens["app"]}).status == 401  # programs have no pages
    rig.sign_in("Ada Counsel")
    shown = rig.page(page, "Ada Counsel")
    assert shown.status == 200
    form = {"people": "4", "hash": re.search(r'name="hash" value="(\w+)"', shown.body.decode()).group(1)}
    assert rig.page(page, "Ada Counsel", form=form).status == 403
    assert rig.page(page, "Ada Counsel", form={**form, "csrf": "A" * 43}).status == 403
    csrf = rig.csrf(shown)
    assert rig.page(page, "Ada Counsel", form={**form, "csrf": csrf}, Origin="https://evil.example").status == 403
    assert rig.page("/console/logout", "Ada Counsel", form={"csrf": csrf}).status == 303
    assert rig.page(page, "Ada Counsel").status == 303


def an_invitation_becomes_a_credential(rig):
    """If this fails, who mints a token for somebody can use it in his place."""
    made = expect(rig.call("POST", "/v1/tokens", "admin", {"name": "Cleo", "roles": ["approver"], "invite": True}), 201).json
    invitation = made["invitation"]
    assert "token" not in made
    expect(rig.call("GET", "/v1/incidents", token=invitation), 401)  # it opens nothing
    assert rig.page("/console/sign-in", form={"credential": invitation}).status == 401
    assert rig.page("/console/join", form={"invitation": rig.tokens["approver"]}).status == 403
    shown = rig.page("/console/join", form={"invitation": invitation})
    own = re.search(r"tcs_\w{13}_[\w-]{43}_\w{8}", text_of(shown)).group(0)
    assert shown.status == 200 and own != invitation
    expect(rig.call("POST", "/v1/tokens/claim", body={"invitation": invitation}), 403)
    expect(rig.call("GET", "/v1/incidents", token=own), 200)
    listed = {t["id"]: t["claim"] for t in rig.call("GET", "/v1/tokens", "admin").json["items"]}
    assert listed[made["id"]] == "claimed", listed
    incident = "/v1" + rig.draft()
    rig.restart("break_glass: yes", "break_glass: yes\napprovers_claimed: yes")
    expect(rig.call("POST", incident + "/approvals", "approver"), 403)  # its admin has seen it
    expect(rig.call("POST", incident + "/approvals", token=own), 200)
    rig.restart("\napprovers_claimed: yes", "")


def tries_are_bounded(rig):
    """If this fails, somebody tries credentials as fast as the machine answers."""
    answers = [rig.page("/console/sign-in", form={"credential": "tcs_wrong"}).status for _ in range(8)]
    assert answers[0] == 401 and answers[-1] == 429, answers
    rig.sign_in("Ada Counsel")  # others are not locked out


def headers_are_strict(rig, incident):
    """If this fails, a page can be framed, can run what it should not, or leaks where it was."""
    answer = rig.page("/console" + incident, "Ada Counsel")
    policy = answer.headers["Content-Security-Policy"]
    for word in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
                 "form-action 'self'", "base-uri 'none'"):
        assert word in policy, policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
    body = answer.body.decode()
    assert "style=" not in body and not re.search(r"<script(?! src=)", body) and not re.search(r"\son\w+=", body)
    sample = rig.page(f"/console{incident}/waves/{wave_of(rig, incident)}/sample?variant=email~US~en~5~0", "Ada Counsel")
    assert sample.status == 200 and "sandbox" in sample.headers["Content-Security-Policy"], sample.headers
    assert "script-src" not in sample.headers["Content-Security-Policy"]
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript")):
        asset = rig.page("/console/assets/" + name)
        assert asset.status == 200 and asset.headers["Content-Type"].startswith(kind)
    assert rig.page("/console/assets/console.c").status == 404


def counsel_reads_and_types(rig, incident):
    """If this fails, counsel is not shown what is approved, or a wrong number approves."""
    wave = wave_of(rig, incident)
    page = f"/console{incident}/waves/{wave}/approval"
    shown = rig.page(page, "Ada Counsel")
    body, text = shown.body.decode(), text_of(shown)
    assert "<b>Mail" not in body and "<b>Mail & archive</b>" in text  # a title is text, never markup
    for word in ("4 people", "US-CA", "email", "postal", "1 people cannot be reached", "email: no_address",
                 "Nothing of this incident was approved before", "Alex Sample", "unknown", "https://example.com/security"):
        assert word in text, (word, text)
    assert "Person 1" not in text and "r1@example.org" not in text  # samples are made up
    summary = expect(rig.call("GET", "/v1" + incident + "/approvals", "approver"), 200).json
    keys = {(v["channel"], tuple(v["data_types"])) for v in summary["variants"]}
    assert {("email", ("ssn",)), ("email", ("name", "email")), ("postal", ("ssn",)), ("banner", ("ssn",))} <= keys, keys
    assert len(summary["variants"]) == text.count("as the first way for"), keys
    assert all(v["sample"]["made_up"] and not v["sample"].get("missing") for v in summary["variants"])
    form = {"csrf": rig.csrf(shown), "hash": summary["hash"], "people": "5"}
    wrong = rig.page(page, "Ada Counsel", form=form)
    assert wrong.status == 422 and 'aria-invalid="true"' in wrong.body.decode() and "not the number" in text_of(wrong)
    assert rig.page(page, "Ada Counsel", form={**form, "people": "many"}).status == 422
    right = rig.page(page, "Ada Counsel", form={**form, "people": "4"})
    assert right.status == 303, text_of(right)
    done = rig.page(right.headers["Location"], "Ada Counsel")
    assert "Your approval is recorded" in text_of(done) and "1 of 1" in text_of(done) and "Ada Counsel" in text_of(done)
    receipts = rig.call("GET", f"/v1/receipts?incident={incident[11:]}&limit=1000", "operator").json["items"]
    kinds = [r["receipt"]["kind"] for r in receipts]
    assert kinds.count("approval_refused") == 1 and kinds.count("approved") == 1, kinds


def real_people_are_for_their_readers(rig, incident):
    """If this fails, a role that may not read people does, or one that may leaves no receipt."""
    path = "/v1" + incident + "/approvals?people=real"
    expect(rig.call("GET", path, "approver"), 403)
    real = expect(rig.call("GET", path, "compliance"), 200).json
    assert any("r1@example.org" == v["sample"]["to"] for v in real["variants"]), real["variants"]
    receipts = rig.call("GET", f"/v1/receipts?incident={incident[11:]}&limit=1000", "operator").json["items"]
    facts = [r["receipt"].get("facts") for r in receipts if r["receipt"]["kind"] == "exported"]
    assert {"people": len(real["variants"]), "what": "samples"} in facts, facts


def another_configuration_voids(rig, incident):
    """If this fails, what was approved is sent under another configuration, or nobody is told what changed."""
    rig.restart("evidence: {sufficient: accepted, settles: accepted, wait: 1s}",
                "rate: 50\n    price: 0.01\n    evidence: {sufficient: accepted, settles: accepted, wait: 1s}")
    answer = expect(rig.call("POST", "/v1" + incident + "/release", "responder"), 409)
    assert "Changed: " in answer.json["detail"] and "rates" in answer.json["detail"], answer.body
    rig.sign_in("Ben Second")
    page = f"/console{incident}/waves/{wave_of(rig, incident)}/approval"
    text = text_of(rig.page(page, "Ben Second"))
    for word in ("rates.email.per_hour", "- 0", "+ 180000", "no: must look again", "0.0100 EUR", "0 of 1"):
        assert word in text, (word, text)
    shown = rig.page(page, "Ben Second")
    form = {"csrf": rig.csrf(shown), "people": "4", "hash": re.search(r'name="hash" value="(\w+)"', shown.body.decode()).group(1)}
    assert rig.page(page, "Ben Second", form=form).status == 303
    expect(rig.call("POST", "/v1" + incident + "/release", "responder"), 200)
    rig.wait(lambda: rig.call("GET", "/v1" + incident, "responder").json["waves"][0]["people"]["told"] == 3)


def later_waves_are_counted(rig, incident):
    """If this fails, the number of a later wave is that of the whole roster, or its hash is not what the page shows."""
    expect(rig.call("POST", f"/v1{incident}/waves", "responder", {
        "kind": "update", "audience": {"recipients": ["r0", "r2"]}, "facts": {"what_is_new": "We know more."}}), 201)
    summary = expect(rig.call("GET", f"/v1{incident}/waves/2/approvals", "approver"), 200).json
    assert summary["people"] == 2 and summary["ordinal"] == 2, summary["people"]
    page = f"/console{incident}/waves/2/approval"
    shown = rig.page(page, "Ben Second")
    assert "2 people" in text_of(shown)
    form = {"csrf": rig.csrf(shown), "hash": summary["hash"], "people": "4"}
    assert rig.page(page, "Ben Second", form=form).status == 422
    assert rig.page(page, "Ben Second", form={**form, "people": "2"}).status == 303


def everybody_sees_how_far_it_is(rig, incident):
    """If this fails, the numbers of the page are not those of the receipts."""
    progress = expect(rig.call("GET", "/v1" + incident + "/progress", "operator"), 200).json
    wave = progress["waves"][0]
    assert wave["people"]["told"] == 3 and wave["ways"]["email"]["left"] == 3, wave
    assert sum(h["n"] for h in wave["hours"] if h["channel"] == "email" and h["state"] == "accepted") == 3, wave
    page = rig.page("/console" + incident, "Ben Second")
    text = text_of(page)
    assert "Told: 3 of 4" in text or "Told: 3 of 3" in text, text
    assert "email by the hour" in text and "<svg" in page.body.decode() and "0.0 %" in text
    assert 'http-equiv="refresh"' not in page.body.decode()
    assert 'http-equiv="refresh"' in rig.page("/console" + incident + "?live=1", "Ben Second").body.decode()


def one_alone_is_alarmed(rig):
    """If this fails, a release by one person is not seen, or its own author ends the alarm."""
    incident = rig.draft()
    body = {"break_glass": True, "reason": "counsel is not reachable"}
    expect(rig.call("POST", "/v1" + incident + "/release", "responder", body), 403)
    expect(rig.call("POST", "/v1" + incident + "/release", token=rig.tokens["Ada Counsel"], body={**body, "reason": ""}), 422)
    expect(rig.call("POST", "/v1" + incident + "/release", token=rig.tokens["Ada Counsel"], body=body), 200)
    ready = rig.call("GET", "/readyz").json
    assert any("break_glass" in w for w in ready["warnings"]), ready
    assert b"tocsin_break_glass_open 1\n" in rig.call("GET", "/metrics").body
    text = text_of(rig.page("/console" + incident, "Ben Second"))
    assert "Released by one person alone" in text, text
    expect(rig.call("POST", "/v1" + incident + "/review", token=rig.tokens["Ada Counsel"]), 403)
    expect(rig.call("POST", "/v1" + incident + "/review", token=rig.tokens["Ben Second"], body={"note": "seen"}), 200)
    assert b"tocsin_break_glass_open 0\n" in rig.call("GET", "/metrics").body
    assert not [w for w in rig.call("GET", "/readyz").json["warnings"] if "break_glass" in w]


def main():
    with Console() as rig:
        incident = rig.draft()
        strangers_stay_out(rig, incident)
        an_invitation_becomes_a_credential(rig)
        tries_are_bounded(rig)
        headers_are_strict(rig, incident)
        counsel_reads_and_types(rig, incident)
        real_people_are_for_their_readers(rig, incident)
        another_configuration_voids(rig, incident)
        everybody_sees_how_far_it_is(rig, incident)
        later_waves_are_counted(rig, incident)
        one_alone_is_alarmed(rig)
    print("ok")


if __name__ == "__main__":
    main()
