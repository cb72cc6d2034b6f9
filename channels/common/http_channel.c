/* http_channel.c - the skeleton of HTTP drivers: one exchange per send in flight.
 *
 * Happy path: send() writes the request and starts the fetch; the answer is read into an outcome;
 * the callback runs. A stopped send whose message was taken goes SENDING -> UNDOING; one whose fate
 * is open goes SENDING -> FINDING -> UNDOING; a vendor without these steps ends it UNCERTAIN. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/sm.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/http_client.h"
#include "tocsin/loop.h"

/* This module. */
#include "http_channel.h"

enum { SENDING, QUERYING, FINDING, UNDOING, OVER };
static const struct sm_state states[] = {
    [SENDING] = {"sending", SM_TO(FINDING) | SM_TO(UNDOING) | SM_TO(OVER)},
    [QUERYING] = {"querying", SM_TO(OVER)},
    [FINDING] = {"finding", SM_TO(UNDOING) | SM_TO(OVER)},
    [UNDOING] = {"undoing", SM_TO(OVER)},
    [OVER] = {"over", 0},
};
static const struct sm_table exchange_states = {"exchange", states, 5};

struct http_channel {
    struct channel channel;
    const struct http_vendor *vendor;
    void *settings;
    struct loop *loop;
    struct http_client *http;
    unsigned window, n;    /* n exchanges in flight */
    struct list exchanges; /* exchange.node */
    struct list idle;      /* exchanges that are over, wiped, for the next; at most a window */
    bool closing, posted;  /* posted: the last hop is under way */
    struct loop_hop close_hop;
    void (*closed)(void *context);
    void *closed_context;
};

struct exchange {
    struct list node;
    struct http_channel *owner;
    struct channel_send *send;
    struct http_fetch fetch;
    struct wire_request request;
    struct loop_hop hop; /* for what ends without a fetch */
    unsigned state;
    bool fetching;          /* false: the hop is under way */
    bool told;              /* the fetch was asked to stop */
    struct outcome outcome; /* known so far */
};

static struct http_channel *self_of(struct channel *channel)
{
    return container_of(channel, struct http_channel, channel);
}

struct channel *http_channel_open(const struct channel_driver *driver,
                                  const struct http_vendor *vendor, const struct channel_open *open,
                                  void *settings)
{
    struct http_channel *self = mem_new(struct http_channel);

    self->channel.driver = driver;
    self->vendor = vendor;
    self->settings = settings;
    self->loop = open->loop;
    self->http = open->http;
    self->window = open->window ? open->window : driver->facts.window;
    list_init(&self->exchanges);
    list_init(&self->idle);
    return &self->channel;
}

const void *http_channel_settings(const struct channel *channel)
{
    const struct http_channel *self = (const struct http_channel *)(const void *)channel;
    return self->settings;
}

static void close_finish(struct loop_hop *hop)
{
    struct http_channel *self = container_of(hop, struct http_channel, close_hop);
    void (*closed)(void *) = self->closed;
    void *context = self->closed_context;

    for (struct list *node; (node = list_pop(&self->idle));)
        mem_free(container_of(node, struct exchange, node));
    self->vendor->settings_free(self->settings);
    mem_free(self);
    closed(context);
}

/* The end, once: a callback may have called close() itself. */
static void close_maybe(struct http_channel *self)
{
    if (!self->closing || self->n || self->posted)
        return;
    self->posted = true;
    loop_post(self->loop, &self->close_hop);
}

static void exchange_finish(struct exchange *exchange)
{
    struct http_channel *self = exchange->owner;
    struct channel_send *send = exchange->send;
    struct outcome outcome = exchange->outcome;

    sm_move(&exchange_states, &exchange->state, OVER);
    str_copy(outcome.provider, sizeof outcome.provider, self->vendor->provider);
    list_remove(&exchange->node);
    self->n--;
    wire_request_free(&exchange->request);
    explicit_bzero(&exchange->outcome, sizeof exchange->outcome);
    list_append(&self->idle, &exchange->node);
    send->driver_state = NULL;
    send->cb(send, &outcome);
    explicit_bzero(&outcome, sizeof outcome);
    close_maybe(self);
}

static void exchange_hop(struct loop_hop *hop)
{
    struct exchange *exchange = container_of(hop, struct exchange, hop);

    if (exchange->state == SENDING && atomic_load(&exchange->send->stop))
        outcome_set(&exchange->outcome, OUTCOME_CANCELED, BLAME_NONE, "4.0.0");
    exchange_finish(exchange);
}

static void exchange_done(struct http_fetch *fetch);

