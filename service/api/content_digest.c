/* content_digest.c - reads Content-Digest: a structured-field dictionary of byte sequences (RFC
 * 9530 section 2, RFC 8941 section 3.2). */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/content_digest.h"

/* One "key=:base64:" at *at; moves behind it and the comma. False: malformed. */
static bool next_member(const char **at, struct slice *key, struct slice *value)
{
    const char *p = *at + strspn(*at, " \t");
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-_.*");
    *key = (struct slice){p, n};
    p += n;
    if (n == 0 || p[0] != '=' || p[1] != ':')
        return false;
    const char *end = strchr(p + 2, ':');
    if (!end)
        return false;
    *value = (struct slice){p + 2, (size_t)(end - p - 2)};
    p = end + 1;
    p += strspn(p, " \t");
    if (*p == ',' && p[1 + strspn(p + 1, " \t")])
        p++;
    else if (*p)
        return false;
    *at = p;
    return true;
}

bool content_digest_parse(const char *header, uint8_t ret_digest[DIGEST_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    bool found = false;
    struct slice key, value;
    while (header && *header) {
        if (!next_member(&header, &key, &value))
            return false;
        if (!slice_equal(key, "sha-256"))
            continue;
        if (base64_decode(digest, sizeof digest, value.data, value.length) != DIGEST_SIZE)
            return false;
        found = true;
    }
    if (found)
        memcpy(ret_digest, digest, DIGEST_SIZE);
    return found;
}
