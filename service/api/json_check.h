/* json_check.h - the shape of a JSON object as a table: which members, of what kind, how long.
 *
 *   static const struct member_rule rules[] = {{"title", MEMBER_LINE, .max = 200, .required =
 * true}, ...}; json_check(json, "", &MEMBER_RULES(rules), &findings);
 *
 * Pure, thread-safe. null counts as absent. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "service/api/findings.h"

enum member_kind {
    MEMBER_LINE, /* one line of text, no control characters; max bytes */
    MEMBER_TEXT, /* text with line feeds and tabs; max bytes */
    MEMBER_WORD, /* one of `words` */
    MEMBER_NAME, /* [a-z][a-z0-9_]*, max bytes */
    MEMBER_BOOL,
    MEMBER_INT,  /* 0..max */
    MEMBER_TIME, /* RFC 3339 date-time, or a day */
    MEMBER_EMAIL,
    MEMBER_URL,    /* http or https */
    MEMBER_PLACE,  /* jurisdiction or country: "US-CA", "EU-IE", "GB" */
    MEMBER_OBJECT, /* looked into by the caller */
    MEMBER_ARRAY,  /* up to max elements, looked into by the caller */
    MEMBER_ANY
};

struct member_rule {
    const char *name;
    enum member_kind kind;
    size_t max;
    bool required;
    const char *const *words; /* NULL-terminated */
};
struct member_rules {
    const struct member_rule *rules;
    size_t n;
};
#define MEMBER_RULES(table) ((struct member_rules){(table), sizeof(table) / sizeof *(table)})

/* Adds a finding for each member that is unknown, missing, of another kind or past its bound. */
void json_check(struct json_object *json, const char *pointer, struct member_rules rules,
                struct findings *findings);
/* One value against a rule; `name` NULL: `pointer` is the value's own. */
void json_check_value(struct json_object *value, const char *pointer,
                      const struct member_rule *rule, struct findings *findings);
/* A member that is there and right, as far as its kind goes: for the checks that follow. */
bool json_member_time(struct json_object *json, const char *name, int64_t *ret_at);
/* Is it [a-z][a-z0-9_]* of at most `max` bytes? */
bool json_name_check(const char *text, size_t max);
