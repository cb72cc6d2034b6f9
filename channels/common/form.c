/* form.c - decodes form bodies in place of a copy in the arena. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "form.h"

/* Decodes '+' and %XX in place; false on a bad escape or a NUL. */
static bool decode(char *text)
{
    char *to = text;

    for (; *text; text++, to++) {
        *to = *text == '+' ? ' ' : *text;
        if (*text != '%')
            continue;
        if (!text[1] || !text[2] || hex_decode(to, 1, text + 1, 2) != 1 || !*to)
            return false;
        text += 2;
    }
    *to = '\0';
    return true;
}

enum result form_read(const char *body, size_t length, struct arena *arena, struct form *ret)
{
    char *rest = arena_strndup(arena, body, length), *pair;

    ret->n = 0;
    if (!rest || strlen(rest) != length)
        return RESULT_INVALID;
    while ((pair = strsep(&rest, "&"))) {
        if (!*pair)
            continue;
        char *value = strchr(pair, '=');
        if (value)
            *value++ = '\0';
        else
            value = pair + strlen(pair);
        if (ret->n == FORM_FIELDS_MAX || !decode(pair) || !decode(value))
            return RESULT_INVALID;
        ret->fields[ret->n++] = (struct form_field){pair, value};
    }
    return RESULT_OK;
}

const char *form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->n; i++)
        if (str_equal(form->fields[i].name, name))
            return form->fields[i].value;
    return NULL;
}
