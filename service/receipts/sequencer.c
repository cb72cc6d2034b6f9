/* sequencer.c - the one that gives receipts their places. Happy path: lease, check, then every 200
 * ms: pending batches in the order of commit -> hashed on the lane -> appended in one transaction
 * -> and, at most once in 800 ms, a checkpoint of what is durable. Failure modes: another owner
 * (CONFLICT) sends it back to the lease; damage stops it for good, said in /readyz; a failing store
 * is the daemon's to see. A crash between append and checkpoint costs nothing: the next start signs
 * the same root. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum {
    WAKE_MS = 200,
    SIGN_MS = 800,
    SIGN_LATE_MS = 10000,
    LEASE_MS = 10000,
    RETRY_MS = 1000,
    STEP_BATCHES = 1024,
    STEP_ARENA = 64 << 20,
    TEXTS_MAX = 65536
};

static const struct sm_state states[LOG_STATES_N] = {
    [LOG_STOPPED] = {"stopped", SM_TO(LOG_LEASING)},
    [LOG_LEASING] = {"leasing", SM_TO(LOG_CHECKING) | SM_TO(LOG_LEASING) | SM_TO(LOG_WAITING) |
                                    SM_TO(LOG_STOPPED)},
    [LOG_CHECKING] = {"checking", SM_TO(LOG_WAITING) | SM_TO(LOG_BROKEN) | SM_TO(LOG_LEASING) |
                                      SM_TO(LOG_STOPPED)},
    [LOG_WAITING] = {"waiting", SM_TO(LOG_READING) | SM_TO(LOG_LEASING) | SM_TO(LOG_STOPPED)},
    [LOG_READING] = {"reading", SM_TO(LOG_HASHING) | SM_TO(LOG_SIGNING) | SM_TO(LOG_WAITING) |
                                    SM_TO(LOG_LEASING) | SM_TO(LOG_STOPPED)},
    [LOG_HASHING] = {"hashing", SM_TO(LOG_APPENDING) | SM_TO(LOG_BROKEN) | SM_TO(LOG_STOPPED)},
    [LOG_APPENDING] = {"appending", SM_TO(LOG_SIGNING) | SM_TO(LOG_WAITING) | SM_TO(LOG_READING) |
                                        SM_TO(LOG_LEASING) | SM_TO(LOG_STOPPED)},
    [LOG_SIGNING] = {"signing", SM_TO(LOG_WAITING) | SM_TO(LOG_READING) | SM_TO(LOG_LEASING) |
                                    SM_TO(LOG_BROKEN) | SM_TO(LOG_STOPPED)},
    [LOG_BROKEN] = {"broken", SM_TO(LOG_STOPPED)},
};
static const struct sm_table table = {"log", states, LOG_STATES_N};

static void stop_now(struct receipt_log *log)
{
    loop_timer_stop(&log->timer);
    sm_move(&table, &log->state, LOG_STOPPED);
    loop_timer_start(&log->timer, 0); /* `done` never comes from inside the call */
}

void log_wait(struct receipt_log *log, int64_t ms)
{
    if (log->stopping) {
        stop_now(log);
        return;
    }
    sm_move(&table, &log->state, LOG_WAITING);
    loop_timer_start(&log->timer, ms);
}

void log_broken(struct receipt_log *log, const char *problem)
{
    log->problem = problem;
    log_error("log_broken", LOG_TEXT("sentence", problem), LOG_INT("size", log->edge->size));
    sm_move(&table, &log->state, LOG_BROKEN);
    if (log->stopping)
        stop_now(log);
}

/* What we believed is not so any more, or the store said no: begin again from what is stored. */
void log_begin_again(struct receipt_log *log, const struct store_request *request)
{
    if (log->state != LOG_LEASING) /* a standby says it once */
        log_warn("log_lost", LOG_TEXT("state", sm_name(&table, log->state)),
                 LOG_TEXT("result", result_name(request->result)));
    if (log->stopping) {
        stop_now(log);
        return;
    }
    sm_move(&table, &log->state, LOG_LEASING);
    log->problem = "log: it is not led by this process just now.";
    loop_timer_start(&log->timer, RETRY_MS);
}

