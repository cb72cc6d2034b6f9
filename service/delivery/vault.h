/* vault.h - the keys the engine works with. Loop thread; the derived keys may be copied to lanes.
 *
 *   master (file, environment)  wraps  incident key  seals  document, title, seeds
 *   service key (sealed by master, in the store's settings)  gives  token, account, idempotency
 * keys */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/seal.h"
#include "tocsin/store.h"

struct vault {
    struct seal_key master;
    struct seal_key service; /* valid once `ready` */
    bool ready;
};
void vault_init(struct vault *vault, const struct seal_key *master);
void vault_wipe(struct vault *vault);
/* A fresh service key sealed by the master key, for the store to keep if it has none. */
void vault_propose_service_key(const struct vault *vault, struct buf *to);
/* Takes the sealed service key that the store holds; false: another master key sealed it. */
bool vault_take_service_key(struct vault *vault, struct blob sealed);
/* A new incident key and its wrapped form (appended). */
void vault_new_incident(const struct vault *vault, struct seal_key *ret_key, struct buf *wrapped);
/* The same key wrapped by another master key (appended). False: it does not open. For every key
 * that the master key wraps, the service's or an incident's. Pure. */
bool vault_rewrap(const struct seal_key *old, const struct seal_key *fresh, bool service,
                  struct blob wrapped, struct buf *to);
/* False: wrapped by another master key, or erased. */
bool vault_unwrap(const struct vault *vault, struct blob wrapped, struct seal_key *ret_key);
