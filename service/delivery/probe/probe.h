/* probe.h - the open channels, tried out: a test message to an address of our own, and a report
 * signed as the provider signs, to be sent to ourselves. Loop thread only. */
#pragma once
#include "base/arena.h"
#include "service/delivery/delivery.h"

/* Of the tokens of probes: no chunk has this number. */
#define PROBE_CHUNK ((INT64_C(1) << 40) - 2)

size_t delivery_probe_channels(const struct delivery *delivery);
const struct delivery_channel *delivery_probe_channel(const struct delivery *delivery, size_t i);

/* ---- A report of our own. ---- */
struct delivery_probe_sample {
    size_t channel;
    uint8_t run; /* 1..255: told apart from the run before */
    const char *url;
    struct arena *arena;
    struct channel_sample sample; /* out */
};
/* False: this provider signs with something that we have not got, or nothing. */
bool delivery_probe_sign(struct delivery *delivery, struct delivery_probe_sample *it);
/* Has the report of this run come in, with a good signature? */
bool delivery_probe_seen(const struct delivery *delivery, size_t channel, uint8_t run);
/* Reports refused for their signature since the start. */
uint64_t delivery_probe_refused(const struct delivery *delivery, size_t channel);
/* Do providers report here at all? */
bool delivery_probe_listens(const struct delivery *delivery, size_t channel);
/* Messages that the provider's balance still pays; -1: it has not said. */
int64_t delivery_probe_balance(const struct delivery *delivery, size_t channel);

/* ---- A test message. ---- */
struct delivery_probe_send {
    size_t channel;
    const struct delivery_seed *to; /* outlives it */
    void (*cb)(struct delivery_probe_send *it);
    struct outcome outcome; /* out, with cb */

    /* private */
    struct delivery *delivery;
    struct channel_send send;
    struct postal_address postal;
    char token[TOKEN_TEXT_SIZE], key[TOKEN_TEXT_SIZE];
    int64_t sent_at;
};
/* OK: cb comes once, never from inside. NOT_FOUND: there is no address for this channel. BUSY: no
 * room, or the provider is paused. CLOSING: the channel is not open. */
enum result delivery_probe_send(struct delivery *delivery, struct delivery_probe_send *it);
/* cb still comes. */
void delivery_probe_cancel(struct delivery_probe_send *it);