/* ---- Signing. ---- */
static void read_pending(struct receipt_log *log);

static void after_signing(struct receipt_log *log)
{
    log->signed_size = log->edge->size;
    log->unsigned_since = -1;
    log->signed_at = clock_now(loop_clock(log->loop));
    log->signed_mono = clock_monotonic(loop_clock(log->loop));
    for (size_t i = 0; i < log->n_anchors; i++)
        log_anchor_wake(log->anchors[i]);
    log_wait(log, WAKE_MS);
}

static void on_signed(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, sign.request);
    if (request->result == RESULT_OK || request->result == RESULT_EXISTS) {
        /* EXISTS: the same head under the same epoch can only have the same root. */
        log->signed_count += request->result == RESULT_OK;
        after_signing(log);
    } else if (request->result == RESULT_CONFLICT &&
               str_equal(request->error.field, "log.origin")) {
        log_broken(log, "log: it was begun under another origin, and keeps it: configure that "
                        "log.origin and its key.");
    } else {
        log_begin_again(log, request);
    }
}

/* Only what is durable: the head as the last append's commit left it. */
static void sign(struct receipt_log *log)
{
    const char *origin = log->signers[0].verifier.name;
    struct buf text;
    sm_move(&table, &log->state, LOG_SIGNING);
    arena_reset(log->arena);
    buf_init(&text, SIZE_MAX);
    checkpoint_format(&text, origin, log->edge->size, &log->root);
    buf_clear(&log->note);
    buf_printf(&log->note, "%s\n", text.data);
    for (size_t i = 0; i < log->n_signers; i++)
        note_sign(&log->note, (struct slice){text.data, text.length}, &log->signers[i], 0);
    buf_free(&text);
    log->sign = (struct store_log_sign){.request = {.cb = on_signed, .arena = log->arena},
                                        .epoch = log->epoch,
                                        .origin = origin,
                                        .checkpoint = {.size = log->edge->size,
                                                       .note = log->note.data,
                                                       .at = clock_now(loop_clock(log->loop))}};
    memcpy(log->sign.checkpoint.root, log->root.bytes, DIGEST_SIZE);
    store_log_sign(log->store, &log->sign);
}

static bool sign_due(const struct receipt_log *log)
{
    int64_t now = clock_monotonic(loop_clock(log->loop));
    return log->n_signers > 0 && log->edge->size > log->signed_size &&
           (log->signed_mono == 0 || now - log->signed_mono >= SIGN_MS || log->stopping);
}

/* ---- Appending. ---- */
static void on_appended(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, append.request);
    bool more = log->pending.n == STEP_BATCHES;
    if (request->result != RESULT_OK) {
        log_begin_again(log, request);
        return;
    }
    log->appended += log->hash->edge.size - log->edge->size;
    if (log->unsigned_since < 0)
        log->unsigned_since = clock_monotonic(loop_clock(log->loop));
    *log->edge = log->hash->edge;
    log->root = log->hash->root;
    if (sign_due(log))
        sign(log);
    else if (more && !log->stopping)
        read_pending(log);
    else
        log_wait(log, WAKE_MS);
}

static void on_hashed(struct lane_job *job)
{
    struct log_hash *hash = container_of(job, struct log_hash, job);
    struct receipt_log *log = hash->log;
    if (hash->damaged != 0 || hash->full) {
        log_error("log_batch_damaged", LOG_INT("batch", hash->damaged));
        log_broken(log, "log: a stored batch of receipts is damaged: keep the database as it is, "
                        "and restore a copy.");
        return;
    }
    sm_move(&table, &log->state, LOG_APPENDING);
    log->append = (struct store_log_append){.request = {.cb = on_appended},
                                            .size_from = log->edge->size,
                                            .epoch = log->epoch,
                                            .size = hash->edge.size,
                                            .ranges = hash->ranges,
                                            .n_ranges = hash->n_rows,
                                            .tiles = hash->tiles,
                                            .n_tiles = hash->n_tiles};
    memcpy(log->append.root, hash->root.bytes, DIGEST_SIZE);
    store_log_append(log->store, &log->append);
}

