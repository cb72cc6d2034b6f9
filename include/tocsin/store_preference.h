/* store_preference.h - verbs for what is known of people beyond one incident: that they want paper,
 * that an address is dead, that somebody answered STOP. Keys are blind, bodies sealed by the
 * caller. The promises of all verbs stand at the head of store_request.h. */
#pragma once
#include "base/seal.h"
#include "tocsin/store_erase.h"

struct preference_key {
    uint8_t kind; /* 0 email, 1 phone, 2 postal address, 3 account: stored, frozen */
    uint8_t blind[BLIND_SIZE];
};
struct preference_hit {
    size_t key; /* index in `keys` */
    struct blob body;
};
struct store_preference_find {
    struct store_request request;
    const struct preference_key *keys;
    size_t n_keys;
    bool any;                    /* out: there is some preference at all */
    struct preference_hit *hits; /* out */
    size_t n;
};
/* Those of the keys that have a preference; none: OK and n = 0. With no keys only `any` is asked.
 */
void store_preference_find(struct store *store, struct store_preference_find *req);

struct store_preference_put {
    struct store_request request;
    struct preference_key key;
    struct blob was;  /* what the caller read; empty: there was none */
    struct blob body; /* empty: the row goes */
    time_ms at;
    const struct receipt_batch *receipts;
};
/* Compare-and-set. CONFLICT: it is not `was` any more; read it again. */
void store_preference_put(struct store *store, struct store_preference_put *req);

struct store_preference_erase {
    struct store_request request;
    const struct preference_key *keys;
    size_t n_keys;
    const struct receipt_batch *receipts; /* put only when a row went; may be NULL */
    size_t rows;                          /* out: gone */
    struct needle *needles;               /* out */
    size_t n_needles;
};
/* Keys without a row are skipped. */
void store_preference_erase(struct store *store, struct store_preference_erase *req);
