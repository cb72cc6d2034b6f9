#!/usr/bin/env python3
"""summarise.py RUN - the demo's summary, made from the receipts alone and held against the service's own counts.

RUN holds receipts.ndjson, incident.json, rejected.ndjson, mails/ and letters/. Exit 1 unless every accepted person is
told, unreachable, withheld or waiting for somebody's decision, exactly one of these.
"""
import collections
import json
import os
import sys

EVIDENCE = {
    "accepted": "taken, and nothing came back in time", "delivered": "delivered", "displayed": "seen in the account",
    "acknowledged": "acknowledged by the person",
}
UNREACHABLE = {
    "no_channel": "no address of any kind, or none that may be used",
    "failed": "the last channel refused the address", "bounced": "the last channel gave it back",
    "returned": "the letter came back", "no_evidence": "only a banner was possible, and it was not seen",
}
WITHHELD = {"missing_field": "the notice needs a value that the roster does not have"}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def people_of(receipts):
    """recipient_id -> its receipts in order, paper requests aside."""
    people = collections.defaultdict(list)
    for item in receipts:
        person = (item.get("details") or {}).get("recipient_id")
        if person:
            people[person].append(item["receipt"])
    return people


def fate(receipts):
    """What became of a person: (group, channel, reason or evidence)."""
    for receipt in reversed(receipts):
        kind = receipt["kind"]
        if kind == "told":
            return "told", receipt.get("channel"), receipt.get("evidence") or receipt.get("reason")
        if kind in ("unreachable", "withheld"):
            return kind, None, receipt.get("reason")
    return "open", None, None


def table(title, counts, words):
    print(f"  {title}: {sum(counts.values())}")
    for key, n in sorted(counts.items(), key=lambda pair: -pair[1]):
        print(f"    {n:6}  {words(key)}")


def files(path):
    return sum(len(names) for _, _, names in os.walk(path))


def main(run):
    incident = json.load(open(os.path.join(run, "incident.json"), encoding="utf-8"))
    first = next(w for w in incident["waves"] if w["kind"] == "first")
    receipts = lines(os.path.join(run, "receipts.ndjson"))
    own = [r for r in receipts if r["receipt"].get("wave") in (None, first["wave"])]
    groups = collections.defaultdict(collections.Counter)
    for person, items in people_of(own).items():
        group, channel, why = fate(items)
        groups[group][(channel, why)] += 1
    accepted = incident["recipients"]["accepted"]
    asked = sum(c.get("asked", 0) for c in first["channels"].values())
    counted = {name: sum(groups[name].values()) for name in ("told", "unreachable", "withheld")}

    print(f"  {accepted} people were accepted; {incident['recipients']['rejected']} rows were rejected and "
          f"{incident['recipients']['duplicates']} were there already.\n")
    table("Told", groups["told"], lambda k: f"by {k[0]}: {EVIDENCE.get(k[1], k[1])}")
    print()
    table("Could not be reached", groups["unreachable"], lambda k: UNREACHABLE.get(k[1], k[1]))
    print()
    table("Withheld, until the roster is mended", groups["withheld"], lambda k: WITHHELD.get(k[1], k[1]))
    if asked:
        print(f"\n  Waiting for somebody to decide (it may have been sent): {asked}")
    rejected = lines(os.path.join(run, "rejected.ndjson"))
    if rejected and "items" in rejected[0]:
        rejected = rejected[0]["items"]
    print("\n  Rejected rows, by field: " +
          ", ".join(f"{field} {n}" for field, n in collections.Counter(r["field"] for r in rejected).most_common()))

    short = os.path.relpath(run)
    print(f"\n  {files(os.path.join(run, 'mails')):6}  mails    in {short}/mails")
    print(f"  {files(os.path.join(run, 'letters')):6}  letters  in {short}/letters")
    print(f"  {len(receipts):6}  receipts in {short}/receipts.csv and receipts.ndjson")

    total = sum(counted.values()) + asked
    same = all(counted[name] == first["people"][name] for name in counted)
    print(f"\n  {accepted} accepted = {counted['told']} told + {counted['unreachable']} unreachable + "
          f"{counted['withheld']} withheld" + (f" + {asked} to be decided" if asked else ""))
    if total != accepted:
        print(f"  That does NOT add up: {accepted - total} people are not accounted for.")
    if not same:
        print(f"  The service counts otherwise: {first['people']}")
    return 0 if total == accepted and same and first["state"] == "settled" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
