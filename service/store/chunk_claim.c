/* chunk_claim.c - leasing chunks. Happy path: of a sending wave, the oldest due chunks of the asked
 * channels - ready, waiting, or leased to somebody whose lease ran out - get this owner, a lease
 * and the next generation, by compare-and-set on the generation. Failure modes: none of its own; a
 * wave that is not sending gives nothing. */
/* This module. */
#include "service/store/chunk.h"

enum { CLAIM_MOST = 64, CHANNELS = 32, BEGUN_LOOK = 16 };

struct due {
    int64_t chunk, gen;
    time_ms wake_at;
};
struct dues {
    struct due list[CLAIM_MOST]; /* oldest first */
    unsigned n, most;
};

static void keep_oldest(struct dues *dues, struct due due)
{
    unsigned at = dues->n;
    if (dues->n == dues->most && due.wake_at >= dues->list[dues->n - 1].wake_at)
        return;
    if (dues->n < dues->most)
        dues->n++;
    else
        at = dues->n - 1;
    for (; at > 0 && dues->list[at - 1].wake_at > due.wake_at; at--)
        dues->list[at] = dues->list[at - 1];
    dues->list[at] = due;
}

static void collect(struct store_work *work, const struct store_chunk_claim *req, struct dues *dues)
{
    for (unsigned channel = 0; channel < CHANNELS; channel++) {
        if ((req->channels >> channel & 1) == 0)
            continue;
        struct sql_query *query =
            sql_start(work->sql,
                      "SELECT id, gen, wake_at FROM chunk WHERE wave = $1 AND channel = $2"
                      " AND wake_at IS NOT NULL AND held = 0 AND wake_at <= $3"
                      " ORDER BY wake_at LIMIT $4",
                      SQL_INT(req->wave), SQL_INT(channel), SQL_INT(req->now), SQL_INT(dues->most));
        while (sql_step(query))
            keep_oldest(dues,
                        (struct due){sql_int(query, 0), sql_int(query, 1), sql_int(query, 2)});
    }
}

/* What became due last: a late fact, the end of a wait. Untouched chunks, which have been due since
 * the plan, are not walked through. */
static void collect_begun(struct store_work *work, const struct store_chunk_claim *req,
                          struct dues *dues)
{
    for (unsigned channel = 0; channel < CHANNELS; channel++) {
        if ((req->channels >> channel & 1) == 0)
            continue;
        struct sql_query *query =
            sql_start(work->sql,
                      "SELECT id, gen, wake_at FROM (SELECT id, gen, wake_at, retries FROM chunk"
                      " WHERE wave = $1 AND channel = $2 AND wake_at IS NOT NULL AND held = 0"
                      " AND wake_at <= $3 ORDER BY wake_at DESC LIMIT $4) AS newest WHERE "
                      "length(retries) > 0",
                      SQL_INT(req->wave), SQL_INT(channel), SQL_INT(req->now), SQL_INT(BEGUN_LOOK));
        while (sql_step(query))
            keep_oldest(dues,
                        (struct due){sql_int(query, 0), sql_int(query, 1), sql_int(query, 2)});
    }
}

static bool lease(struct store_work *work, const struct store_chunk_claim *req,
                  const struct due *due)
{
    return sql_exec(work->sql,
                    "UPDATE chunk SET state = $3, owner = $4, wake_at = $5, gen = gen + 1,"
                    " attention_at = NULL WHERE id = $1 AND gen = $2",
                    SQL_INT(due->chunk), SQL_INT(due->gen), SQL_INT(CHUNK_LEASED),
                    SQL_INT(req->owner), SQL_INT(req->now + req->lease_ms)) == 1;
}

static enum result take(struct store_work *work, struct store_chunk_claim *req,
                        const struct dues *dues)
{
    struct arena *arena = request_arena(&req->request);
    req->chunks = arena_alloc(arena, (dues->n + 1) * sizeof(*req->chunks));
    req->intents = arena_alloc(arena, (dues->n + 1) * sizeof(struct chunk_intent *));
    req->n_intents = arena_alloc(arena, (dues->n + 1) * sizeof(*req->n_intents));
    if (req->chunks == NULL || req->intents == NULL || req->n_intents == NULL)
        return RESULT_TOO_LARGE;
    for (unsigned i = 0; i < dues->n; i++) {
        if (!lease(work, req, &dues->list[i]))
            continue;
        enum result result = chunk_row_get(work, dues->list[i].chunk, arena, &req->chunks[req->n]);
        if (result != RESULT_OK)
            return result;
        req->intents[req->n] =
            chunk_intents(work, dues->list[i].chunk, arena, &req->n_intents[req->n]);
        req->n++;
    }
    return RESULT_OK;
}

static time_ms next_due(struct store_work *work, const struct store_chunk_claim *req)
{
    time_ms next = TIME_NONE;
    for (unsigned channel = 0; channel < CHANNELS; channel++) {
        if ((req->channels >> channel & 1) == 0)
            continue;
        struct sql_query *query =
            sql_start(work->sql,
                      "SELECT wake_at FROM chunk WHERE wave = $1 AND channel = $2"
                      " AND wake_at IS NOT NULL AND held = 0 ORDER BY wake_at LIMIT 1",
                      SQL_INT(req->wave), SQL_INT(channel));
        if (sql_step(query) && (next == TIME_NONE || sql_int(query, 0) < next))
            next = sql_int(query, 0);
        sql_end(query);
    }
    return next;
}

static bool any_open(struct store_work *work, int64_t wave)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM chunk WHERE wave = $1 AND wake_at IS NOT NULL LIMIT 1",
                  SQL_INT(wave));
    bool open = sql_step(query);
    sql_end(query);
    return open;
}

STORE_WRITE(chunk_claim, store_chunk_claim)
{
    struct dues dues = {.most = (unsigned)rows_limit(req->limit, CLAIM_MOST)};
    struct wave_row wave;
    req->chunks = NULL;
    req->intents = NULL;
    req->n_intents = NULL;
    req->n = 0;
    req->next_due = TIME_NONE;
    enum result result = wave_row_get(work, req->wave, NULL, &wave);
    if (result != RESULT_OK)
        return result;
    req->held = NULL;
    req->n_held = 0;
    if (wave.state == WAVE_SENDING && !notice_is_withdrawn(work, wave.incident, wave.notice)) {
        req->held = hold_people(work, wave.incident, request_arena(&req->request), &req->n_held);
        if (req->begun)
            collect_begun(work, req, &dues);
        else
            collect(work, req, &dues);
        result = take(work, req, &dues);
        req->next_due = next_due(work, req);
    }
    req->open = any_open(work, req->wave);
    return result;
}
