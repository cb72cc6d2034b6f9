/* check.h - one thing that was looked at, and what to do about it. */
#pragma once
#include <stddef.h>

#include "base/json.h"

enum check_state { CHECK_NOT_CHECKED, CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_STATES_N };
const char *check_state_name(enum check_state state); /* "not_checked", ... */

struct check {
    const char *name;   /* "clock": static */
    char subject[300];  /* of what: a host, a channel; no personal data */
    char sentence[400]; /* ends in what to do, unless all is well */
    enum check_state state;
};
/* Sets both; the sentence is cut at its bound. */
void check_say(struct check *check, enum check_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* {"check","subject","state","sentence"} */
struct json_object *check_json(const struct check *check);
