#!/usr/bin/env python3
"""make_roster.py [--people N] [--night | --late | --repair ROW] [--out FILE] - the demo's roster as CSV, the same bytes
each time.

N people (default 1,000) of several jurisdictions and languages: some without e-mail, phone or address, some who opted
out of legal e-mail, refused electronic notice, are minors or deceased; some whose providers will refuse, bounce or
return; some rows with a damaged field, and one that must be refused. Nobody in it exists: names are put together from syllables, mail domains are
reserved (RFC 2606), phone numbers come from ranges kept for fiction (555-01xx, Ofcom, Bundesnetzagentur, ARCEP), but
for those whose last digits tell the local provider what to play.
"""
import argparse
import csv
import random
import sys

COLUMNS = ["recipient_id", "account_id", "name", "email", "phone", "address_line1", "address_line2", "address_city",
           "address_region", "address_postal_code", "address_country", "jurisdiction", "locale", "consent_electronic",
           "consent_scope", "consent_basis", "consent_given_at", "legal_email_opt_out", "data_types", "flags",
           "fields_plan"]

#         jurisdiction, share, locales, country, region, towns, postal code, phone
PLACES = [
    ("US-CA", 20, ("en", "en", "es"), "US", "CA", ("Larkhaven", "Port Mirabel", "Alder Bay"), "900{:02d}", "+1213555{:04d}"),
    ("US-NY", 16, ("en", "en", "en", "es"), "US", "NY", ("North Tamsin", "Eastmere", "Quillport"), "100{:02d}", "+1212555{:04d}"),
    ("US-TX", 14, ("en", "es"), "US", "TX", ("Cedar Fell", "Dry Lantern"), "750{:02d}", "+1214555{:04d}"),
    ("US-MA", 8, ("en",), "US", "MA", ("Old Wexmoor", "Saltbury"), "021{:02d}", "+1617555{:04d}"),
    ("US-FL", 10, ("en", "es"), "US", "FL", ("Coral Hythe", "Palm Tarrow"), "331{:02d}", "+1305555{:04d}"),
    ("GB", 10, ("en-GB",), "GB", "", ("Wexcombe", "Little Orrin"), "ZZ{} 9XX", "+44770090{:04d}"),
    ("EU-DE", 8, ("de",), "DE", "", ("Lindenfurt", "Oberwalden"), "990{:02d}", "+4917139200{:02d}"),
    ("EU-FR", 6, ("fr",), "FR", "", ("Valcresson", "Saint-Orme"), "990{:02d}", "+336399800{:02d}"),
    ("EU-ES", 4, ("es",), "ES", "", ("Villaserena", "Puerto Alzar"), "990{:02d}", ""),
    ("CA-ON", 4, ("en-CA", "fr-CA"), "CA", "ON", ("Maple Fenwick", "Lac Tavish"), "M{}X 9Z9", "+1416555{:04d}"),
]
FIRST = {"en": ("Av", "Bren", "Cor", "Del", "Em", "Fin", "Gar", "Hol", "Is", "Jor", "Kel", "Lor", "Mar", "Ner", "Or"),
         "de": ("Alm", "Bruns", "Dörn", "Fried", "Grün", "Hel", "Jörn", "Lies", "Wölf"),
         "fr": ("Amé", "Bélin", "Clé", "Dori", "Élo", "Fran", "Gisé", "Océ"),
         "es": ("Ald", "Beñ", "Carm", "Dár", "Est", "Gonz", "Íñ", "Mar")}
FIRST_END = {"en": ("a", "an", "ella", "en", "ia", "in", "o", "wyn"), "de": ("a", "bert", "e", "hild", "mar"),
             "fr": ("lie", "ne", "rine", "to", "lle"), "es": ("ita", "o", "án", "ela")}
LAST = {"en": ("Ash", "Bram", "Cress", "Dun", "Elder", "Fern", "Gloam", "Hazel", "Iron", "Kestrel", "Lark", "Moss", "Quill"),
        "de": ("Adler", "Bach", "Eich", "Fels", "Linden", "Silber", "Wald", "Über"),
        "fr": ("Beau", "Clair", "Dela", "Haute", "Mont", "Rive", "Vert"),
        "es": ("Alta", "Bella", "Casti", "Mira", "Peña", "Rio", "Vega")}
