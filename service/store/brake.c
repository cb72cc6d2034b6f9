/* brake.c - the durable side of brakes. Happy path: a draw is checked against the sum of its window
 * and added, in the transaction of the intent it belongs to; stages move by compare-and-set; stops
 * are rows that a person, or a provider that is well again, takes away. Failure modes: BUSY for a
 * draw that does not fit (nothing of its request is written); CONFLICT, EXISTS, NOT_FOUND as the
 * header says. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/store/store_core.h"

static int64_t window_sum(struct store_work *work, const struct brake_draw *draw)
{
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT COALESCE(SUM(value), 0) FROM brake_count WHERE scope = $1 AND bucket >= $2",
        SQL_TEXT(draw->scope), SQL_INT(draw->first));
    int64_t sum = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return sum;
}

static void count(struct store_work *work, const struct brake_draw *draw)
{
    if (draw->n == 0)
        return;
    sql_exec(work->sql,
             "INSERT INTO brake_count (scope, bucket, value) VALUES ($1, $2, $3)"
             " ON CONFLICT (scope, bucket) DO UPDATE SET value = brake_count.value + $3",
             SQL_TEXT(draw->scope), SQL_INT(draw->bucket), SQL_INT(draw->n));
    if (draw->first > 0 && draw->n > 0) /* out of every window */
        sql_exec(work->sql, "DELETE FROM brake_count WHERE scope = $1 AND bucket < $2",
                 SQL_TEXT(draw->scope), SQL_INT(draw->first));
}

enum result brake_draws_put(struct store_work *work, const struct brake_draw *draws, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct brake_draw *draw = &draws[i];
        if (draw->limit >= 0 && draw->n > 0 && window_sum(work, draw) + draw->n > draw->limit)
            return error_set(work->error, RESULT_BUSY, draw->scope,
                             "the cap of this scope is reached: send later");
        count(work, draw);
    }
    return RESULT_OK;
}

/* ---- Read. ---- */

static void read_stage(struct store_work *work, struct store_brake_get *req)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT stage, since FROM brake_wave WHERE wave = $1", SQL_INT(req->wave));
    req->stage = BRAKE_SEEDS;
    req->since = TIME_NONE;
    if (sql_step(query)) {
        req->stage = (enum brake_stage)sql_int(query, 0);
        req->since = sql_time(query, 1);
    }
    sql_end(query);
    query = sql_start(work->sql, "SELECT people FROM wave WHERE id = $1", SQL_INT(req->wave));
    req->people = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
}

static void text_column(struct sql_query *query, int column, char *to, size_t size)
{
    struct blob text = sql_blob(query, column);
    size_t n = text.length < size - 1 ? text.length : size - 1;
    if (n > 0)
        memcpy(to, text.data, n);
    to[n] = 0;
}

static void read_stops(struct store_work *work, struct store_brake_get *req)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT scope, reason, figures, at FROM brake_stop"
                                        " WHERE wave = $1 ORDER BY at, scope",
                                        SQL_INT(req->wave));
    while (sql_step(query)) {
        req->stops = rows_grow(work, arena, req->stops, req->n_stops, sizeof(*req->stops));
        if (req->stops == NULL)
            return;
        struct brake_stop *stop = &req->stops[req->n_stops++];
        text_column(query, 0, stop->scope, sizeof(stop->scope));
        text_column(query, 1, stop->reason, sizeof(stop->reason));
        text_column(query, 2, stop->figures, sizeof(stop->figures));
        stop->at = sql_time(query, 3);
    }
}

/* Scopes of waves begin with "w<number>:"; ';' is the byte behind ':', 'x' the one behind 'w'. */
struct scope_range {
    char from[32], to[32]; /* borrowed by the query while it runs */
};

static struct sql_query *counts_query(struct store_work *work, int64_t wave,
                                      struct scope_range *range)
{
    if (wave == 0)
        return sql_start(work->sql, "SELECT scope, bucket, value FROM brake_count"
                                    " WHERE scope < 'w' OR scope >= 'x' ORDER BY scope, bucket");
    snprintf(range->from, sizeof(range->from), "w%lld:", (long long)wave);
    snprintf(range->to, sizeof(range->to), "w%lld;", (long long)wave);
    return sql_start(work->sql,
                     "SELECT scope, bucket, value FROM brake_count"
                     " WHERE scope >= $1 AND scope < $2 ORDER BY scope, bucket",
                     SQL_TEXT(range->from), SQL_TEXT(range->to));
}

