/* uri.h - the request target: checks, percent-decoding, query. Pure, thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { HTTP_QUERY_MAX = 32 };

struct query_pair {
    const char *name, *value;
};
struct query {
    struct query_pair pairs[HTTP_QUERY_MAX];
    size_t n;
};

/* Is this a path in origin form that means the same to every reader? It begins with '/', has
 * printable ASCII only, whole escapes, no escaped control characters, no "." or ".." segments
 * (escaped or not), valid UTF-8 once decoded. */
bool uri_path_ok(const char *path, size_t length);

/* Decodes `length` bytes; %2F stays when `keep_slash` (a segment must not grow a separator). NULL:
 * a broken escape, a control character, not UTF-8, or the arena is full. */
char *uri_decode(struct arena *arena, const char *text, size_t length, bool keep_slash);

/* Splits and decodes "a=1&b=x+y" ('+' is a blank). False: as uri_decode, more than HTTP_QUERY_MAX
 * pairs, a name that comes twice. `text` may be NULL. */
bool uri_query(struct arena *arena, const char *text, struct query *query);
const char *query_get(const struct query *query, const char *name);
