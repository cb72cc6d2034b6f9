/* idempotency_key.c - the header's text, and the fingerprint of a request. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"

/* This module. */
#include "service/api/idempotency.h"

/* RFC 8941 section 3.3.3: printable ASCII between quotes, \" and \\ the only escapes. Parameters
 * behind the string are not defined by the draft and are refused. */
bool idempotency_key_parse(const char *header, char ret_key[IDEMPOTENCY_KEY_MAX + 1])
{
    char key[IDEMPOTENCY_KEY_MAX + 1];
    size_t n = 0;
    if (!header || *header++ != '"')
        return false;
    for (; *header && *header != '"'; header++) {
        if (*header == '\\' && *++header != '"' && *header != '\\')
            return false;
        if (*header < 0x20 || *header > 0x7e || n == IDEMPOTENCY_KEY_MAX)
            return false;
        key[n++] = *header;
    }
    if (*header != '"' || header[1] || n == 0)
        return false;
    key[n] = 0;
    memcpy(ret_key, key, n + 1);
    return true;
}

void idempotency_fingerprint(uint8_t fingerprint[DIGEST_SIZE], const char *method, const char *path,
                             const uint8_t body[DIGEST_SIZE])
{
    struct sha256_stream *stream = sha256_begin();
    sha256_add(stream, method, strlen(method) + 1);
    sha256_add(stream, path, strlen(path) + 1);
    sha256_add(stream, body, DIGEST_SIZE);
    sha256_end(&stream, fingerprint);
}