static void run_hash(struct lane_job *job, unsigned thread)
{
    (void)thread;
    log_hash_work(container_of(job, struct log_hash, job));
}

static void on_pending(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, pending.request);
    if (request->result != RESULT_OK) {
        log_begin_again(log, request);
    } else if (log->pending.n == 0) {
        if (sign_due(log))
            sign(log);
        else
            log_wait(log, WAKE_MS);
    } else {
        sm_move(&table, &log->state, LOG_HASHING);
        log->hash->edge = *log->edge;
        log->hash->rows = log->pending.rows;
        log->hash->n_rows = log->pending.n;
        log->hash->arena = log->arena;
        lane_submit(log->lane, &log->hash->job);
    }
}

static void read_pending(struct receipt_log *log)
{
    sm_move(&table, &log->state, LOG_READING);
    arena_reset(log->arena);
    log->pending = (struct store_log_pending){.request = {.cb = on_pending, .arena = log->arena},
                                              .limit = STEP_BATCHES};
    store_log_pending(log->store, &log->pending);
}

/* ---- The lease. ---- */
static void on_lease(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, lease.request);
    if (request->result != RESULT_OK) {
        log_begin_again(log, request);
        return;
    }
    sm_move(&table, &log->state, LOG_CHECKING);
    log_check(log);
}

static void on_renewed(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, lease.request);
    if (request->result != RESULT_OK || log->lease.head.epoch != log->epoch) {
        request->result = request->result == RESULT_OK ? RESULT_CONFLICT : request->result;
        log_begin_again(log, request);
        return;
    }
    log->lease_until = log->lease.head.until;
    sm_move(&table, &log->state, LOG_WAITING);
    read_pending(log);
}

static void ask_lease(struct receipt_log *log, void (*cb)(struct store_request *request))
{
    time_ms now = clock_now(loop_clock(log->loop));
    sm_move(&table, &log->state, LOG_LEASING);
    arena_reset(log->arena);
    log->lease = (struct store_log_lease){.request = {.cb = cb, .arena = log->arena},
                                          .owner = log->owner,
                                          .now = now,
                                          .until = now + LEASE_MS,
                                          .alone = log->alone};
    store_log_lease(log->store, &log->lease);
}

static void take_lease(struct receipt_log *log)
{
    ask_lease(log, on_lease);
}

/* ---- The timer. ---- */
static void on_timer(struct loop_timer *timer)
{
    struct receipt_log *log = container_of(timer, struct receipt_log, timer);
    time_ms now = clock_now(loop_clock(log->loop));
    if (log->state == LOG_STOPPED && log->held > 0) {
        return; /* the last anchor to close goes on */
    } else if (log->state == LOG_STOPPED) {
        void (*stopped)(void *context) = log->stopped;
        log->stopped = NULL;
        if (stopped != NULL)
            stopped(log->stopped_context);
    } else if (log->state == LOG_LEASING) {
        take_lease(log);
    } else if (log->state == LOG_WAITING && !log->alone && log->lease_until - now < LEASE_MS / 2) {
        ask_lease(log, on_renewed);
    } else if (log->state == LOG_WAITING) {
        read_pending(log);
    }
}

/* ---- Outside. ---- */
static enum result check_config(const struct receipt_log_config *config, struct error *error)
{
    if (config->n_signers > RECEIPT_LOG_SIGNERS_MAX ||
        config->n_witnesses > RECEIPT_LOG_WITNESSES_MAX ||
        config->n_timestamps > RECEIPT_LOG_TIMESTAMPS_MAX ||
        config->n_mails > RECEIPT_LOG_MAILS_MAX)
        return error_set(error, RESULT_INVALID, "log",
                         "at most 8 keys, 8 witnesses, 4 timestamp authorities, 4 mail addresses");
    for (size_t i = 0; i < config->n_signers; i++)
        if (!str_equal(config->signers[i].verifier.name, config->signers[0].verifier.name) ||
            config->signers[i].verifier.algorithm != NOTE_ED25519)
            return error_set(error, RESULT_INVALID, "log.key_file",
                             "all keys of a log have one name, its origin, and are of tocsin log "
                             "keygen: make the new key with the old one's name");
    return RESULT_OK;
}

