/* signature.h - the signatures that providers put on callbacks, and we on webhooks. Pure; constant
 * time in what is secret. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/time.h"
#include "channels/common/secret.h"

enum { SIGNATURE_TEXT_SIZE = 65 };

/* Hex HMAC-SHA256 of prefix || "." || body. */
void signature_hex(char to[SIGNATURE_TEXT_SIZE], const char *secret, const char *prefix,
                   struct slice body);
/* Does one of the secrets give this hex signature? Every secret is tried. */
bool signature_hex_ok(const struct secrets *secrets, const char *prefix, struct slice body,
                      const char *signature);

/* A Unix time in seconds or, by its magnitude, milliseconds; TIME_NONE when it is no such number.
 */
time_ms signature_time(const char *text);
/* |now - at| <= tolerance; false for TIME_NONE. */
bool signature_fresh(time_ms now, time_ms at, int64_t tolerance_ms);

/* Standard Webhooks 1.0.0: secrets are "whsec_" + base64 of 24..64 bytes. */
struct hook_signed {
    const char *id, *timestamp; /* neither holds a "." */
    struct slice body;
};
/* A secret this standard takes? */
bool hook_secret_ok(const char *secret);
/* Writes "v1,<base64>" (48 bytes and NUL). False when the secret is malformed. */
bool hook_sign(char to[SIGNATURE_TEXT_SIZE], const char *secret, const struct hook_signed *what);
/* Does one of the space-separated signatures fit one of the secrets? */
bool hook_verify(const struct secrets *secrets, const struct hook_signed *what,
                 const char *signatures);

/* JWT in compact form, HS256 only (RFC 7515). On success the payload's bytes are in `to`
 * (NUL-terminated) and their number is returned, else -1. */
long jwt_open(const struct secrets *secrets, struct slice token, char *to, size_t size);
