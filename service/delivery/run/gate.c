/* gate.c - see the header. A provider's fault pauses the provider with a doubling backoff (1 s ..
 * 60 s, or what it asked for) and never counts against a person. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"

/* This module. */
#include "service/delivery/run/gate.h"

/* Prepared ahead: as much as the fastest provider takes in the 20 ms that reading, rendering and an
 * fsync last. */
enum { AHEAD_MAX = 256, PARTS_A_WINDOW = 4, BATCHES_AT_ONCE = 4 };
enum { PAUSE_MIN_MS = 1000, PAUSE_MAX_MS = 60000, PAUSE_ASKED_MAX_MS = 3600000 };

void gate_init(struct gate *gate, const struct delivery_channel *config)
{
    memset(gate, 0, sizeof(*gate));
    const struct channel_facts *facts = &config->driver->facts;
    gate->config = config;
    gate->driver = config->driver;
    gate->window = config->window > 0 ? config->window : facts->window;
    gate->rate = config->rate > 0 ? config->rate : facts->rate;
    gate->tokens = gate->rate;
    gate->balance_micro = -1;
    list_init(&gate->waiting);
    gate->stats.channel = facts->channel;
    gate->stats.provider = facts->provider;
}

/* A token bucket of one second's worth. */
static void refill(struct gate *gate, int64_t now)
{
    double fresh = (double)(now - gate->refilled_at) * gate->rate / 1000.0;
    double most = gate->rate < 1 ? 1 : gate->rate;
    gate->tokens = gate->tokens + fresh > most ? most : gate->tokens + fresh;
    gate->refilled_at = now;
}

static unsigned at_most(unsigned n, unsigned most)
{
    return n < most ? n : most;
}

/* How much may be prepared beyond the window. All of it is uncertain after a crash, so the more it
 * costs to find out what became of it, the less. */
static unsigned ahead_of(const struct gate *gate)
{
    switch (gate->driver->facts.on_uncertain) {
    case UNCERTAIN_RETRY:
        return at_most(4 * gate->window, AHEAD_MAX);
    case UNCERTAIN_QUERY:
        return at_most(gate->window, AHEAD_MAX / 4);
    case UNCERTAIN_ASK:
        break;
    }
    return 0;
}

unsigned gate_part(const struct gate *gate)
{
    return gate->window < PARTS_A_WINDOW ? 1 : gate->window / PARTS_A_WINDOW;
}

/* The larger, the fewer transactions; but one silent message keeps the others of its batch from
 * being recorded, so large ones are for those who may be sent again. */
unsigned gate_batch(const struct gate *gate)
{
    unsigned share = gate->window;
    if (gate->driver->facts.on_uncertain == UNCERTAIN_RETRY)
        share += ahead_of(gate);
    share /= BATCHES_AT_ONCE;
    return share == 0 ? 1 : at_most(gate->driver->facts.batch, share);
}

unsigned gate_free(struct gate *gate, int64_t now)
{
    if (gate->channel == NULL || now < gate->paused_until)
        return 0;
    unsigned most = gate->window + ahead_of(gate);
    unsigned n = most > gate->in_flight ? most - gate->in_flight : 0;
    if (gate->failures > 0) /* a probe goes first */
        n = gate->in_flight == 0 && n > 0 ? 1 : 0;
    if (gate->rate > 0) {
        refill(gate, now);
        if ((double)n > gate->tokens)
            n = (unsigned)gate->tokens;
    }
    return n;
}

void gate_take(struct gate *gate, unsigned n)
{
    gate->in_flight += n;
    if (gate->rate > 0)
        gate->tokens -= n;
}

bool gate_has_room(const struct gate *gate, unsigned n)
{
    return gate->sending + n <= gate->window;
}

void gate_sent(struct gate *gate, unsigned n)
{
    gate->sending += n;
    gate->stats.in_flight = gate->sending;
}

void gate_return(struct gate *gate, unsigned n)
{
    require(gate->in_flight >= n);
    gate->in_flight -= n;
}

/* Not about the person: the provider could not be reached, wants a pause, or refuses us. */
static bool is_provider_fault(const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_REJECTED)
        return outcome->blame == BLAME_PROVIDER;
    if (outcome->kind != OUTCOME_DEFERRED)
        return false;
    return outcome->blame == BLAME_PROVIDER || outcome->retry_after_ms >= 0 || outcome->code == 0;
}

static void gate_pause(struct gate *gate, const struct outcome *outcome, int64_t now)
{
    int64_t ms = PAUSE_MIN_MS << (gate->failures < 6 ? gate->failures : 6);
    if (ms > PAUSE_MAX_MS)
        ms = PAUSE_MAX_MS;
    if (outcome->retry_after_ms >= 0)
        ms = outcome->retry_after_ms > PAUSE_ASKED_MAX_MS ? PAUSE_ASKED_MAX_MS
                                                          : outcome->retry_after_ms;
    if (now < gate->paused_until) /* the batch's other messages tell the same story */
        return;
    gate->failures++;
    gate->paused_until = now + ms;
    gate->stats.paused = true;
    log_warn("channel_paused", LOG_TEXT("channel", gate->stats.channel),
             LOG_TEXT("provider", gate->stats.provider), LOG_TEXT("status", outcome->status),
             LOG_INT("code", outcome->code), LOG_TEXT("blame", blame_name(outcome->blame)),
             LOG_INT("ms", ms), LOG_INT("failures", gate->failures));
}

static void learn_latency(struct gate *gate, int64_t ms)
{
    gate->latency_ms += ((double)ms - gate->latency_ms) * 0.05;
    gate->usual_ms += ((double)ms - gate->usual_ms) * 0.001;
    if (gate->usual_ms < gate->latency_ms / 64)
        gate->usual_ms = gate->latency_ms / 2; /* the first messages */
    bool slow = gate->latency_ms > 1000 && gate->latency_ms > 2 * gate->usual_ms;
    if (slow && !gate->stats.slow)
        log_warn("channel_slow", LOG_TEXT("channel", gate->stats.channel),
                 LOG_INT("latency_ms", gate->latency_ms), LOG_INT("usual_ms", gate->usual_ms));
    gate->stats.slow = slow;
    gate->stats.latency_ms = (int64_t)gate->latency_ms;
}

bool gate_done(struct gate *gate, const struct outcome *outcome, int64_t ms, int64_t now)
{
    require(gate->sending > 0);
    gate->stats.in_flight = --gate->sending;
    gate_return(gate, 1);
    gate->stats.outcomes[outcome->kind]++;
    if (is_provider_fault(outcome)) {
        gate_pause(gate, outcome, now);
        return true;
    }
    if (outcome->kind == OUTCOME_CANCELED || outcome->kind == OUTCOME_UNCERTAIN)
        return false;
    learn_latency(gate, ms);
    if (gate->failures > 0)
        log_info("channel_resumed", LOG_TEXT("channel", gate->stats.channel));
    gate->failures = 0;
    gate->stats.paused = false;
    return false;
}

void gate_reopen(struct gate *gate)
{
    gate->paused_until = 0;
}

int64_t gate_balance(const struct gate *gate)
{
    if (gate->balance_micro < 0 || gate->config->price_micro <= 0)
        return -1;
    return gate->balance_micro / gate->config->price_micro;
}
