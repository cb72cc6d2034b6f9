/* vault.c - key wrapping. Failure mode: a wrong master key opens nothing, and says so at the start.
 */
/* Base. */
#include "base/result.h"

/* This module. */
#include "service/delivery/vault.h"

#define BOUND_SERVICE  "service-key/1"
#define BOUND_INCIDENT "incident-key/1"

void vault_init(struct vault *vault, const struct seal_key *master)
{
    vault->master = *master;
    vault->ready = false;
}

void vault_wipe(struct vault *vault)
{
    seal_key_wipe(&vault->master);
    seal_key_wipe(&vault->service);
    vault->ready = false;
}

void vault_propose_service_key(const struct vault *vault, struct buf *to)
{
    struct seal_key fresh;
    seal_key_random(&fresh);
    seal_add(to, &vault->master, BOUND_SERVICE, fresh.bytes, sizeof(fresh.bytes));
    seal_key_wipe(&fresh);
}

static bool open_key(const struct seal_key *with, const char *bound, struct blob sealed,
                     struct seal_key *ret_key)
{
    struct buf plain;
    buf_init(&plain, 64);
    bool ok =
        seal_open(&plain, with, bound, sealed.data, sealed.length) && plain.length == SEAL_KEY_SIZE;
    if (ok)
        *ret_key = *(const struct seal_key *)(const void *)plain.data;
    buf_wipe(&plain);
    return ok;
}

bool vault_take_service_key(struct vault *vault, struct blob sealed)
{
    vault->ready = open_key(&vault->master, BOUND_SERVICE, sealed, &vault->service);
    return vault->ready;
}

void vault_new_incident(const struct vault *vault, struct seal_key *ret_key, struct buf *wrapped)
{
    seal_key_random(ret_key);
    seal_add(wrapped, &vault->master, BOUND_INCIDENT, ret_key->bytes, sizeof(ret_key->bytes));
}

bool vault_rewrap(const struct seal_key *old, const struct seal_key *fresh, bool service,
                  struct blob wrapped, struct buf *to)
{
    const char *bound = service ? BOUND_SERVICE : BOUND_INCIDENT;
    struct seal_key key;
    bool ok =
        open_key(old, bound, wrapped, &key) && seal_add(to, fresh, bound, key.bytes, SEAL_KEY_SIZE);
    seal_key_wipe(&key);
    return ok;
}

bool vault_unwrap(const struct vault *vault, struct blob wrapped, struct seal_key *ret_key)
{
    return open_key(&vault->master, BOUND_INCIDENT, wrapped, ret_key);
}
