#!/usr/bin/env python3
"""sizes.py - functions of up to 100 lines, files of up to 800, READMEs of up to 20: what can be read at one go."""
import os
import re

from common import ROOT, blank, files, finish, line_of, read

FUNCTION, FILE, README = 100, 800, 20

# Linux braces: a function's body opens and closes in the first column.
BODY = re.compile(r"^([a-zA-Z_][^\n;{}=]*(?:\n[^\n;{}=]+)*\))\s*\n\{\n(.*?)^\}", re.M | re.S)


def functions(path):
    text = blank(read(path))
    for match in BODY.finditer(text):
        lines = match.group(2).count("\n")
        if lines > FUNCTION:
            name = re.search(r"(\w+)\s*\(", match.group(1))
            yield f"{path}:{line_of(text, match.start())}: {name.group(1) if name else '?'}() has {lines} lines"


def main():
    problems = []
    for path in files(".c", ".h"):
        lines = read(path).count("\n")
        if lines > FILE:
            problems.append(f"{path}: {lines} lines; split it by topic")
        problems += functions(path)
    for path in files("README.md", tops=("include", "service", "channels", "templates", "tests", "deploy")):
        lines = read(path).count("\n")
        if lines > README:
            problems.append(f"{path}: {lines} lines; a folder's README has at most {README}")
    for path in sorted({os.path.dirname(p) for p in files(".c")}):
        if not os.path.exists(os.path.join(ROOT, path, "README.md")) and path.count("/") < 3:
            problems.append(f"{path}: no README.md says what lives here and where to start")
    finish("sizes", problems)


if __name__ == "__main__":
    main()
