"""The auditor: the providers' own ledgers against the receipts. The ledger of the mail sink are its .eml files (To and
Message-ID), those of the SMS and postal provider its NDJSON lines. It believes neither tocsind's counters nor itself:
a test of its own shows that it finds what it is for."""
import collections
import email
import email.policy
import json

FINAL = {"told", "unreachable", "withheld"}


class Ledger:
    """What the providers say they took: {address: [reference]}."""

    def __init__(self, system):
        self.mails = collections.defaultdict(list)
        self.sms = collections.defaultdict(list)
        self.letters = collections.defaultdict(list)
        self.at = []  # (seconds, channel), sorted
        for file in sorted(system.folder.glob("mails*/*.eml")):
            with open(file, "rb") as f:
                mail = email.message_from_binary_file(f, policy=email.policy.default)
            self.mails[mail["To"].strip("<> ")].append(mail["Message-ID"])
            self.at.append((file.stat().st_mtime, "email"))
        path = system.folder / "ledger.ndjson"
        for line in path.read_text().splitlines() if path.exists() else ():
            entry = json.loads(line)
            if entry["vendor"] == "lob_deleted":  # taken back
                for refs in self.letters.values():
                    refs[:] = [r for r in refs if r != entry.get("key")]
            to = {"twilio": self.sms, "webhook": self.sms, "lob": self.letters}.get(entry["vendor"])
            if to is not None:
                to[entry["to"]].append(entry.get("key") or entry["ref"])
                self.at.append((iso(entry["at"]), "postal" if entry["vendor"] == "lob" else "sms"))
        self.at.sort()

    def of(self, channel, person):
        if channel == "email":
            return self.mails.get(person.get("email"), [])
        if channel == "sms":
            return self.sms.get(person.get("phone"), [])
        return self.letters.get(person.get("name"), []) if channel == "postal" else []

    def counts(self):
        return tuple(sum(map(len, d.values())) for d in (self.mails, self.sms, self.letters))


def iso(text):
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def by_person(receipts):
    people = collections.defaultdict(list)
    for r in receipts:
        if r.get("recipient_id"):
            people[r["recipient_id"]].append(r)
    return people


def audit(people, receipts, ledger, ended=True, uncertain_needed=True):
    """All that is wrong, as sentences. `people`: as they were uploaded. `ended`: the wave has settled."""
    wrong, mine = [], by_person(receipts)
    for p in people:
        rid, its = p["recipient_id"], mine.get(p["recipient_id"], [])
        kinds = [r["kind"] for r in its]
        if ended and not FINAL & set(kinds):
            wrong.append(f"{rid} has no end: {kinds}")
        if kinds.count("told") and kinds.count("unreachable"):
            wrong.append(f"{rid} is told and unreachable: {kinds}")
        for channel in ("email", "sms", "postal"):
            wrong += audit_channel(rid, channel, its, ledger.of(channel, p), uncertain_needed)
    known = {p["recipient_id"] for p in people}
    wrong += [f"receipts about {rid}, who is nobody" for rid in mine if rid not in known]
    return wrong


def audit_channel(rid, channel, receipts, taken, uncertain_needed):
    wrong = []
    attempts = [r for r in receipts if r["kind"] == "attempt" and r.get("channel") == channel]
    good = [r for r in attempts if r["outcome"] in ("accepted", "delivered")]
    uncertain = sum(r["outcome"] == "uncertain" for r in attempts)
    if good and not taken:
        wrong.append(f"{rid}: accepted by {channel}, says a receipt; its provider knows nothing")
    if taken and not good and not uncertain:
        wrong.append(f"{rid}: {channel} took it and no receipt says so")
    if any(r["kind"] == "told" and r.get("channel") == channel for r in receipts) and not taken:
        wrong.append(f"{rid}: told by {channel}, says a receipt; its provider knows nothing")
    if uncertain_needed and len(taken) > 1 and uncertain < len(taken) - 1:
        wrong.append(f"{rid}: {len(taken)} times by {channel}, and {uncertain} uncertain receipts")
    if len(good) > 1:
        wrong.append(f"{rid}: {len(good)} accepted receipts of {channel}")
    if channel == "email" and len(set(taken)) > 1:
        wrong.append(f"{rid}: several Message-IDs for one notice: {taken}")
    return wrong


def expect_clean(*args, **kwargs):
    wrong = audit(*args, **kwargs)
    assert not wrong, f"{len(wrong)} findings:\n  " + "\n  ".join(wrong[:20])
