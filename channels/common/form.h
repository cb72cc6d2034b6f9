/* form.h - reads application/x-www-form-urlencoded bodies (WHATWG URL, section 5.1). Pure, bounded.
 */
#pragma once
#include <stddef.h>

#include "base/arena.h"
#include "base/result.h"

enum { FORM_FIELDS_MAX = 64 };

struct form {
    size_t n;
    struct form_field {
        const char *name, *value; /* decoded, in the arena */
    } fields[FORM_FIELDS_MAX];
};

/* RESULT_INVALID: a bad escape, a NUL, too many fields or no memory in the arena. */
enum result form_read(const char *body, size_t length, struct arena *arena, struct form *ret);
/* The first of this name, or NULL. */
const char *form_get(const struct form *form, const char *name);
