/* gate.h - one live channel and how much may go to it now: in-flight window, rate, pauses asked for
 * or earned. Loop thread. The scheduler asks gates; nobody else decides when. */
#pragma once
#include "base/list.h"
#include "service/delivery/delivery.h"

struct gate {
    const struct delivery_channel *config;
    const struct channel_driver *driver;
    struct channel *channel;     /* NULL until opened */
    unsigned window, sending;    /* handed over and not answered: never more than the window */
    unsigned in_flight;          /* those and what is being prepared ahead of them */
    struct list waiting;         /* batches that are prepared and wait for room; batch.c */
    double rate, tokens;         /* sends a second; 0 = unlimited */
    int64_t refilled_at;         /* monotonic ms */
    int64_t paused_until;        /* monotonic ms; 0 = open */
    unsigned failures;           /* provider failures in a row: backoff, and one probe at a time */
    double latency_ms, usual_ms; /* moving averages: fast and slow */
    int64_t balance_micro;       /* what the provider last said that is left; -1: not known */
    uint8_t sample_seen;         /* the newest report of our own that came back; see probe/ */
    struct delivery_channel_stats stats;
};

void gate_init(struct gate *gate, const struct delivery_channel *config);
/* How many sends may start now (0 when paused). After a pause one probe goes first. */
unsigned gate_free(struct gate *gate, int64_t now);
void gate_take(struct gate *gate, unsigned n);
/* Members of a batch: what is read, rendered, intended and recorded together. */
unsigned gate_batch(const struct gate *gate);
/* Members handed over at a time: a share of the window, so that one part is answered while the next
 * is on its way. */
unsigned gate_part(const struct gate *gate);
/* May `n` sends, taken before, be handed over now? While one window is out the next is read,
 * rendered and intended, so that the provider need not wait for our disk. */
bool gate_has_room(const struct gate *gate, unsigned n);
void gate_sent(struct gate *gate, unsigned n);
/* Gives one slot back with what came of it; `ms` = from hand-over to outcome. Returns true when the
 * outcome is the provider's own fault (no connection, 429, refusal of us), so that the person only
 * waits. */
bool gate_done(struct gate *gate, const struct outcome *outcome, int64_t ms, int64_t now);
/* A person says go on: the next message goes at once. */
void gate_reopen(struct gate *gate);
/* How many messages the provider's balance still pays; -1: not known. */
int64_t gate_balance(const struct gate *gate);
/* Gives slots back that were not used. */
void gate_return(struct gate *gate, unsigned n);
