/* fields.h - application/x-www-form-urlencoded bodies (WHATWG URL, section 5.1), strictly. Pure. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

enum { FIELDS_MAX = 16 };
struct fields {
    struct {
        const char *name, *value; /* valid UTF-8 without NUL */
    } items[FIELDS_MAX];
    size_t n;
};
/* False: a bad escape, no UTF-8, a name twice, or more fields than there is room for. */
bool fields_parse(struct fields *form, struct slice body, struct arena *arena);
/* NULL: there is none. */
const char *fields_get(const struct fields *form, const char *name);
