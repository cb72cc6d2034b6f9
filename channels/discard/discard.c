/* discard.c - a driver that sends nothing: the smallest one, and the documentation of the contract.
 *
 * It can stand in for any channel (`provider: discard`), for rehearsals and tests. After `delay_ms`
 * every send is ACCEPTED; an address that holds one of the magic words, or a phone that ends in
 * their digits, plays another outcome. Read it beside include/tocsin/channel.h: the numbers in
 * brackets are the rules there. */

/* System. */
#include <string.h>

/* Libraries. */
#include <cyaml/cyaml.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"
#include "tocsin/loop.h"

/* This module. */
#include "discard.h"

struct discard {
    struct channel channel; /* first: every instance starts with it */
    struct loop *loop;
    unsigned window, n, delay_ms;
    struct list waiting;  /* waiting.node */
    bool closing, posted; /* posted: the last hop is under way */
    struct loop_hop close_hop;
    void (*closed)(void *context);
    void *context;
};

struct waiting { /* one send, from taken to called back */
    struct list node;
    struct discard *owner;
    struct channel_send *send;
    struct loop_timer timer;
};

const struct cyaml_schema_field discard_config_fields[] = {
    CYAML_FIELD_UINT("delay_ms", CYAML_FLAG_OPTIONAL, struct discard_config, delay_ms),
    CYAML_FIELD_END,
};

enum result discard_check_config(const void *config, struct error *error)
{
    const struct discard_config *given = config;

    if (given->delay_ms > 60000)
        return error_set(error, RESULT_INVALID, "delay_ms",
                         "more than a minute: take 60000 or less");
    return RESULT_OK;
}

enum result discard_check_address(const struct recipient *recipient, struct error *error)
{
    (void)recipient;
    (void)error;
    return RESULT_OK; /* The generic checks suffice where nothing is sent. */
}

/* What the magic recipients play. */
static const struct {
    const char *word, *digits;
    enum outcome_kind kind;
    enum blame blame;
    const char *status;
} magic[] = {
    {"delivered", "0020", OUTCOME_DELIVERED, BLAME_NONE, "2.1.5"},
    {"deferred", "0021", OUTCOME_DEFERRED, BLAME_NONE, "4.3.0"},
    {"rejected", "0022", OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.1"},
    {"refused", "0023", OUTCOME_REJECTED, BLAME_RECIPIENT, "5.2.1"},
    {"uncertain", "0024", OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2"},
    {"suspended", "0025", OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.0"},
};

static const char *address_of(const struct channel_send *send)
{
    if (send->postal)
        return str_or(send->postal->line1, "");
    return send->email ? send->email : send->phone ? send->phone : str_or(send->account, "");
}

static bool plays(const struct channel_send *send, const char *word, const char *digits)
{
    const char *address = address_of(send);
    size_t length = strlen(address);

    return send->phone ? length > 4 && str_equal(address + length - 4, digits)
                       : strcasestr(address, word) != NULL;
}

static void outcome_play(const struct channel_send *send, struct outcome *ret)
{
    *ret = (struct outcome){.kind = OUTCOME_ACCEPTED, .status = "2.0.0", .retry_after_ms = -1};
    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++) {
        if (!plays(send, magic[i].word, magic[i].digits))
            continue;
        ret->kind = magic[i].kind;
        ret->blame = magic[i].blame;
        str_copy(ret->status, sizeof ret->status, magic[i].status);
    }
    str_copy(ret->provider, sizeof ret->provider, "discard");
}

static void close_finish(struct loop_hop *hop)
{
    struct discard *self = container_of(hop, struct discard, close_hop);
    void (*closed)(void *) = self->closed;
    void *context = self->context;

    mem_free(self);
    closed(context); /* [10] after all callbacks; the channel is gone */
}

/* The end, once: a callback may have called close() itself. */
static void close_maybe(struct discard *self)
{
    if (!self->closing || self->n || self->posted)
        return;
    self->posted = true;
    loop_post(self->loop, &self->close_hop);
}

/* The one place where sends end: [3] exactly once, on the loop, and no pointer is kept. */
static void waiting_end(struct loop_timer *timer)
{
    struct waiting *waiting = container_of(timer, struct waiting, timer);
    struct channel_send *send = waiting->send;
    struct discard *self = waiting->owner;
    struct outcome outcome;

    outcome_play(send, &outcome);
    if (atomic_load(&send->stop)) { /* [5] looked at before the last byte */
        outcome.kind = OUTCOME_CANCELED;
        outcome.blame = BLAME_NONE;
        str_copy(outcome.status, sizeof outcome.status, "4.0.0");
    }
    list_remove(&waiting->node);
    mem_free(waiting);
    self->n--;
    send->cb(send, &outcome);
    close_maybe(self);
}

enum result discard_open(const struct channel_open *open, struct channel **ret_channel,
                         struct error *error)
{
    const struct discard_config *config = open->config;
    struct discard *self = mem_new(struct discard);

    (void)error;
    self->loop = open->loop;
    self->window = open->window;
    self->delay_ms = config->delay_ms;
    list_init(&self->waiting);
    *ret_channel = &self->channel; /* discard_rows.c sets channel.driver */
    return RESULT_OK;
}

enum result discard_send(struct channel *channel, struct channel_send *const *sends, size_t n)
{
    struct discard *self = container_of(channel, struct discard, channel);

    if (self->closing) /* [2] all or none */
        return RESULT_CLOSING;
    if (n > self->window - self->n)
        return RESULT_BUSY;
    for (size_t i = 0; i < n; i++) {
        struct waiting *waiting = mem_new(struct waiting);
        waiting->owner = self;
        waiting->send = sends[i];
        list_append(&self->waiting, &waiting->node);
        loop_timer_init(self->loop, &waiting->timer, waiting_end);
        loop_timer_start(&waiting->timer, self->delay_ms); /* [3] never from inside send() */
        self->n++;
    }
    return RESULT_OK;
}

void discard_cancel(struct channel *channel, struct channel_send *send)
{
    (void)channel;
    atomic_store(&send->stop, true); /* [5] the callback still comes, when its time has come */
}

void discard_close(struct channel *channel, void (*closed)(void *context), void *context)
{
    struct discard *self = container_of(channel, struct discard, channel);

    self->closing = true;
    self->closed = closed;
    self->context = context;
    self->close_hop.cb = close_finish;
    close_maybe(self);
    list_each(node, &self->waiting)
    {
        struct waiting *waiting = container_of(node, struct waiting, node);
        atomic_store(&waiting->send->stop, true);
        loop_timer_start(&waiting->timer, 0);
    }
}
