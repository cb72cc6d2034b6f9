/* log_anchor.c - asks whoever outside vouches for checkpoints. Happy path: a new checkpoint wakes
 * the anchor; what it vouched for before this start is read once; when its interval is over it is
 * asked about the newest checkpoint. Failure modes: silence is asked again, slower; a refusal too,
 * but is red at once. What is due and not vouched for is late after the interval, or a minute if
 * that is shorter. */
/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum {
    ASK_MS = 1000,
    RETRY_MS = 2000,
    RETRY_MAX_MS = 60000,
    LATE_MIN_MS = 5000,
    LATE_MAX_MS = 60000,
    ARENA_MAX = 4 << 20
};

static int64_t now_of(const struct log_anchor *anchor)
{
    return clock_monotonic(loop_clock(anchor->log->loop));
}

static void rest(struct log_anchor *anchor, int64_t ms)
{
    anchor->busy = false;
    if (!anchor->log->stopping)
        loop_timer_start(&anchor->timer, ms);
}

void log_anchor_again(struct log_anchor *anchor)
{
    rest(anchor, 0);
}

void log_anchor_failed(struct log_anchor *anchor, const char *why, long status, bool refused)
{
    int64_t wait = RETRY_MS;
    for (unsigned i = 0; i < anchor->failures && wait < RETRY_MAX_MS; i++)
        wait *= 2;
    anchor->failures++;
    anchor->refused = anchor->refused || refused;
    log_warn("anchor_failed", LOG_TEXT("kind", anchor->type->word), LOG_TEXT("why", why),
             LOG_INT("status", status), LOG_INT("size", anchor->asked));
    rest(anchor, wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

void log_anchor_done(struct log_anchor *anchor, time_ms at)
{
    anchor->failures = 0;
    anchor->refused = false;
    anchor->anchored = anchor->asked;
    anchor->anchored_at = at;
    anchor->due_since = -1;
    rest(anchor, anchor->interval_ms > ASK_MS ? anchor->interval_ms : ASK_MS);
}

/* How long until the next may be asked for. */
static int64_t time_left(const struct log_anchor *anchor)
{
    int64_t since;
    if (anchor->anchored_at == TIME_NONE || anchor->interval_ms == 0 || anchor->due_since >= 0)
        return 0;
    since = clock_now(loop_clock(anchor->log->loop)) - anchor->anchored_at;
    if (since < 0 || since >= anchor->interval_ms)
        return 0; /* due, or a clock that was set back */
    return anchor->interval_ms - since;
}

static void on_newest(struct receipt_log_question *question)
{
    struct log_anchor *anchor = container_of(question, struct log_anchor, newest);
    if (question->result != RESULT_OK || question->size <= anchor->anchored) {
        anchor->busy = false; /* nothing new is signed: the next checkpoint wakes us */
        return;
    }
    if (time_left(anchor) > 0) {
        rest(anchor, time_left(anchor));
        return;
    }
    if (anchor->due_since < 0)
        anchor->due_since = now_of(anchor);
    anchor->asked = question->size;
    anchor->type->submit(anchor);
}

static void ask(struct log_anchor *anchor)
{
    arena_reset(anchor->arena);
    anchor->newest =
        (struct receipt_log_question){.log = anchor->log, .arena = anchor->arena, .cb = on_newest};
    receipt_log_checkpoint(&anchor->newest);
}

void log_anchor_learned(struct log_anchor *anchor, uint64_t size, time_ms at)
{
    anchor->anchored = size;
    anchor->anchored_at = at;
    anchor->started = true;
    ask(anchor);
}

void log_anchor_wake(struct log_anchor *anchor)
{
    if (anchor->busy || anchor->log->stopping || anchor->log->n_signers == 0 ||
        loop_timer_active(&anchor->timer))
        return;
    anchor->busy = true;
    if (anchor->started) {
        ask(anchor);
        return;
    }
    arena_reset(anchor->arena);
    anchor->type->learn(anchor);
}

static void on_timer(struct loop_timer *timer)
{
    log_anchor_wake(container_of(timer, struct log_anchor, timer));
}

bool log_anchor_late(const struct log_anchor *anchor)
{
    int64_t patience = anchor->interval_ms;
    if (patience == 0 || patience > LATE_MAX_MS)
        patience = LATE_MAX_MS;
    if (patience < LATE_MIN_MS)
        patience = LATE_MIN_MS;
    return anchor->refused ||
           (anchor->due_since >= 0 && now_of(anchor) - anchor->due_since > patience);
}

/* ---- What the store remembers. ---- */
struct recall {
    struct log_anchor *anchor;
    struct store_log_anchors anchors;
};

static void on_recalled(struct store_request *request)
{
    struct recall *recall = container_of(request, struct recall, anchors.request);
    struct log_anchor *anchor = recall->anchor;
    bool any = request->result == RESULT_OK && recall->anchors.n > 0;
    log_anchor_learned(anchor, any ? recall->anchors.rows[0].size : 0,
                       any ? recall->anchors.rows[0].at : TIME_NONE);
}

void log_anchor_recall(struct log_anchor *anchor)
{
    struct recall *recall = arena_new(anchor->arena, struct recall);
    require(recall != NULL);
    recall->anchor = anchor;
    recall->anchors =
        (struct store_log_anchors){.request = {.cb = on_recalled, .arena = anchor->arena},
                                   .name = anchor->name,
                                   .most = UINT64_MAX,
                                   .newest = true,
                                   .limit = 1};
    store_log_anchors(anchor->log->store, &recall->anchors);
}

/* ---- Made, stopped, freed. ---- */
void log_anchor_init(struct log_anchor *anchor, struct receipt_log *log,
                     const struct log_anchor_type *type, int64_t interval_ms)
{
    anchor->type = type;
    anchor->log = log;
    anchor->interval_ms = interval_ms;
    anchor->due_since = -1;
    anchor->anchored_at = TIME_NONE;
    anchor->arena = arena_create(ARENA_MAX);
    loop_timer_init(log->loop, &anchor->timer, on_timer);
}

void log_anchor_stop(struct log_anchor *anchor)
{
    loop_timer_stop(&anchor->timer);
    if (anchor->type->stop != NULL)
        anchor->type->stop(anchor);
}

/* The HTTP client and the store have ended what was under way. */
void log_anchor_free(struct log_anchor *anchor)
{
    loop_timer_stop(&anchor->timer);
    arena_destroy(&anchor->arena);
}

void log_anchor_hold(struct receipt_log *log)
{
    log->held++;
}

void log_anchor_release(struct receipt_log *log)
{
    if (--log->held == 0 && log->state == LOG_STOPPED)
        loop_timer_start(&log->timer, 0);
}