LAST_END = {"en": ("bourne", "combe", "field", "feather", "more", "thorpe", "wick", "worth", "'Dell"),
            "de": ("hofer", "mann", "stein", "thaler", "ßner"), "fr": ("bois", "court", "font", "ville", "champ"),
            "es": ("flores", "monte", "serra", "zuela", "rey")}
STREETS = {"US": "{} Lantern Street", "CA": "{} Heron Avenue", "GB": "{} Orchard Row", "DE": "Lindenallee {}",
           "FR": "{} rue des Tilleuls", "ES": "Calle del Olmo {}"}
MAILS = ("post.example", "mail.example", "inbox.example", "example.com", "example.org", "example.net")
PLANS = ("Everyday", "Everyday", "Family", "Student", "Premier")


def name(rng, locale):
    words = locale[:2]
    return (f"{rng.choice(FIRST[words])}{rng.choice(FIRST_END[words])} "
            f"{rng.choice(LAST[words])}{rng.choice(LAST_END[words])}")


def phone(rng, pattern, country):
    if not pattern:
        return ""
    if country in ("US", "CA"):
        return pattern.format(rng.randrange(100, 200))
    return pattern.format(rng.randrange(100, 1000) if "{:04d}" in pattern else rng.randrange(10, 100))


def person(rng, number):
    place = rng.choices(PLACES, [p[1] for p in PLACES])[0]
    jurisdiction, _, locales, country, region, towns, postcode, dial = place
    locale = rng.choice(locales)
    row = {
        "recipient_id": f"hl-{number:06d}", "account_id": f"acct-{number:06d}", "name": name(rng, locale),
        "email": f"customer.{number:06d}@{rng.choice(MAILS)}", "phone": phone(rng, dial, country),
        "address_line1": STREETS[country].format(rng.randrange(1, 400)),
        "address_line2": rng.choice(("", "", "", "Apt 4", "Unit 12")) if country in ("US", "CA") else "",
        "address_city": rng.choice(towns), "address_region": region,
        "address_postal_code": postcode.format(rng.randrange(1, 9)), "address_country": country,
        "jurisdiction": jurisdiction, "locale": locale, "fields_plan": rng.choice(PLANS),
    }
    if rng.random() < 0.70:
        row.update(consent_electronic="yes", consent_scope="all notices", consent_basis="account agreement",
                   consent_given_at=f"20{rng.randrange(18, 26)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}")
    elif rng.random() < 0.10:
        row.update(consent_electronic="no")
    vary(rng, row)
    return row


def drop_address(row):
    for column in COLUMNS:
        if column.startswith("address_"):
            row[column] = ""


def vary(rng, row):
    """What real rosters look like: gaps, and people for whom other rules hold."""
    if rng.random() < 0.06:
        row["email"] = ""
    if rng.random() < 0.30:
        row["phone"] = ""
    if rng.random() < 0.10:
        drop_address(row)
    if rng.random() < 0.15:
        row["account_id"] = ""
    if rng.random() < 0.03:
        row["legal_email_opt_out"] = "yes"
    if rng.random() < 0.02:
        row["flags"] = "minor"
    elif rng.random() < 0.01:
        row["flags"] = "deceased"
    if rng.random() < 0.05:
        row["data_types"] = "name|email"


def magic(rows):
    """Some whose providers refuse, bounce, fail or return, at fixed places."""
    def mail(i, word):
        rows[i]["email"] = f"{word}+{i:04d}@post.example"
        rows[i]["legal_email_opt_out"] = ""
        if rows[i].get("consent_electronic") == "no":
            rows[i]["consent_electronic"] = "yes"

    def line(i, digits):
        mail(i, "perm-fail")
        rows[i]["phone"] = f"+1212555{digits}"

    def letter(i, word):
        line(i, "0009")
        rows[i].update(address_line1=f"{i} {word} Street", address_city="Eastmere", address_region="NY",
                       address_postal_code="10001", address_country="US")

    for i in range(20, 420, 20):        # 20 mailboxes that do not exist
        mail(i, "perm-fail")
    for i in range(30, 130, 25):        # too big, after the dot
        mail(i, "too-big")
    for i in range(33, 60, 9):          # deferred again and again
        mail(i, "temp-fail")
    for i, digits in ((500, "0001"), (510, "0006"), (520, "0008"), (530, "0009"), (540, "0003")):
        line(i, digits)                 # invalid, STOP, filtered, unreachable, silence
    for i in range(600, 640, 10):       # letters that come back
        letter(i, "RETURN")
    letter(650, "NCOA")                 # forwarded
    letter(660, "RENDERFAIL")
    for i in range(700, 760, 12):       # no way at all to reach them
        rows[i].update(email="", phone="", account_id="")
        drop_address(rows[i])
    for i in range(800, 860, 10):       # a placeholder of the notice is missing
        rows[i]["fields_plan"] = ""


