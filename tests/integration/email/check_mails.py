"""Reads the mails of test_email_sink back with Python's email package and removes the folder."""
import email
import email.policy
import os
import shutil
import sys

folder = sys.argv[1]
names = sorted(n for n in os.listdir(folder) if n.endswith(".eml"))
assert len(names) == 3, names
for name in names:
    raw = open(os.path.join(folder, name), "rb").read()
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects, mail.defects
    assert mail["From"].addresses[0].display_name == "Example, Inc.", mail["From"]
    assert mail["Subject"] == "Notice of Data Breach: Example, Inc.", mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"]
    assert mail["Message-ID"].endswith("@example.org>") and "List-Unsubscribe" not in mail
    for header in ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version"):
        assert len(mail.get_all(header)) == 1, header
    text, html = mail.get_payload()
    assert text.get_content().replace("\r\n", "\n") == "Dear customer,\n\n.dots at the start of a line\nare kept.\n"
    assert html.get_content().replace("\r\n", "\n") == "<html><body><p>Dear customer</p></body></html>\n"
shutil.rmtree(folder)