/* The request could not be written: of a message that is final, of a question or an undo it says
 * nothing new. */
static void outcome_of_refusal(struct exchange *exchange)
{
    const struct wire_request *request = &exchange->request;

    if (exchange->state == QUERYING)
        outcome_set(&exchange->outcome, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2");
    if (exchange->state != SENDING)
        return;
    outcome_set(&exchange->outcome, OUTCOME_REJECTED,
                request->blame ? request->blame : BLAME_CONTENT, "5.6.0");
    outcome_say(&exchange->outcome,
                request->refusal ? request->refusal : "the message is too large");
}

/* Starts the fetch of the written request, or ends the exchange on the next turn when it could not
 * be written. */
static void exchange_start(struct exchange *exchange)
{
    struct wire_request *request = &exchange->request;

    if (!wire_request_ok(request)) {
        outcome_of_refusal(exchange);
        exchange->fetching = false;
        exchange->hop.cb = exchange_hop;
        loop_post(exchange->owner->loop, &exchange->hop);
        return;
    }
    exchange->fetch = (struct http_fetch){
        .method = request->method,
        .url = request->url.data,
        .headers = request->headers,
        .n_headers = request->n_headers,
        .user = request->user,
        .password = request->password,
        .body = request->body.length ? request->body.data : NULL,
        .body_length = request->body.length,
        .timeout_ms = request->timeout_ms,
        .response_limit = 1024 * 1024,
        .cb = exchange_done,
    };
    exchange->fetching = true;
    exchange->told = false;
    http_fetch_start(exchange->owner->http, &exchange->fetch);
}

static void exchange_rewrite(struct exchange *exchange)
{
    wire_request_free(&exchange->request);
    wire_request_init(&exchange->request, clock_now(loop_clock(exchange->owner->loop)));
}

/* No answer came. What is certain? */
static void outcome_of_silence(struct outcome *ret, const struct http_fetch *fetch)
{
    if (fetch->result == RESULT_INVALID)
        outcome_set(ret, OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0");
    else if (fetch->sent)
        outcome_set(ret, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2");
    else if (fetch->result == RESULT_CANCELED)
        outcome_set(ret, OUTCOME_CANCELED, BLAME_NONE, "4.0.0");
    else
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_NONE, "4.4.1");
    outcome_say(ret, fetch->result == RESULT_CANCELED ? NULL : result_name(fetch->result));
}

static struct wire_reply reply_of(const struct http_fetch *fetch)
{
    return (struct wire_reply){.status = fetch->status,
                               .body = fetch->response ? fetch->response : "",
                               .length = fetch->response ? fetch->response_length : 0,
                               .retry_after_ms = fetch->retry_after_ms};
}

static void undo_start(struct exchange *exchange)
{
    const struct http_channel *self = exchange->owner;

    sm_move(&exchange_states, &exchange->state, UNDOING);
    exchange_rewrite(exchange);
    self->vendor->write_undo(self->settings, exchange->send, exchange->outcome.provider_ref,
                             &exchange->request);
    exchange_start(exchange);
}

static void find_start(struct exchange *exchange)
{
    const struct http_channel *self = exchange->owner;

    sm_move(&exchange_states, &exchange->state, FINDING);
    exchange_rewrite(exchange);
    self->vendor->write_query(self->settings, exchange->send, &exchange->request);
    exchange_start(exchange);
}

/* A stopped send that may have been taken: take it back. False: nothing can be done, or we are
 * closing. */
static bool undo_try(struct exchange *exchange)
{
    const struct http_vendor *vendor = exchange->owner->vendor;

    if (!atomic_load(&exchange->send->stop) || exchange->owner->closing || !vendor->write_undo)
        return false;
    if (exchange->outcome.kind == OUTCOME_ACCEPTED && exchange->outcome.provider_ref[0])
        undo_start(exchange);
    else if (exchange->outcome.kind == OUTCOME_UNCERTAIN && vendor->write_query)
        find_start(exchange);
    else
        return false;
    return true;
}

static void sending_done(struct exchange *exchange)
{
    const struct http_fetch *fetch = &exchange->fetch;
    struct wire_reply reply = reply_of(fetch);

    if (fetch->result == RESULT_OK)
        exchange->owner->vendor->read_send(&reply, &exchange->outcome);
    else
        outcome_of_silence(&exchange->outcome, fetch);
    if (!undo_try(exchange))
        exchange_finish(exchange);
}

/* An unanswered question leaves everything open: CANCELED here would claim that nothing was sent.
 */
static void querying_done(struct exchange *exchange)
{
    const struct http_fetch *fetch = &exchange->fetch;
    struct wire_reply reply = reply_of(fetch);

    if (fetch->result == RESULT_OK)
        exchange->owner->vendor->read_query(exchange->send, &reply, &exchange->outcome);
    else
        outcome_set(&exchange->outcome, OUTCOME_DEFERRED, BLAME_NONE, "4.4.1");
    exchange_finish(exchange);
}

/* Not finding it proves nothing here: the request that was cut may still be under way. */
static void finding_done(struct exchange *exchange)
{
    const struct http_fetch *fetch = &exchange->fetch;
    struct wire_reply reply = reply_of(fetch);
    struct outcome found;

    outcome_set(&found, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2");
    if (fetch->result == RESULT_OK)
        exchange->owner->vendor->read_query(exchange->send, &reply, &found);
    if (found.kind == OUTCOME_ACCEPTED && found.provider_ref[0] && !exchange->owner->closing) {
        exchange->outcome = found;
        undo_start(exchange);
        return;
    }
    exchange_finish(exchange);
}

static void undoing_done(struct exchange *exchange)
{
    struct wire_reply reply = reply_of(&exchange->fetch);

    if (exchange->fetch.result == RESULT_OK && exchange->owner->vendor->read_undo(&reply)) {
        exchange->outcome.kind = OUTCOME_CANCELED;
        str_copy(exchange->outcome.status, sizeof exchange->outcome.status, "4.0.0");
    }
    exchange_finish(exchange);
}

static void exchange_done(struct http_fetch *fetch)
{
    struct exchange *exchange = container_of(fetch, struct exchange, fetch);
    static void (*const done[])(struct exchange *) = {
        [SENDING] = sending_done,
        [QUERYING] = querying_done,
        [FINDING] = finding_done,
        [UNDOING] = undoing_done,
    };
    done[exchange->state](exchange);
}

static struct exchange *exchange_new(struct http_channel *self, struct channel_send *send,
                                     unsigned state)
{
    struct list *idle = list_pop(&self->idle);
    struct exchange *exchange =
        idle ? container_of(idle, struct exchange, node) : mem_new(struct exchange);

    exchange->owner = self;
    exchange->send = send;
    exchange->state = state;
    exchange->told = false;
    wire_request_init(&exchange->request, clock_now(loop_clock(self->loop)));
    send->driver_state = exchange;
    list_append(&self->exchanges, &exchange->node);
    self->n++;
    return exchange;
}

enum result http_channel_send(struct channel *channel, struct channel_send *const *sends, size_t n)
{
    struct http_channel *self = self_of(channel);

    if (self->closing)
        return RESULT_CLOSING;
    if (n > self->window - self->n)
        return RESULT_BUSY;
    for (size_t i = 0; i < n; i++) {
        struct exchange *exchange = exchange_new(self, sends[i], SENDING);
        self->vendor->write_send(self->settings, sends[i], &exchange->request);
        exchange_start(exchange);
    }
    return RESULT_OK;
}

enum result http_channel_query(struct channel *channel, struct channel_send *send)
{
    struct http_channel *self = self_of(channel);

    if (self->closing)
        return RESULT_CLOSING;
    if (self->n >= self->window)
        return RESULT_BUSY;
    struct exchange *exchange = exchange_new(self, send, QUERYING);
    self->vendor->write_query(self->settings, send, &exchange->request);
    exchange_start(exchange);
    return RESULT_OK;
}

/* The fetch's callback may run inside http_fetch_cancel(): the exchange must not be touched after
 * it. */
static void exchange_stop(struct exchange *exchange)
{
    exchange->told = true;
    if (exchange->fetching)
        http_fetch_cancel(exchange->owner->http, &exchange->fetch);
}

void http_channel_cancel(struct channel *channel, struct channel_send *send)
{
    struct exchange *exchange = send->driver_state;

    (void)channel;
    atomic_store(&send->stop, true);
    if (exchange && (exchange->state == SENDING || exchange->state == QUERYING) && !exchange->told)
        exchange_stop(exchange);
}

static struct exchange *exchange_untold(struct http_channel *self)
{
    list_each(node, &self->exchanges)
    {
        struct exchange *exchange = container_of(node, struct exchange, node);
        if (!exchange->told)
            return exchange;
    }
    return NULL;
}

void http_channel_close(struct channel *channel, void (*closed)(void *context), void *context)
{
    struct http_channel *self = self_of(channel);
    struct exchange *exchange;

    self->closed = closed;
    self->closed_context = context;
    self->close_hop.cb = close_finish;
    self->closing = true;
    while ((exchange = exchange_untold(self)))
        exchange_stop(exchange);
    close_maybe(self);
}
