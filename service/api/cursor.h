/* cursor.h - where a list goes on: "<order>.<slot>" for receipts, a plain number elsewhere. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { CURSOR_TEXT_SIZE = 40 };

struct cursor {
    int64_t order;
    unsigned slot;
};
/* Opaque to the client: a later version may write it in another way. Returns `to`. */
char *cursor_format(char to[CURSOR_TEXT_SIZE], const struct cursor *cursor);
/* Strict: digits, one dot, digits, in range, not negative. */
bool cursor_parse(const char *text, struct cursor *ret_cursor);