static enum result open_anchors(struct receipt_log *log, const struct receipt_log_config *config,
                                struct error *error)
{
    enum result result = RESULT_OK;
    struct log_anchor **next = log->anchors;
    for (size_t i = 0; i < config->n_witnesses && result == RESULT_OK; i++)
        if ((result = log_witness_open(log, &config->witnesses[i], next, error)) == RESULT_OK)
            next++;
    for (size_t i = 0; i < config->n_timestamps && result == RESULT_OK; i++)
        if ((result = log_timestamp_open(log, &config->timestamps[i], next, error)) == RESULT_OK)
            next++;
    for (size_t i = 0; i < config->n_mails && result == RESULT_OK; i++)
        if ((result = log_mail_open(log, &config->mails[i], next, error)) == RESULT_OK)
            next++;
    log->n_anchors = (size_t)(next - log->anchors);
    return result;
}

enum result receipt_log_create(const struct receipt_log_config *config,
                               struct receipt_log **ret_log, struct error *error)
{
    enum result result = check_config(config, error);
    if (result != RESULT_OK)
        return result;
    struct receipt_log *log = mem_new(struct receipt_log);
    log->loop = config->loop;
    log->store = config->store;
    log->client = config->client;
    log->alone = config->alone;
    log->owner = id_new();
    log->unsigned_since = -1;
    log->texts = arena_create(TEXTS_MAX);
    log->arena = arena_create(STEP_ARENA);
    log->edge = mem_new(struct tile_edge);
    log->hash = mem_new(struct log_hash);
    log->set = mem_new(struct tile_set);
    log->hash->log = log;
    log->hash->job.work = run_hash;
    log->hash->job.done = on_hashed;
    buf_init(&log->note, SIZE_MAX);
    log->n_signers = config->n_signers;
    for (size_t i = 0; i < config->n_signers; i++)
        log->signers[i] = config->signers[i];
    loop_timer_init(log->loop, &log->timer, on_timer);
    log->lane =
        lane_create(log->loop, &(struct lane_config){.name = "log", .threads = config->threads});
    log->public_url = arena_strdup(log->texts, str_or(config->public_url, ""));
    result = open_anchors(log, config, error);
    if (result == RESULT_OK)
        *ret_log = log;
    else
        receipt_log_destroy(&log);
    return result;
}

void receipt_log_seen(struct receipt_log *log, uint64_t size, bool forked)
{
    log->seen_size = size;
    log->seen_forked = forked;
}

void receipt_log_start(struct receipt_log *log)
{
    log->stopping = false;
    take_lease(log);
}

void receipt_log_stop(struct receipt_log *log, void (*done)(void *context), void *context)
{
    log->stopping = true;
    log->stopped = done;
    log->stopped_context = context;
    for (size_t i = 0; i < log->n_anchors; i++)
        log_anchor_stop(log->anchors[i]);
    bool idle =
        log->state == LOG_BROKEN || (log->state == LOG_LEASING && loop_timer_active(&log->timer));
    if (log->state == LOG_STOPPED) {
        loop_timer_start(&log->timer, 0);
    } else if (idle) {
        stop_now(log);
    } else if (log->state == LOG_WAITING) { /* what the last requests left behind */
        loop_timer_stop(&log->timer);
        read_pending(log);
    }
}

