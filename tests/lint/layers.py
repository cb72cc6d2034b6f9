#!/usr/bin/env python3
"""layers.py - does each folder include only what lies below it, and has each third-party header one home?

The layers are those of ARCHITECTURE.md: lower never includes higher, the same layer only itself.
"""
import re

from common import files, finish, read

#  folder of the file -> folders whose headers it may include, besides its own
BASE = ("include/base",)
SEAMS = BASE + ("include/tocsin",)
ALLOWED = {
    "include/base": (),
    "include/tocsin": BASE,
    "service/base": SEAMS,  # clock.c is the system's clock behind include/tocsin/clock.h
    "service/domain": SEAMS,
    "templates/engine": SEAMS,
    "service/loop": SEAMS,
    "service/store": SEAMS,
    "service/http": SEAMS,
    "channels": SEAMS,
    "service/receipts": SEAMS,
    "service/law": SEAMS,
    "service/delivery": SEAMS + ("service/receipts", "service/law"),
    "service/requests": SEAMS + ("service/delivery",),
    "service/backup": SEAMS + ("service/delivery",),
    "service/preflight": SEAMS + ("service/backup", "service/delivery", "service/receipts"),
    "service/api": SEAMS + ("service/backup", "service/preflight", "service/delivery", "service/law", "service/evidence", "service/requests", "service/http", "service/receipts"),
    "service/console": SEAMS + ("service/api", "service/delivery", "service/http", "service/requests"),
    "service/evidence": SEAMS + ("service/delivery", "service/requests", "service/receipts"),
    "service/ctl": SEAMS + ("service/http", "service/law"),  # the witness is a small server
}
# tocsind itself (files directly in service/) wires everything.

HOMES = {  # header -> folders that may include it; tests may use what they test with
    "uv.h": ("service/loop",), "curl/curl.h": ("service/loop", "service/ctl"), "sqlite3.h": ("service/store",),
    "microhttpd.h": ("service/http",), "libesmtp.h": ("channels/email",), "auth-client.h": ("channels/email",),
    "gmime/gmime.h": ("channels/email",), "sodium.h": ("service/base",), "cmark-gfm.h": ("templates/engine",),
    "json-c/json.h": ("include/base", "service/base"), "yaml.h": ("service",),
    "cyaml/cyaml.h": ("service", "channels"), "zlib.h": ("service/delivery", "service/receipts", "service/domain", "service/ctl"),
    "archive_entry.h": ("service/evidence", "service/ctl"), "cairo-pdf.h": ("service/evidence",),
    "pango/pangocairo.h": ("service/evidence",), "fontconfig/fontconfig.h": ("service/evidence",),
    "glib.h": ("service/delivery",), "archive.h": ("service/evidence", "service/ctl"), "idn2.h": ("service/domain", "channels/email"),
}
OPENSSL = ("service/base", "channels/email", "service/preflight")  # hashes; TLS of the relay's session; certificates

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def home(path):
    """The layer that a file belongs to."""
    parts = path.split("/")
    if parts[0] in ("channels", "tests"):
        return parts[0]
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def target(path, name, known):
    """The file that an #include "..." means."""
    for folder in ("include", ".", path.rsplit("/", 1)[0]):
        full = name if folder == "." else f"{folder}/{name}"
        if full in known:
            return full
    return None


def third_party(path, name):
    where = "service" if path.count("/") == 1 and path.startswith("service/") else "/".join(path.split("/")[:2])
    if name.startswith("openssl/"):
        homes = OPENSSL
    else:
        homes = HOMES.get(name)
    if homes and not any(where == h or (h.count("/") == 0 and h != "service" and where.startswith(h + "/")) for h in homes):
        return f"<{name}> has its home in {', '.join(homes)}: use the seam of that folder"
    return None


def main():
    known = set(files(".h"))
    problems = []
    for path in files(".c", ".h"):
        own = home(path)
        if own == "tests":
            continue
        for quote, name in INCLUDE.findall(read(path)):
            problem = None
            if quote == "<":
                problem = third_party(path, name)
            else:
                other = target(path, name, known)
                layer = other and home(other)
                if not other:
                    if "." in name and name.endswith(".h"):
                        problem = f'"{name}" is not found below the root, include/ or beside it'
                elif own not in ALLOWED and own != "service":
                    problem = f"{own} is no layer yet: give it a line in tests/lint/layers.py"
                elif own != "service" and layer != own and layer not in ALLOWED[own]:
                    problem = f'includes "{name}", which is above or beside it'
            if problem:
                problems.append(f"{path}: {problem}")
    finish("layers", problems)


if __name__ == "__main__":
    main()
