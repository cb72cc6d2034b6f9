/* timestamp.h - RFC 3161 timestamps over OpenSSL: what an authority says existed, and when. The
 * imprint is SHA-256. Thread-safe, but one struct timestamp_trust belongs to one thread at a time.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/str.h"
#include "base/time.h"

enum { TIMESTAMP_NONCE_SIZE = 8, TIMESTAMP_REPLY_MAX = 64 << 10 };

/* Appends a TimeStampReq (DER) that asks for the authority's certificates too. */
void timestamp_request(struct buf *to, const uint8_t imprint[DIGEST_SIZE],
                       const uint8_t nonce[TIMESTAMP_NONCE_SIZE]);

/* Whom we believe: certificates in PEM, each of which is an anchor of its own (an authority's
 * certificate itself, or one above it). INVALID: none can be read. */
struct timestamp_trust;
enum result timestamp_trust_create(struct slice pem, struct timestamp_trust **ret_trust,
                                   struct error *error);
void timestamp_trust_destroy(struct timestamp_trust **trust);

struct timestamp_claim {
    const uint8_t *imprint; /* DIGEST_SIZE bytes */
    const uint8_t *nonce;   /* TIMESTAMP_NONCE_SIZE bytes; NULL: any, of a token that was kept */
    time_ms now; /* certificates must be valid then; TIME_NONE: at the time that the token says */
};
/* Checks a TimeStampResp (DER): granted, of this imprint and nonce, signed by a certificate for
 * timestamping that the trust reaches. `ret_at`: the time it says. DENIED, INVALID with a sentence.
 */
enum result timestamp_check(const struct timestamp_trust *trust, struct slice reply,
                            const struct timestamp_claim *claim, time_ms *ret_at,
                            struct error *error);
