/* log_witness.c - asks a witness to cosign (c2sp.org/tlog-witness v1.0.0). Happy path: the newest
 * checkpoint and the proof that it extends what the witness saw last; its line is checked and
 * stored. Failure modes: 409 says what it saw (asked again from there); 403, 404, 422 mean that it
 * does not know us or believes that we forked. Asking again and absence are log_anchor.c's. */
/* System. */
#include <inttypes.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum { FETCH_MS = 10000, REPLY_MAX = 16384 };

struct log_witness {
    struct log_anchor anchor; /* first */
    const char *add_url;
    struct note_verifier verifier;
    struct http_fetch fetch;
    struct receipt_log_question growth;
    struct store_log_checkpoint known_req;
    struct store_log_cosign cosign;
    struct buf body, line;
    uint64_t known; /* its size as we know it */
};

static struct log_witness *witness_of(struct log_anchor *anchor)
{
    return container_of(anchor, struct log_witness, anchor);
}

/* ---- The answer. ---- */
static void on_cosigned(struct store_request *request)
{
    struct log_witness *witness = container_of(request, struct log_witness, cosign.request);
    if (request->result == RESULT_OK)
        log_anchor_done(&witness->anchor, witness->cosign.at);
    else
        log_anchor_failed(&witness->anchor, "store", 0, false);
}

/* The line of this witness among those answered. */
static bool take_line(struct log_witness *witness, struct slice reply)
{
    struct note note;
    struct buf whole;
    struct slice text = witness->anchor.newest.bytes;
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
    struct log_anchor *anchor = &witness->anchor;
    struct slice reply = {fetch->response, fetch->response_length};
    if (fetch->result != RESULT_OK) {
        log_anchor_failed(anchor, "silent", 0, false);
    } else if (fetch->status == 409 && take_size(witness, fetch->response) &&
               witness->known <= anchor->asked && anchor->failures < 3) {
        anchor->failures++;
        log_anchor_again(anchor);
    } else if (fetch->status != 200) {
        log_anchor_failed(anchor, fetch->status == 409 ? "saw a larger log" : "refused",
                          fetch->status, true);
    } else if (!take_line(witness, reply)) {
        log_anchor_failed(anchor, "bad line", fetch->status, true);
    } else {
        witness->known = anchor->asked;
        witness->cosign = (struct store_log_cosign){.request = {.cb = on_cosigned},
                                                    .size = anchor->asked,
                                                    .name = witness->verifier.name,
                                                    .line = witness->line.data,
                                                    .at = clock_now(loop_clock(anchor->log->loop))};
        store_log_cosign(anchor->log->store, &witness->cosign);
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
    buf_add(&witness->body, witness->anchor.newest.bytes.data, witness->anchor.newest.bytes.length);
    witness->fetch = (struct http_fetch){.method = "POST",
                                         .url = witness->add_url,
                                         .headers = &type,
                                         .n_headers = 1,
                                         .body = witness->body.data,
                                         .body_length = witness->body.length,
                                         .timeout_ms = FETCH_MS,
                                         .response_limit = REPLY_MAX,
                                         .cb = on_answer};
    http_fetch_start(witness->anchor.log->client, &witness->fetch);
}

static void on_growth(struct receipt_log_question *question)
{
    struct log_witness *witness = container_of(question, struct log_witness, growth);
    if (question->result == RESULT_OK)
        post(witness);
    else /* it has seen more than we have: we were rolled back */
        log_anchor_failed(&witness->anchor, "no proof", 0, witness->known > witness->anchor.asked);
}

static void submit(struct log_anchor *anchor)
{
    struct log_witness *witness = witness_of(anchor);
    witness->growth = (struct receipt_log_question){.log = anchor->log,
                                                    .arena = anchor->arena,
                                                    .cb = on_growth,
                                                    .from = witness->known,
                                                    .to = anchor->asked};
    receipt_log_consistency(&witness->growth);
}

/* What it cosigned before this start. */
static void on_known(struct store_request *request)
{
    struct log_witness *witness = container_of(request, struct log_witness, known_req.request);
    const struct log_checkpoint *found = &witness->known_req.checkpoint;
    bool any = request->result == RESULT_OK;
    witness->known = any ? found->size : 0;
    log_anchor_learned(&witness->anchor, witness->known, any ? found->at : TIME_NONE);
}

static void learn(struct log_anchor *anchor)
{
    struct log_witness *witness = witness_of(anchor);
    witness->known_req =
        (struct store_log_checkpoint){.request = {.cb = on_known, .arena = anchor->arena},
                                      .size = UINT64_MAX,
                                      .name = witness->verifier.name};
    store_log_checkpoint(anchor->log->store, &witness->known_req);
}

/* ---- Made and freed. ---- */
static void free_witness(struct log_anchor *anchor)
{
    struct log_witness *witness = witness_of(anchor);
    buf_free(&witness->body);
    buf_free(&witness->line);
    log_anchor_free(anchor);
    mem_free(witness);
}

const struct log_anchor_type log_witness_type = {
    .word = "witness",
    .problem = "log: a witness has not cosigned for a minute, or refuses to; look at its address "
               "and its own log.",
    .learn = learn,
    .submit = submit,
    .free = free_witness,
};

enum result log_witness_open(struct receipt_log *log, const struct receipt_log_witness *config,
                             struct log_anchor **ret_anchor, struct error *error)
{
    struct note_verifier verifier;
    if (!note_verifier_parse(&verifier, config->vkey) || verifier.algorithm != NOTE_COSIGNATURE)
        return error_set(error, RESULT_INVALID, "log.witnesses",
                         "this is no verifier key of a witness: copy the line that tocsin witness "
                         "prints at its start");
    if (log->client == NULL ||
        !(str_starts(config->url, "http://") || str_starts(config->url, "https://")))
        return error_set(error, RESULT_INVALID, "log.witnesses",
                         "a witness is reached at an http: or https: address: write it");
    struct log_witness *witness = mem_new(struct log_witness);
    log_anchor_init(&witness->anchor, log, &log_witness_type, 0);
    witness->verifier = verifier;
    witness->anchor.name = witness->verifier.name;
    witness->add_url = arena_printf(log->texts, "%s/add-checkpoint", config->url);
    buf_init(&witness->body, SIZE_MAX);
    buf_init(&witness->line, NOTE_BYTES_MAX);
    *ret_anchor = &witness->anchor;
    return RESULT_OK;
}
