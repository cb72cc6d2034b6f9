/* fields.c - see the header. */
/* System. */
#include <string.h>

/* This module. */
#include "service/console/fields.h"

/* Decodes into the arena; NULL: not well-formed. */
static const char *decode(const char *text, size_t length, struct arena *arena)
{
    char *to = arena_alloc(arena, length + 1);
    size_t n = 0;
    for (size_t i = 0; to != NULL && i < length; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (text[i] == '+') {
            byte = ' ';
        } else if (text[i] == '%') {
            char pair[3] = {0};
            if (length - i < 3)
                return NULL;
            memcpy(pair, text + i + 1, 2);
            for (char *c = pair; *c != 0; c++) /* upper or lower case */
                *c = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
            if (hex_decode(&byte, 1, pair, 2) != 1)
                return NULL;
            i += 2;
        }
        to[n++] = (char)byte;
    }
    return to != NULL && utf8_valid(to, n) ? to : NULL;
}

static bool add(struct fields *form, const char *name, const char *value)
{
    if (name == NULL || value == NULL || form->n == FIELDS_MAX || fields_get(form, name) != NULL)
        return false;
    form->items[form->n].name = name;
    form->items[form->n++].value = value;
    return true;
}

bool fields_parse(struct fields *form, struct slice body, struct arena *arena)
{
    const char *at = body.data, *end = body.data + body.length;
    form->n = 0;
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        const char *sign = memchr(at, '=', (size_t)(stop - at));
        const char *value = sign != NULL ? sign + 1 : stop;
        if (stop > at && !add(form, decode(at, (size_t)((sign != NULL ? sign : stop) - at), arena),
                              decode(value, (size_t)(stop - value), arena)))
            return false;
        at = stop + 1;
    }
    return true;
}

const char *fields_get(const struct fields *form, const char *name)
{
    for (size_t i = 0; i < form->n; i++)
        if (str_equal(form->items[i].name, name))
            return form->items[i].value;
    return NULL;
}
