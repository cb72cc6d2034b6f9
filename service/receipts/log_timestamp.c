/* log_timestamp.c - has checkpoints timestamped (RFC 3161 over HTTP, its section 3.4). Happy path:
 * SHA-256 of the checkpoint as we signed it, a fresh nonce, the answer checked against the
 * configured certificates and kept whole, so that openssl ts -verify reads it too. Failure modes:
 * silence and statuses are asked again; an answer that does not hold, or says a time that is not
 * about now, is a refusal and kept by nobody. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/timestamp.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum { FETCH_MS = 20000, CLOCK_APART_MS = 15 * 60 * 1000 };

struct log_stamper {
    struct log_anchor anchor; /* first */
    struct timestamp_trust *trust;
    struct http_fetch fetch;
    struct store_log_checkpoint checkpoint;
    struct store_log_anchor keep;
    uint8_t imprint[DIGEST_SIZE], nonce[TIMESTAMP_NONCE_SIZE];
    struct buf body, token;
};

static struct log_stamper *stamper_of(struct log_anchor *anchor)
{
    return container_of(anchor, struct log_stamper, anchor);
}

static void on_kept(struct store_request *request)
{
    struct log_stamper *stamper = container_of(request, struct log_stamper, keep.request);
    if (request->result == RESULT_OK)
        log_anchor_done(&stamper->anchor, clock_now(loop_clock(stamper->anchor.log->loop)));
    else
        log_anchor_failed(&stamper->anchor, "store", 0, false);
}

static void keep(struct log_stamper *stamper, time_ms at)
{
    stamper->keep =
        (struct store_log_anchor){.request = {.cb = on_kept},
                                  .row = {.size = stamper->anchor.asked,
                                          .name = stamper->anchor.name,
                                          .kind = LOG_ANCHOR_TIMESTAMP,
                                          .proof = {stamper->token.data, stamper->token.length},
                                          .at = at}};
    store_log_anchor(stamper->anchor.log->store, &stamper->keep);
}

static void on_answer(struct http_fetch *fetch)
{
    struct log_stamper *stamper = container_of(fetch, struct log_stamper, fetch);
    struct log_anchor *anchor = &stamper->anchor;
    const time_ms now = clock_now(loop_clock(anchor->log->loop));
    const struct timestamp_claim claim = {stamper->imprint, stamper->nonce, now};
    struct error error;
    time_ms at;
    if (fetch->result != RESULT_OK) {
        log_anchor_failed(anchor, "silent", 0, false);
        return;
    }
    if (fetch->status != 200) { /* 429 and 5xx are no verdict on us */
        log_anchor_failed(anchor, "status", fetch->status,
                          fetch->status >= 400 && fetch->status < 500 && fetch->status != 429 &&
                              fetch->status != 408);
        return;
    }
    buf_clear(&stamper->token);
    buf_add(&stamper->token, fetch->response, fetch->response_length);
    if (timestamp_check(stamper->trust, (struct slice){stamper->token.data, stamper->token.length},
                        &claim, &at, &error) != RESULT_OK) {
        log_error("timestamp_refused", LOG_TEXT("sentence", error.text));
        log_anchor_failed(anchor, "does not hold", fetch->status, true);
    } else if (at - now > CLOCK_APART_MS || now - at > CLOCK_APART_MS) {
        log_anchor_failed(anchor, "another time than ours", fetch->status, true);
    } else {
        keep(stamper, at);
    }
}

static void post(struct log_stamper *stamper)
{
    static const struct http_header headers[] = {{"Content-Type", "application/timestamp-query"},
                                                 {"Accept", "application/timestamp-reply"}};
    seal_random(stamper->nonce, sizeof(stamper->nonce));
    stamper->nonce[0] |= 0x40; /* a number of eight bytes, whatever the rest */
    stamper->nonce[0] &= 0x7f;
    buf_clear(&stamper->body);
    timestamp_request(&stamper->body, stamper->imprint, stamper->nonce);
    stamper->fetch = (struct http_fetch){.method = "POST",
                                         .url = stamper->anchor.name,
                                         .headers = headers,
                                         .n_headers = 2,
                                         .body = stamper->body.data,
                                         .body_length = stamper->body.length,
                                         .timeout_ms = FETCH_MS,
                                         .response_limit = TIMESTAMP_REPLY_MAX,
                                         .cb = on_answer};
    http_fetch_start(stamper->anchor.log->client, &stamper->fetch);
}

/* The note as we signed it: cosignatures come later, and would change the imprint. */
static void on_checkpoint(struct store_request *request)
{
    struct log_stamper *stamper = container_of(request, struct log_stamper, checkpoint.request);
    if (request->result != RESULT_OK) {
        log_anchor_failed(&stamper->anchor, "store", 0, false);
        return;
    }
    const char *note = stamper->checkpoint.checkpoint.note;
    sha256(stamper->imprint, note, strlen(note));
    post(stamper);
}

static void submit(struct log_anchor *anchor)
{
    struct log_stamper *stamper = stamper_of(anchor);
    stamper->checkpoint = (struct store_log_checkpoint){
        .request = {.cb = on_checkpoint, .arena = anchor->arena}, .size = anchor->asked};
    store_log_checkpoint(anchor->log->store, &stamper->checkpoint);
}

static void free_stamper(struct log_anchor *anchor)
{
    struct log_stamper *stamper = stamper_of(anchor);
    timestamp_trust_destroy(&stamper->trust);
    buf_free(&stamper->body);
    buf_free(&stamper->token);
    log_anchor_free(anchor);
    mem_free(stamper);
}

const struct log_anchor_type log_timestamp_type = {
    .word = "timestamp",
    .problem = "log: a timestamp authority is silent, or what it answers does not hold; look at "
               "its address, its certificate and this log.",
    .learn = log_anchor_recall,
    .submit = submit,
    .free = free_stamper,
};

enum result log_timestamp_open(struct receipt_log *log, const struct receipt_log_timestamp *config,
                               struct log_anchor **ret_anchor, struct error *error)
{
    struct timestamp_trust *trust = NULL;
    if (log->client == NULL ||
        !(str_starts(config->url, "http://") || str_starts(config->url, "https://")))
        return error_set(error, RESULT_INVALID, "log.timestamps",
                         "an authority is reached at an http: or https: address: write it");
    if (timestamp_trust_create(config->pem, &trust, error) != RESULT_OK) {
        error_wrap(error, "log.timestamps");
        return RESULT_INVALID;
    }
    struct log_stamper *stamper = mem_new(struct log_stamper);
    log_anchor_init(&stamper->anchor, log, &log_timestamp_type, config->interval_ms);
    stamper->anchor.name = arena_strdup(log->texts, config->url);
    stamper->trust = trust;
    buf_init(&stamper->body, SIZE_MAX);
    buf_init(&stamper->token, TIMESTAMP_REPLY_MAX);
    *ret_anchor = &stamper->anchor;
    return RESULT_OK;
}
