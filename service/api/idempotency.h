/* idempotency.h - Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a request that is
 * sent again gets the answer that the first one got, and has no second effect.
 *
 *   same key, same request, finished     the stored status, Location and body, and the header
 *                                        Idempotency-Replayed: true
 *   same key, the first still under way  409
 *   same key, another request            422
 *
 * Keys belong to a principal. The stored answer is written in the transaction of the effect,
 * sealed, and kept at least 24 hours. Loop thread only. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/store.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

struct call;
struct idempotency_table; /* the keys in flight */

struct idempotency_table *idempotency_table_create(void);
void idempotency_table_destroy(struct idempotency_table **table);

/* Pure. The header's value: an RFC 8941 string ("..." with \" and \\), 1..255 printable characters.
 * False: malformed. */
bool idempotency_key_parse(const char *header, char ret_key[IDEMPOTENCY_KEY_MAX + 1]);
/* Pure. SHA-256 over method, path and the body's SHA-256. */
void idempotency_fingerprint(uint8_t fingerprint[DIGEST_SIZE], const char *method, const char *path,
                             const uint8_t body[DIGEST_SIZE]);

/* Embedded in the call. */
struct idempotency_use {
    bool used;   /* the header is there */
    bool stored; /* the store knows the key: `find.record` holds the answer */
    char key[IDEMPOTENCY_KEY_MAX + 1];
    struct list node;                 /* in the table while in flight */
    void (*next)(struct call *call);  /* after the lookup */
    void (*fresh)(struct call *call); /* of idempotency_guard() */
    struct store_idempotency find;
    struct idempotency record; /* what is written with the effect */
};

/* Goes on with `next` at once when there is no key, later when it is new or stored (look at
 * `stored`); otherwise the call has been answered (400, 409, 503). */
void idempotency_enter(struct call *call, void (*next)(struct call *call));
/* For whole bodies: as above, but compares and replays by itself; `next` comes for new keys only.
 */
void idempotency_guard(struct call *call, void (*next)(struct call *call));
/* Answers with what was stored, or 422 when the fingerprint is another. */
void idempotency_replay(struct call *call, const uint8_t body[DIGEST_SIZE]);
/* The record to be written with the effect, in the call's arena; NULL when no key was given. */
struct idempotency_reply {
    int status;
    const char *location; /* may be NULL */
    const void *body;
    size_t length;
    const uint8_t *digest; /* of the request's body; NULL: of the whole body that the call has */
};
const struct idempotency *idempotency_record(struct call *call,
                                             const struct idempotency_reply *reply);
/* The call is over: the key is free again. Harmless when none was used. */
void idempotency_leave(struct call *call);