static void read_counts(struct store_work *work, struct store_brake_get *req)
{
    struct arena *arena = request_arena(&req->request);
    struct scope_range range;
    struct sql_query *query = counts_query(work, req->wave, &range);
    while (sql_step(query)) {
        req->counts = rows_grow(work, arena, req->counts, req->n_counts, sizeof(*req->counts));
        if (req->counts == NULL)
            return;
        req->counts[req->n_counts++] = (struct brake_count){.scope = sql_text_copy(query, 0, arena),
                                                            .bucket = sql_int(query, 1),
                                                            .value = sql_int(query, 2)};
    }
}

STORE_READ(brake_get, store_brake_get)
{
    req->stops = NULL;
    req->counts = NULL;
    req->n_stops = req->n_counts = 0;
    read_stage(work, req);
    read_stops(work, req);
    read_counts(work, req);
    return RESULT_OK;
}

/* ---- Write. ---- */

/* What was put aside for a person wants its turn now. */
static void wake(struct store_work *work, int64_t wave, time_ms at)
{
    sql_exec(work->sql,
             "UPDATE chunk SET due_at = $2, wake_at = $2"
             " WHERE wave = $1 AND wake_at > $2 AND (state = $3 OR state = $4)",
             SQL_INT(wave), SQL_INT(at), SQL_INT(CHUNK_READY), SQL_INT(CHUNK_WAITING));
}

STORE_WRITE(brake_move, store_brake_move)
{
    int64_t n;
    if (req->from == BRAKE_SEEDS) /* its first move: there may be no row */
        sql_exec(work->sql,
                 "INSERT INTO brake_wave (wave, stage, since) VALUES ($1, $2, $3)"
                 " ON CONFLICT (wave) DO NOTHING",
                 SQL_INT(req->wave), SQL_INT(BRAKE_SEEDS), SQL_INT(req->at));
    n = sql_exec(work->sql,
                 "UPDATE brake_wave SET stage = $3, since = $4 WHERE wave = $1 AND stage = $2",
                 SQL_INT(req->wave), SQL_INT(req->from), SQL_INT(req->to), SQL_INT(req->at));
    if (n != 1)
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the wave's brakes moved on meanwhile: read it again");
    if (req->from == BRAKE_WAITING)
        wake(work, req->wave, req->at);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

STORE_WRITE(brake_stop, store_brake_stop)
{
    int64_t n = sql_exec(
        work->sql,
        "INSERT INTO brake_stop (wave, scope, reason, figures, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (wave, scope) DO NOTHING",
        SQL_INT(req->wave), SQL_TEXT(req->stop.scope), SQL_TEXT(req->stop.reason),
        SQL_TEXT(req->stop.figures), SQL_INT(req->stop.at));
    if (n != 1)
        return error_set(work->error, RESULT_EXISTS, "scope",
                         "this is stopped already: read the wave's stops");
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

static void forget(struct store_work *work, const char *prefix)
{
    sql_exec(work->sql, "DELETE FROM brake_count WHERE substr(scope, 1, length($1)) = $1",
             SQL_TEXT(prefix));
}

STORE_WRITE(brake_resume, store_brake_resume)
{
    int64_t n;
    if (req->scope != NULL)
        n = sql_exec(work->sql, "DELETE FROM brake_stop WHERE wave = $1 AND scope = $2",
                     SQL_INT(req->wave), SQL_TEXT(req->scope));
    else
        n = sql_exec(work->sql, "DELETE FROM brake_stop WHERE wave = $1", SQL_INT(req->wave));
    if (n == 0)
        return error_set(work->error, RESULT_NOT_FOUND, "scope",
                         "nothing is stopped here: read the wave's stops");
    for (size_t i = 0; i < req->n_forget; i++)
        forget(work, req->forget[i]);
    wake(work, req->wave, req->at);
    receipt_row_put(work, req->receipts);
    return brake_draws_put(work, req->draws, req->n_draws);
}