void receipt_log_destroy(struct receipt_log **log_at)
{
    struct receipt_log *log = *log_at;
    if (log == NULL)
        return;
    loop_timer_stop(&log->timer);
    for (size_t i = 0; i < log->n_anchors; i++)
        log->anchors[i]->type->free(log->anchors[i]);
    lane_destroy(&log->lane);
    arena_destroy(&log->texts);
    arena_destroy(&log->arena);
    mem_free(log->edge);
    mem_free(log->hash->tiles);
    mem_free(log->hash);
    mem_free(log->set);
    buf_free(&log->note);
    explicit_bzero(log->signers, sizeof(log->signers));
    mem_free(log);
    *log_at = NULL;
}

bool receipt_log_pump(struct receipt_log *log)
{
    return lane_pump(log->lane);
}

/* ---- How it is. ---- */
static bool sign_late(const struct receipt_log *log)
{
    int64_t now = clock_monotonic(loop_clock(log->loop));
    return log->n_signers > 0 && log->problem == NULL && log->unsigned_since >= 0 &&
           now - log->unsigned_since > SIGN_LATE_MS;
}

static const struct log_anchor_type *const types[ANCHOR_KINDS_N] = {
    [ANCHOR_WITNESS] = &log_witness_type,
    [ANCHOR_TIMESTAMP] = &log_timestamp_type,
    [ANCHOR_MAIL] = &log_mail_type,
};

struct receipt_log_anchor_stats receipt_log_anchor_stats(const struct receipt_log *log,
                                                         enum receipt_log_anchor kind)
{
    struct receipt_log_anchor_stats stats = {
        .word = types[kind]->word, .size = UINT64_MAX, .at = INT64_MAX};
    for (size_t i = 0; i < log->n_anchors; i++) {
        const struct log_anchor *anchor = log->anchors[i];
        if (anchor->type != types[kind])
            continue;
        stats.n++;
        stats.late = stats.late || log_anchor_late(anchor);
        stats.size = anchor->anchored < stats.size ? anchor->anchored : stats.size;
        stats.at = anchor->anchored_at < stats.at ? anchor->anchored_at : stats.at;
    }
    if (stats.n == 0) {
        stats.size = 0;
        stats.at = TIME_NONE;
    }
    return stats;
}

size_t receipt_log_problems(const struct receipt_log *log, const char **reasons, size_t most)
{
    size_t n = 0;
    if (log->problem != NULL && n < most)
        reasons[n++] = log->problem;
    if (sign_late(log) && n < most)
        reasons[n++] = "log: the newest receipts have waited for their signature for more than ten "
                       "seconds; is the disk or the machine too slow?";
    for (unsigned kind = 0; kind < ANCHOR_KINDS_N; kind++)
        if (n < most && receipt_log_anchor_stats(log, (enum receipt_log_anchor)kind).late)
            reasons[n++] = types[kind]->problem;
    return n;
}

bool receipt_log_signs(const struct receipt_log *log)
{
    return log->n_signers > 0;
}

struct receipt_log_stats receipt_log_stats(const struct receipt_log *log)
{
    struct receipt_log_stats stats = {
        .size = log->edge->size,
        .signed_size = log->signed_size,
        .appended = log->appended,
        .signed_count = log->signed_count,
        .leading = log->state >= LOG_WAITING && log->state <= LOG_SIGNING,
        .signed_at = log->signed_size > 0 ? log->signed_at : TIME_NONE};
    return stats;
}

void receipt_log_keys(const struct receipt_log *log, struct buf *to)
{
    for (size_t i = 0; i < log->n_signers; i++) {
        note_verifier_format(to, &log->signers[i].verifier);
        buf_putc(to, '\n');
    }
}

bool receipt_log_sign(const struct receipt_log *log, struct slice text, struct buf *to)
{
    struct checkpoint checkpoint;
    for (size_t i = 0; i < log->n_signers; i++) {
        const char *origin = log->signers[i].verifier.name;
        /* Only the sequencer signs what could be taken for a checkpoint. */
        require(!checkpoint_parse(text, &checkpoint) || !slice_equal(checkpoint.origin, origin));
        note_sign(to, text, &log->signers[i], 0);
    }
    return log->n_signers > 0;
}
