#!/usr/bin/env python3
"""reckon_night.py RUN - the books of the demo's night, from what left and from the receipts alone.

RUN holds mails/ and receipts.ndjson. Exit 1 unless everybody who got the wrong month, by mail, text, letter or banner, got the
correction and nobody else did, nobody got the same text twice by mail, and everybody has a fate.
"""
import collections
import email
import email.policy
import os
import sys

from summarise import lines, people_of

WRONG, RIGHT, SORRY = "3 and 5 June", "3 and 5 May", "It happened in May"


def mails(path):
    for name in sorted(os.listdir(path)):
        with open(os.path.join(path, name), "rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        yield str(message["To"]), " ".join(body.get_content().split()) if body else ""


def kind(text):
    return "sorry" if SORRY in text else "wrong" if WRONG in text else "right" if RIGHT in text else "other"


def taken(receipts, wave):
    """Whose message of this wave a provider or the banner board took."""
    return {r["details"]["recipient_id"] for r in receipts
            if r["receipt"]["kind"] == "attempt" and r["receipt"].get("wave") == wave and
            r["receipt"].get("outcome") in ("accepted", "delivered", "uncertain")}


def main(run):
    got = collections.defaultdict(collections.Counter)
    for to, text in mails(os.path.join(run, "mails")):
        got[to][kind(text)] += 1
    wrong = {to for to in got if got[to]["wrong"]}
    sorry = {to for to in got if got[to]["sorry"]}
    twice = [to for to in got if got[to]["wrong"] + got[to]["right"] > 1 or got[to]["sorry"] > 1]
    receipts = lines(os.path.join(run, "receipts.ndjson"))
    people = people_of(receipts)
    fates = [any(r["kind"] in ("told", "unreachable", "withheld") for r in own) for own in people.values()]
    told = [i for i, r in enumerate(receipts) if r["receipt"]["kind"] == "regulator_told"]

    print(f"  {len(got)} mailboxes got mail: {len(wrong)} the wrong month, {len(sorry)} the correction, "
          f"{sum(1 for to in got if got[to]['right'])} the right text at once")
    print(f"  {len(people)} people have receipts, {sum(fates)} of them a fate; {len(told)} authorities were told")
    changed = next(i for i, r in enumerate(receipts) if r["receipt"]["kind"] == "incident_changed")
    misled, corrected = taken(receipts[:changed], 1), taken(receipts, 2)
    print(f"  with text messages, letters and banners {len(misled)} people got the wrong month, and {len(corrected)} the correction")
    faults = []
    if misled != corrected or wrong - sorry:
        faults.append(f"{len(misled - corrected)} people keep the wrong month, "
                      f"{len(corrected - misled)} read of a mistake they never saw")
    if twice:
        faults.append(f"{len(twice)} mailboxes got the same text twice")
    if not wrong or any(got[to]["other"] for to in got):
        faults.append("some mail says none of the three texts")
    if not all(fates) or len(told) != 2:
        faults.append("somebody has no fate, or an authority was not told")
    for fault in faults:
        print(f"  WRONG: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
