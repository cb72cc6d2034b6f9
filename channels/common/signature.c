/* signature.c - HMAC-SHA256 in the three wrappings that providers use: "timestamp.body" in hex
 * (Lob, PostGrid), Standard Webhooks, JWT HS256. A forged text costs the same work as a good one.
 */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"

/* This module. */
#include "signature.h"

static void mac_of(uint8_t digest[DIGEST_SIZE], struct slice key, const char *const *prefixes,
                   struct slice body)
{
    struct buf text;

    buf_init(&text, SIZE_MAX);
    for (; *prefixes; prefixes++) {
        buf_puts(&text, *prefixes);
        buf_putc(&text, '.');
    }
    buf_add(&text, body.data, body.length);
    hmac_sha256(digest, key.data, key.length, text.data, text.length);
    buf_wipe(&text);
}

void signature_hex(char to[SIGNATURE_TEXT_SIZE], const char *secret, const char *prefix,
                   struct slice body)
{
    uint8_t digest[DIGEST_SIZE];

    mac_of(digest, slice_of(secret), (const char *const[]){prefix, NULL}, body);
    hex_encode(to, digest, sizeof digest);
}

bool signature_hex_ok(const struct secrets *secrets, const char *prefix, struct slice body,
                      const char *signature)
{
    bool ok = false;

    for (size_t i = 0; i < secrets->n; i++) {
        char good[SIGNATURE_TEXT_SIZE];
        signature_hex(good, secrets->values[i], prefix, body);
        ok |= secret_equal_text(good, signature);
    }
    return ok;
}

time_ms signature_time(const char *text)
{
    uint64_t value;

    if (!text || !parse_u64(text, &value) || value > UINT64_C(100000000000000))
        return TIME_NONE;
    /* 10^11 seconds is the year 5138; 10^11 milliseconds is 1973. */
    return value < UINT64_C(100000000000) ? (time_ms)value * 1000 : (time_ms)value;
}

bool signature_fresh(time_ms now, time_ms at, int64_t tolerance_ms)
{
    return at != TIME_NONE && now - at <= tolerance_ms && at - now <= tolerance_ms;
}

static long hook_key(uint8_t key[64], const char *secret)
{
    if (!str_starts(secret, "whsec_"))
        return -1;
    long n = base64_decode(key, 64, secret + 6, strlen(secret + 6));
    return n >= 24 ? n : -1;
}

bool hook_secret_ok(const char *secret)
{
    uint8_t key[64];
    long n = hook_key(key, secret);

    explicit_bzero(key, sizeof key);
    return n > 0;
}

bool hook_sign(char to[SIGNATURE_TEXT_SIZE], const char *secret, const struct hook_signed *what)
{
    uint8_t key[64], digest[DIGEST_SIZE];
    long n = hook_key(key, secret);

    if (n < 0)
        return false;
    mac_of(digest, (struct slice){(const char *)key, (size_t)n},
           (const char *const[]){what->id, what->timestamp, NULL}, what->body);
    memcpy(to, "v1,", 3);
    base64_encode(to + 3, digest, sizeof digest);
    explicit_bzero(key, sizeof key);
    return true;
}

/* Compares one good signature with each of the list's, all of them always. */
static bool hook_listed(const char *good, const char *list)
{
    size_t length = strlen(good);
    bool ok = false;

    while (*list) {
        size_t n = strcspn(list, " ");
        if (n == length)
            ok |= secret_equal(good, list, length);
        list += n;
        list += *list == ' ';
    }
    return ok;
}

bool hook_verify(const struct secrets *secrets, const struct hook_signed *what,
                 const char *signatures)
{
    bool ok = false;

    if (strchr(what->id, '.') || strchr(what->timestamp, '.'))
        return false;
    for (size_t i = 0; i < secrets->n; i++) {
        char good[SIGNATURE_TEXT_SIZE];
        if (hook_sign(good, secrets->values[i], what))
            ok |= hook_listed(good, signatures);
    }
    return ok;
}

/* The header must name HS256: "none" and others are refused before anything else is looked at. */
static bool jwt_header_ok(const char *text, size_t length)
{
    char header[256];
    struct json_object *json;
    long n = base64url_decode(header, sizeof header, text, length);

    if (n < 0 || json_read(header, (size_t)n, &json, NULL) != RESULT_OK)
        return false;
    bool ok = str_equal(json_get_string(json, "alg"), "HS256");
    json_object_put(json);
    return ok;
}

long jwt_open(const struct secrets *secrets, struct slice token, char *to, size_t size)
{
    const char *end = token.data + token.length;
    const char *dot1 = memchr(token.data, '.', token.length);
    const char *dot2 = dot1 ? memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1)) : NULL;
    uint8_t given[DIGEST_SIZE], good[DIGEST_SIZE];
    bool ok = false;

    if (!dot2 || !jwt_header_ok(token.data, (size_t)(dot1 - token.data)))
        return -1;
    if (base64url_decode(given, sizeof given, dot2 + 1, (size_t)(end - dot2 - 1)) != DIGEST_SIZE)
        return -1;
    for (size_t i = 0; i < secrets->n; i++) {
        hmac_sha256(good, secrets->values[i], strlen(secrets->values[i]), token.data,
                    (size_t)(dot2 - token.data));
        ok |= secret_equal(good, given, sizeof good);
    }
    if (!ok || size == 0)
        return -1;
    long n = base64url_decode(to, size - 1, dot1 + 1, (size_t)(dot2 - dot1 - 1));
    if (n >= 0)
        to[n] = '\0';
    return n;
}
