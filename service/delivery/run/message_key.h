/* message_key.h - the name of what is to be said to one person over one channel in one wave: the
 * Message-ID, the idempotency key, what a provider is asked by. The same for every attempt, and the
 * same again when a store that was put back plans the same people anew: it knows no chunk. Pure. */
#pragma once
#include <stdint.h>

#include "base/seal.h"
#include "tocsin/delivery.h"

struct message_name {
    int64_t wave;
    uint8_t channel; /* index of the wave's policy */
    uint8_t address; /* which of the person's addresses: each gets a message of its own */
    const char *recipient_id;
    uint8_t again; /* how often a provider gave it back: each time another key */
};
void message_key(char to[TOKEN_TEXT_SIZE], const struct seal_key *token_key,
                 const struct message_name *name);
