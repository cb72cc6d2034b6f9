/* banner_board.c - the banner driver: puts the notice on the board of the person's account. No
 * network; the board is the store's. Displayed and acknowledged come later, by the token, from the
 * banner component itself. */

/* Libraries. */
#include <cyaml/cyaml.h>

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/banner_board.h"
#include "tocsin/channel.h"
#include "tocsin/loop.h"

struct board {
    struct channel channel;
    struct loop *loop;
    struct banner_board *board;
    unsigned window, n;
    bool closing, posted; /* posted: the last hop is under way */
    struct loop_hop close_hop;
    void (*closed)(void *context);
    void *context;
};

struct posting { /* one send, from taken to called back */
    struct board *owner;
    struct channel_send *send;
    struct banner_put put;
};

/* Nothing to configure but that it is wanted. */
struct board_config {
    unsigned reserved;
};
static const struct cyaml_schema_field config_fields[] = {
    CYAML_FIELD_IGNORE("comment", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END,
};

static enum result check_config(const void *config, struct error *error)
{
    (void)config;
    (void)error;
    return RESULT_OK;
}

static enum result check_address(const struct recipient *recipient, struct error *error)
{
    if (str_empty(recipient->account_id))
        return error_set(error, RESULT_INVALID, "account_id",
                         "a banner needs an account: give account_id");
    return RESULT_OK;
}

/* A put under a key that is there already changes nothing and counts as done. */
static void outcome_of_put(enum result result, struct outcome *ret)
{
    *ret = (struct outcome){.provider = "board", .retry_after_ms = -1};
    if (result == RESULT_OK || result == RESULT_EXISTS) {
        ret->kind = OUTCOME_ACCEPTED;
        str_copy(ret->status, sizeof ret->status, "2.0.0");
    } else if (result == RESULT_INVALID || result == RESULT_TOO_LARGE) {
        ret->kind = OUTCOME_REJECTED;
        ret->blame = BLAME_CONTENT;
        str_copy(ret->status, sizeof ret->status, "5.6.0");
    } else if (result == RESULT_UNCERTAIN || result == RESULT_TIMEOUT || result == RESULT_IO) {
        ret->kind = OUTCOME_UNCERTAIN;
        str_copy(ret->status, sizeof ret->status, "4.3.0");
    } else {
        ret->kind = result == RESULT_CANCELED ? OUTCOME_CANCELED : OUTCOME_DEFERRED;
        str_copy(ret->status, sizeof ret->status, "4.3.2");
    }
}

static void close_finish(struct loop_hop *hop)
{
    struct board *self = container_of(hop, struct board, close_hop);
    void (*closed)(void *) = self->closed;
    void *context = self->context;

    mem_free(self);
    closed(context);
}

/* The end, once: a callback may have called close() itself. */
static void close_maybe(struct board *self)
{
    if (!self->closing || self->n || self->posted)
        return;
    self->posted = true;
    loop_post(self->loop, &self->close_hop);
}

static void posting_done(struct banner_put *put, enum result result)
{
    struct posting *posting = container_of(put, struct posting, put);
    struct board *self = posting->owner;
    struct channel_send *send = posting->send;
    struct outcome outcome;

    outcome_of_put(result, &outcome);
    mem_free(posting);
    self->n--;
    send->cb(send, &outcome);
    close_maybe(self);
}

extern const struct channel_driver channel_banner_board;

static enum result open_channel(const struct channel_open *open, struct channel **ret_channel,
                                struct error *error)
{
    if (!open->board)
        return error_set(error, RESULT_UNAVAILABLE, NULL,
                         "there is no banner board in this process: remove the banner channel");
    struct board *self = mem_new(struct board);
    self->channel.driver = &channel_banner_board;
    self->loop = open->loop;
    self->board = open->board;
    self->window = open->window;
    *ret_channel = &self->channel;
    return RESULT_OK;
}

static void post(struct board *self, struct channel_send *send)
{
    struct posting *posting = mem_new(struct posting);

    posting->owner = self;
    posting->send = send;
    posting->put = (struct banner_put){.account = send->account,
                                       .token = send->token,
                                       .key = send->key,
                                       .locale = send->notice.locale,
                                       .title = send->notice.subject,
                                       .line = send->notice.line,
                                       .body = send->notice.text,
                                       .cb = posting_done};
    self->n++;
    self->board->put(self->board, &posting->put);
}

static enum result send_all(struct channel *channel, struct channel_send *const *sends, size_t n)
{
    struct board *self = container_of(channel, struct board, channel);

    if (self->closing)
        return RESULT_CLOSING;
    if (n > self->window - self->n)
        return RESULT_BUSY;
    for (size_t i = 0; i < n; i++)
        post(self, sends[i]);
    return RESULT_OK;
}

/* The put is with the store already; it ends soon, and truthfully. */
static void cancel(struct channel *channel, struct channel_send *send)
{
    (void)channel;
    atomic_store(&send->stop, true);
}

static void close_channel(struct channel *channel, void (*closed)(void *context), void *context)
{
    struct board *self = container_of(channel, struct board, channel);

    self->closing = true;
    self->closed = closed;
    self->context = context;
    self->close_hop.cb = close_finish;
    close_maybe(self);
}

const struct channel_driver channel_banner_board = {
    .facts = {.channel = "banner",
              .provider = "board",
              .legal_method = "account_posting",
              .form = FORM_BANNER,
              .address = ADDRESS_ACCOUNT,
              .on_uncertain = UNCERTAIN_RETRY, /* one banner per key */
              .keyed = true,
              .window = 1000,
              .batch = 200,
              .has_test_mode = false,
              .best = EVIDENCE_ACKNOWLEDGED},
    .config_fields = config_fields,
    .config_size = sizeof(struct board_config),
    .check_config = check_config,
    .check_address = check_address,
    .open = open_channel,
    .send = send_all,
    .cancel = cancel,
    .close = close_channel,
};
