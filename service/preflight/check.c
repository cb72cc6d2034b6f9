/* check.c - one finding of a preflight, and its JSON. */

/* System. */
#include <stdarg.h>
#include <stdio.h>

/* This module. */
#include "service/preflight/check.h"

const char *check_state_name(enum check_state state)
{
    static const char *const names[CHECK_STATES_N] = {[CHECK_NOT_CHECKED] = "not_checked",
                                                      [CHECK_OK] = "ok",
                                                      [CHECK_WARNING] = "warning",
                                                      [CHECK_FAILED] = "failed"};
    return names[state];
}

void check_say(struct check *check, enum check_state state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(check->sentence, sizeof(check->sentence), format, arguments);
    va_end(arguments);
    check->state = state;
}

struct json_object *check_json(const struct check *check)
{
    struct json_object *json = json_object_new_object();
    json_object_object_add(json, "check", json_object_new_string(check->name));
    json_object_object_add(json, "subject", json_object_new_string(check->subject));
    json_object_object_add(json, "state", json_object_new_string(check_state_name(check->state)));
    json_object_object_add(json, "sentence", json_object_new_string(check->sentence));
    return json;
}