def bad_rows(rows):
    """Rows with a damaged field (11), one without an id, and 3 that are there already."""
    def like(i, **changes):
        return {**rows[i], "recipient_id": f"bad-{i:04d}", **changes}

    return [
        like(1, email="no-at-sign.example"), like(2, email="two words@post.example"), like(3, email="a@b@post.example"),
        like(4, phone="555-0100"), like(5, phone="+1 (212) 555-0100"), like(6, recipient_id=""),
        like(7, jurisdiction="California"), like(8, address_country="United States"), like(9, flags="vip"),
        like(10, data_types="shoe_size"), like(11, consent_electronic="perhaps"), like(12, locale="english please"),
        dict(rows[100]), dict(rows[200]), dict(rows[300]),
    ]


# ---- The night: the same people as a spreadsheet of somebody in a hurry. ----

NIGHT_COLUMNS = {"recipient_id": "Customer no.", "account_id": "Account", "name": "Full name", "email": "E-mail",
                 "phone": "Mobile phone", "address_line1": "Street address", "address_line2": "Apt", "address_city": "City",
                 "address_region": "State", "address_postal_code": "ZIP code", "address_country": "Country",
                 "jurisdiction": "jurisdiction", "locale": "Language", "fields_plan": "fields_plan"}
LATE_PEOPLE = 60


def spoil(rows):
    """What a spreadsheet does to what is typed into it, and whom nobody can find."""
    for i, row in enumerate(rows):
        if row["jurisdiction"] == "US-MA":
            row["address_postal_code"] = row["address_postal_code"].lstrip("0")
        if i % 9 == 4:                  # these have a telephone and no e-mail: text messages
            row["email"] = ""
        if i % 90 == 7 and row["email"]:
            row["phone"] = "1.21255E+10"
        if row["jurisdiction"] in ("US-CA", "US-FL") and row["address_region"]:
            row["jurisdiction"] = ""    # whoever exported it had no such column for them
    for i in range(60, len(rows), 160):
        rows[i]["email"] = "#N/A"
    for i in range(70, len(rows), 300):
        rows[i].update(email=f"perm-fail+{i:04d}@post.example")
    nameless = [{**rows[i], "recipient_id": "", "email": f"nameless.{i:04d}@post.example"} for i in (11, 222)]
    rows[200:200] = nameless + [dict(rows[5]), dict(rows[6]), dict(rows[8])]


def write_night(out, rows):
    columns = list(NIGHT_COLUMNS)
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([NIGHT_COLUMNS[column] for column in columns])
    for row in rows:
        writer.writerow([row.get(column, "") for column in columns])


def write_repair(out, rng, row):
    """One of the refused rows, as it should have been."""
    who = {**person(rng, 900000), "email": "found.again@post.example", "jurisdiction": "US-CA", "rejected_row": row}
    writer = csv.DictWriter(out, ["rejected_row"] + COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(who)


def main():
    parser = argparse.ArgumentParser(description="Writes the demo's roster as CSV.")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--out", default="-")
    parser.add_argument("--night", action="store_true", help="as a spreadsheet: Windows-1252, semicolons, damage")
    parser.add_argument("--late", action="store_true", help="people who were found later")
    parser.add_argument("--repair", metavar="ROW", help="the correction of this refused row")
    options = parser.parse_args()
    rng = random.Random(20260503)
    encoding = "cp1252" if options.night else "utf-8"
    out = sys.stdout if options.out == "-" else open(options.out, "w", encoding=encoding, newline="")
    if options.repair:
        write_repair(out, rng, options.repair)
        return
    if options.night:
        rows = [person(rng, number) for number in range(1, options.people + 1)]
        spoil(rows)
        write_night(out, rows)
        return
    if options.late:
        rows = [person(rng, 800000 + number) for number in range(1, LATE_PEOPLE + 1)]
        csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n").writeheader()
        csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n").writerows(rows)
        return
    rows = [person(rng, number) for number in range(1, options.people + 1)]
    if options.people >= 1000:
        magic(rows)
        for place, row in enumerate(bad_rows(rows)):
            rows.insert(310 + place * 45, row)
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
