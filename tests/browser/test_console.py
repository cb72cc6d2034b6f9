"""Counsel at the page, in a real browser: signs in, reads, types the number; with and without script, on a phone, in the dark."""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[0] / "integration/console"), str(HERE.parents[0] / "integration/api")]
from rig import expect  # noqa: E402
from test_pages import Console, wave_of  # noqa: E402

from chromium import Chromium  # noqa: E402

SKIP = 77
RULES = (HERE / "accessible.js").read_text()
PICTURES = os.environ.get("PICTURES")  # a folder: keeps what the pages look like


def accessible(browser, what):
    """If this fails, somebody cannot read or use the page."""
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        for width in (1200, 320):
            browser.size(width)
            wrong = browser.run(RULES)
            assert not wrong, (what, scheme, width, wrong[:8])
            if PICTURES:
                browser.picture(f"{PICTURES}/{what}-{scheme}-{width}.png")
    browser.scheme("light")
    browser.size(1200)


def focus_is_seen(browser, what, most=60):
    """If this fails, who uses the keyboard does not see where he is, or comes not everywhere."""
    seen = set()
    for _ in range(most):
        browser.tab()
        state = browser.run("""(() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
            return e === document.body ? null : [e.tagName + "#" + e.id + e.textContent.slice(0, 20), s.outlineStyle,
            parseFloat(s.outlineWidth), b.bottom > 0 && b.top < innerHeight]; })()""")
        if state is None:
            break
        if state[0].startswith("IFRAME"):  # the next ones are the frame's own
            continue
        seen.add(state[0])
        assert state[1] != "none" and state[2] >= 2 and state[3], (what, state)
    assert seen, what
    return seen


def sign_in(browser, base, token):
    browser.focus("#credential")
    browser.type(token)
    browser.enter()
    assert browser.run("location.pathname").startswith("/console"), browser.run("location.href")


def quiet(browser, what):
    """If this fails, a page breaks its own policy, or its script fails."""
    bad = [line for line in browser.logged if not line.startswith(("network: ", "recommendation: "))]
    assert not bad, (what, bad)


def counsel_approves(browser, rig, base, incident):
    page = f"{base}/console{incident}/waves/{wave_of(rig, incident)}/approval"
    browser.go(page)
    assert browser.run("location.pathname") == "/console/sign-in"
    accessible(browser, "sign-in")
    focus_is_seen(browser, "sign-in")
    sign_in(browser, base, rig.tokens["Ada Counsel"])
    assert browser.run("location.pathname").endswith("/approval")
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    accessible(browser, "approval")
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = false; })")
    seen = focus_is_seen(browser, "approval", 200)
    assert any("people" in item for item in seen) and any(item.startswith("BUTTON") for item in seen), seen
    assert browser.run("document.body.innerText.includes('4 people')")
    browser.focus("#people")
    browser.type("44")
    browser.enter()
    assert browser.run("document.querySelector('[role=alert]').innerText").startswith("Not approved"), "a wrong number"
    assert browser.run("document.querySelector('#people').getAttribute('aria-invalid')") == "true"
    accessible(browser, "refused")
    browser.run("document.querySelector('#people').value = ''")
    browser.focus("#people")
    browser.type("4")
    browser.enter()
    assert "Your approval is recorded" in browser.run("document.querySelector('[role=status]').innerText")
    quiet(browser, "approval")


def the_mail_is_shown_in_a_cage(browser, rig, base, incident):
    """If this fails, a mail's markup runs in our page, or is not shown."""
    browser.go(f"{base}/console{incident}/waves/{wave_of(rig, incident)}/approval")
    frames = browser.run("[...document.querySelectorAll('iframe')].map((f) => [f.src, f.getAttribute('sandbox')])")
    assert frames and all(sandbox == "" for _, sandbox in frames), frames
    browser.go(frames[0][0])
    assert "Alex Sample" in browser.run("document.body.innerText")
    assert browser.run("document.styleSheets.length + document.querySelectorAll('[style]').length") > 0
    quiet(browser, "sample")


def numbers_are_live(browser, rig, base, incident):
    """If this fails, nobody sees how far it has come."""
    expect(rig.call("POST", "/v1" + incident + "/release", "responder"), 200)
    rig.wait(lambda: rig.call("GET", "/v1" + incident, "responder").json["waves"][0]["people"]["told"] == 3)
    browser.go(f"{base}/console{incident}")
    assert browser.run("document.querySelectorAll('main svg[role=img]').length") >= 2
    assert browser.run("document.querySelector('.live button').textContent") == "Stop updating"
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    accessible(browser, "status")
    focus_is_seen(browser, "status")
    browser.go(f"{base}/console")
    accessible(browser, "index")
    quiet(browser, "status")


def without_script(browser, rig, base):
    """If this fails, the pages need a script."""
    incident = rig.draft()
    browser.ask("Network.clearBrowserCookies")
    browser.script(False)
    browser.go(f"{base}/console{incident}/waves/{wave_of(rig, incident)}/approval")
    sign_in(browser, base, rig.tokens["Ben Second"])
    browser.focus("#people")
    browser.type("4")
    browser.enter()
    assert "Your approval is recorded" in browser.run("document.querySelector('main').innerText")
    browser.go(f"{base}/console{incident}")
    assert browser.run("document.querySelector('.no-script a').innerText") == "Reload every 15 seconds"
    assert browser.run("document.querySelector('.live')") is None
    browser.focus("header button")
    browser.enter()
    browser.go(f"{base}/console")
    assert browser.run("location.pathname") == "/console/sign-in"
    browser.script(True)
    quiet(browser, "without script")


def main():
    try:
        browser = Chromium()
    except FileNotFoundError as why:
        print(f"skipped: {why}")
        sys.exit(SKIP)
    try:
        with Console() as rig:
            base = f"http://127.0.0.1:{rig.port}"
            incident = rig.draft()
            counsel_approves(browser, rig, base, incident)
            the_mail_is_shown_in_a_cage(browser, rig, base, incident)
            numbers_are_live(browser, rig, base, incident)
            without_script(browser, rig, base)
    finally:
        browser.close()
    print("ok")


if __name__ == "__main__":
    main()
