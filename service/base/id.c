/* id.c - identifiers as numbers and as text. Happy path: format and parse are inverse. Failure
 * modes: anything that id_format would not have written parses as 0. */
/* System. */
#include <string.h>

/* Base. */
#include "base/id.h"
#include "base/result.h"
#include "base/seal.h"

enum { DIGITS = 13, PREFIX_MAX = 8 };
static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* no i, l, o, u */

id id_new(void)
{
    uint64_t bits = 0;
    while (bits == 0) {
        seal_random(&bits, sizeof(bits));
        bits >>= 1;
    }
    return (id)bits;
}

char *id_format(char to[ID_TEXT_SIZE], const char *prefix, id value)
{
    size_t length = strlen(prefix);
    require(length <= PREFIX_MAX && value >= 0);
    memcpy(to, prefix, length);
    to[length] = '_';
    char *digits = to + length + 1;
    uint64_t rest = (uint64_t)value;
    for (int i = DIGITS - 1; i >= 0; i--, rest >>= 5)
        digits[i] = crockford[rest & 31];
    digits[DIGITS] = 0;
    return to;
}

id id_parse(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    if (text == NULL || strncmp(text, prefix, length) != 0 || text[length] != '_' ||
        strlen(text + length + 1) != DIGITS)
        return 0;
    const char *digits = text + length + 1;
    if (digits[0] > '7') /* 63 bits */
        return 0;
    uint64_t value = 0;
    for (int i = 0; i < DIGITS; i++) {
        const char *at = strchr(crockford, digits[i]);
        if (at == NULL)
            return 0;
        value = value << 5 | (uint64_t)(at - crockford);
    }
    return (id)value;
}
