#!/usr/bin/env python3
"""banned.py - calls that must not be made, and names that the core must not know."""
import re

from common import blank, files, finish, line_of, read

ANYWHERE = {
    "strcpy": "str_copy()", "strcat": "struct buf", "sprintf": "snprintf() or buf_printf()", "vsprintf": "vsnprintf()",
    "gets": "fgets()", "strtok": "a scanner of your own", "atoi": "parse_i64()", "atol": "parse_i64()",
    "alloca": "an arena", "system": "nothing: no shell", "popen": "nothing: no shell", "rand": "seal_random()",
    "srand": "seal_random()", "random": "seal_random()", "tmpnam": "mkstemp()", "mktemp": "mkstemp()",
    "malloc": "mem_alloc()", "calloc": "mem_alloc()", "realloc": "mem_resize()", "strdup": "mem_strdup()",
}
# Where a banned call is the point, or another library's rules ask for it.
EXCEPT = {
    "malloc": ("service/base/mem.c", "channels/email/"), "calloc": ("service/base/mem.c",),
    "realloc": ("service/base/mem.c",), "strdup": ("channels/email/",),
}
TIME = {"time", "gettimeofday", "clock_gettime", "localtime", "localtime_r", "gmtime", "mktime", "strftime"}
TIME_SEAMS = ("service/base/clock.c", "service/base/log.c", "service/loop/", "service/ctl/", "channels/email/email_watch.c",
              "channels/email/email_runner.c")  # the last two wait for threads, not for a point in time
CHANNELS = ("email", "sms", "voice", "postal", "banner")
COMPARES = re.compile(r'\b(?:str_equal\w*|str_starts|strcmp|strcasecmp|slice_equal|memcmp)\s*\([^;{}]*?"('
                      + "|".join(CHANNELS) + r')"')
# Words of a roster or of report members that happen to be those of a channel; they name no channel.
COMPARE_SEAMS = ("service/domain/", "service/ctl/")
CALL = re.compile(r"(?<![\w.>])([a-z_]\w*)\s*\(")


def calls(path, text):
    for match in CALL.finditer(text):
        name = match.group(1)
        place = f"{path}:{line_of(text, match.start())}"
        if name in ANYWHERE and not path.startswith(EXCEPT.get(name, ("//",))) and not path.startswith("tests/"):
            yield f"{place}: {name}() is banned: use {ANYWHERE[name]}"
        elif name in ("strcpy", "strcat", "sprintf", "gets", "strtok", "alloca") and path.startswith("tests/"):
            yield f"{place}: {name}() is banned, in tests too: use {ANYWHERE[name]}"
        elif name in TIME and not path.startswith(TIME_SEAMS + ("tests/",)):
            yield f"{place}: {name}() asks the system for the time: use the clock seam"


def main():
    problems = []
    for path in files(".c", ".h"):
        source = read(path)
        text = blank(source)
        problems += calls(path, text)
        if path.startswith("service/") and not path.startswith(COMPARE_SEAMS):
            bare = blank(source, strings=False)
            for match in COMPARES.finditer(bare):
                problems.append(f"{path}:{line_of(bare, match.start())}: compares the name of the channel "
                                f"\"{match.group(1)}\": the core goes by a driver's facts")
        if "\t" in source:
            problems.append(f"{path}:{line_of(source, source.index(chr(9)))}: a tab")
        if path.endswith(".h") and not re.search(r"^#pragma once$", source, re.M):
            problems.append(f"{path}: no #pragma once")
    finish("banned", problems)


if __name__ == "__main__":
    main()
