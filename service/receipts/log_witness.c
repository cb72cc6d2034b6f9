/* log_witness.c - asks a witness to cosign (c2sp.org/tlog-witness v1.0.0). Happy path: the newest
 * checkpoint and the proof that it extends what the witness saw last; its line is checked and
 * stored. Failure modes: 409 says what it saw (asked again from there); 403, 404, 422 mean that it
 * does not know us or believes that we forked; silence is asked again, slower. Absence is told by
 * log_witness_late(). */
/* System. */
#include <inttypes.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum {
    ASK_MS = 1000,
    RETRY_MS = 2000,
    RETRY_MAX_MS = 60000,
    LATE_MS = 60000,
    FETCH_MS = 10000,
    ARENA_MAX = 4 << 20,
    REPLY_MAX = 16384
};

static void again(struct log_witness *witness, int64_t ms)
{
    witness->busy = false;
    if (!witness->log->stopping)
        loop_timer_start(&witness->timer, ms);
}

static void failed(struct log_witness *witness, const char *why, long status)
{
    int64_t wait = RETRY_MS;
    for (unsigned i = 0; i < witness->failures && wait < RETRY_MAX_MS; i++)
        wait *= 2;
    witness->failures++;
    log_warn("witness_failed", LOG_TEXT("why", why), LOG_INT("status", status),
             LOG_INT("size", witness->asked));
    again(witness, wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

/* ---- The answer. ---- */
static void on_cosigned(struct store_request *request)
{
    struct log_witness *witness = container_of(request, struct log_witness, cosign.request);
    if (request->result != RESULT_OK) {
        failed(witness, "store", 0);
        return;
    }
    witness->failures = 0;
    witness->refused = false;
    witness->cosigned = witness->asked;
    witness->behind_since = -1;
    again(witness, ASK_MS);
}

/* The line of this witness among those answered. */
static bool take_line(struct log_witness *witness, struct slice reply)
{
    struct note note;
    struct buf whole;
    struct slice text = witness->newest.bytes;
    bool good = note_split(text, &note);
    buf_init(&whole, NOTE_BYTES_MAX);
    buf_add(&whole, note.text.data, good ? note.text.length : 0);
    buf_putc(&whole, '\n');
    buf_add(&whole, reply.data, reply.length);
    good = good && note_split((struct slice){whole.data, whole.length}, &note) &&
           note_check(&note, &witness->verifier, NULL) == NOTE_VERIFIED;
    buf_clear(&witness->line);
    for (const char *at = note.lines.data; good && at < note.lines.data + note.lines.length;) {
        const char *end = strchr(at, '\n') + 1;
        const char *name = at + 4; /* behind the dash and its blank */
        size_t length = strlen(witness->verifier.name);
        if ((size_t)(end - name) > length && memcmp(name, witness->verifier.name, length) == 0 &&
            name[length] == ' ')
            buf_add(&witness->line, at, (size_t)(end - at));
        at = end;
    }
    buf_free(&whole);
    return good && witness->line.length > 0;
}

/* 409: it names the size it has seen. */
static bool take_size(struct log_witness *witness, const char *text)
{
    char digits[24];
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length >= sizeof(digits) ||
        strspn(text + length, "\r\n") != strlen(text + length))
        return false;
    memcpy(digits, text, length);
    digits[length] = 0;
    return parse_u64(digits, &witness->known);
}

static void on_answer(struct http_fetch *fetch)
{
    struct log_witness *witness = container_of(fetch, struct log_witness, fetch);
    struct slice reply = {fetch->response, fetch->response_length};
    if (fetch->result != RESULT_OK) {
        failed(witness, "silent", 0);
    } else if (fetch->status == 409 && take_size(witness, fetch->response) &&
               witness->known <= witness->asked && witness->failures < 3) {
        witness->failures++;
        again(witness, 0);
    } else if (fetch->status != 200) {
        witness->refused = true;
        failed(witness, fetch->status == 409 ? "saw a larger log" : "refused", fetch->status);
    } else if (!take_line(witness, reply)) {
        witness->refused = true;
        failed(witness, "bad line", fetch->status);
    } else {
        witness->known = witness->asked;
        witness->cosign =
            (struct store_log_cosign){.request = {.cb = on_cosigned},
                                      .size = witness->asked,
                                      .name = witness->verifier.name,
                                      .line = witness->line.data,
                                      .at = clock_now(loop_clock(witness->log->loop))};
        store_log_cosign(witness->log->store, &witness->cosign);
    }
}

/* ---- The question. ---- */
static void post(struct log_witness *witness)
{
    static const struct http_header type = {"Content-Type", "text/plain; charset=utf-8"};
    char text[64];
    buf_clear(&witness->body);
    buf_printf(&witness->body, "old %" PRIu64 "\n", witness->known);
    for (unsigned i = 0; i < witness->growth.path.n; i++) {
        base64_encode(text, witness->growth.path.hashes[i].bytes, DIGEST_SIZE);
        buf_printf(&witness->body, "%s\n", text);
    }
    buf_putc(&witness->body, '\n');
    buf_add(&witness->body, witness->newest.bytes.data, witness->newest.bytes.length);
    witness->fetch = (struct http_fetch){.method = "POST",
                                         .url = witness->add_url,
                                         .headers = &type,
                                         .n_headers = 1,
                                         .body = witness->body.data,
                                         .body_length = witness->body.length,
                                         .timeout_ms = FETCH_MS,
                                         .response_limit = REPLY_MAX,
                                         .cb = on_answer};
    http_fetch_start(witness->log->client, &witness->fetch);
}

static void on_growth(struct receipt_log_question *question)
{
    struct log_witness *witness = container_of(question, struct log_witness, growth);
    if (question->result != RESULT_OK) {
        witness->refused = witness->known > witness->asked; /* it has seen more than we have */
        failed(witness, "no proof", 0);
        return;
    }
    post(witness);
}

static void on_newest(struct receipt_log_question *question)
{
    struct log_witness *witness = container_of(question, struct log_witness, newest);
    if (question->result != RESULT_OK) {
        witness->busy = false; /* nothing is signed yet: the next checkpoint wakes us */
        return;
    }
    if (question->size <= witness->cosigned) {
        witness->busy = false;
        return;
    }
    if (witness->behind_since < 0)
        witness->behind_since = clock_monotonic(loop_clock(witness->log->loop));
    witness->asked = question->size;
    witness->growth = (struct receipt_log_question){.log = witness->log,
                                                    .arena = witness->arena,
                                                    .cb = on_growth,
                                                    .from = witness->known,
                                                    .to = question->size};
    receipt_log_consistency(&witness->growth);
}

static void ask(struct log_witness *witness)
{
    arena_reset(witness->arena);
    witness->newest = (struct receipt_log_question){
        .log = witness->log, .arena = witness->arena, .cb = on_newest};
    receipt_log_checkpoint(&witness->newest);
}

/* What it cosigned before this start. */
static void on_known(struct store_request *request)
{
    struct log_witness *witness = container_of(request, struct log_witness, known_req.request);
    if (request->result == RESULT_OK)
        witness->known = witness->cosigned = witness->known_req.checkpoint.size;
    witness->started = true;
    ask(witness);
}

static void on_timer(struct loop_timer *timer)
{
    log_witness_wake(container_of(timer, struct log_witness, timer));
}

void log_witness_wake(struct log_witness *witness)
{
    if (witness->busy || witness->log->stopping || witness->log->n_signers == 0 ||
        loop_timer_active(&witness->timer))
        return;
    witness->busy = true;
    if (witness->started) {
        ask(witness);
        return;
    }
    arena_reset(witness->arena);
    witness->known_req =
        (struct store_log_checkpoint){.request = {.cb = on_known, .arena = witness->arena},
                                      .size = UINT64_MAX,
                                      .name = witness->verifier.name};
    store_log_checkpoint(witness->log->store, &witness->known_req);
}

bool log_witness_late(const struct log_witness *witness)
{
    int64_t now = clock_monotonic(loop_clock(witness->log->loop));
    return witness->refused ||
           (witness->behind_since >= 0 && now - witness->behind_since > LATE_MS);
}

/* ---- Made and freed. ---- */
enum result log_witness_init(struct log_witness *witness, struct receipt_log *log,
                             const struct receipt_log_witness *config, struct error *error)
{
    if (!note_verifier_parse(&witness->verifier, config->vkey) ||
        witness->verifier.algorithm != NOTE_COSIGNATURE)
        return error_set(error, RESULT_INVALID, "log.witnesses",
                         "this is no verifier key of a witness: copy the line that tocsin witness "
                         "prints at its start");
    if (log->client == NULL ||
        !(str_starts(config->url, "http://") || str_starts(config->url, "https://")))
        return error_set(error, RESULT_INVALID, "log.witnesses",
                         "a witness is reached at an http: or https: address: write it");
    witness->log = log;
    witness->behind_since = -1;
    witness->add_url = arena_printf(log->texts, "%s/add-checkpoint", config->url);
    witness->arena = arena_create(ARENA_MAX);
    buf_init(&witness->body, SIZE_MAX);
    buf_init(&witness->line, NOTE_BYTES_MAX);
    loop_timer_init(log->loop, &witness->timer, on_timer);
    return RESULT_OK;
}

void log_witness_stop(struct log_witness *witness)
{
    loop_timer_stop(&witness->timer);
}

/* The HTTP client and the store have ended what was under way. */
void log_witness_free(struct log_witness *witness)
{
    loop_timer_stop(&witness->timer);
    arena_destroy(&witness->arena);
    buf_free(&witness->body);
    buf_free(&witness->line);
}
