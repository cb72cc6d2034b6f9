/* text_take.h - steps over JSON that lies in memory of our own and ends in NUL: a mark, a word, a
 * string unescaped where it stands. No step moves over the NUL. Private to service/domain. Pure. */
#pragma once
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

/* One character; false, and nowhere moved, when another stands there. */
static inline bool take(char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static inline bool take_word(char **at, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*at, word, n) != 0)
        return false;
    *at += n;
    return true;
}

/* The blanks of RFC 8259 section 2. */
static inline void take_blanks(char **at)
{
    while (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r')
        ++*at;
}

/* A quoted string, unescaped and ended by NUL in place. False: none stands there, it is not closed,
 * or it has an escape that does not exist, a NUL or half of a surrogate pair. Whether the rest is
 * UTF-8 without controls is for the caller to check: text_is_line(). */
bool take_string(char **at, struct slice *ret_text);
