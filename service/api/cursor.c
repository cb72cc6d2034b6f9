/* cursor.c - the text of a list's cursor. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/cursor.h"

enum { SLOT_MAX = 65535 };

char *cursor_format(char to[CURSOR_TEXT_SIZE], const struct cursor *cursor)
{
    snprintf(to, CURSOR_TEXT_SIZE, "%" PRId64 ".%u", cursor->order, cursor->slot);
    return to;
}

bool cursor_parse(const char *text, struct cursor *ret_cursor)
{
    char order[CURSOR_TEXT_SIZE];
    uint64_t number = 0, slot = 0;
    if (!text || !str_copy(order, sizeof order, text))
        return false;
    char *dot = strchr(order, '.');
    if (!dot)
        return false;
    *dot = 0;
    if (!parse_u64(order, &number) || !parse_u64(dot + 1, &slot) || number > INT64_MAX ||
        slot > SLOT_MAX)
        return false;
    *ret_cursor = (struct cursor){.order = (int64_t)number, .slot = (unsigned)slot};
    return true;
}
