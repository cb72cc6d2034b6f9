/* hold_lift.c - the end of a hold. One person asks, another agrees; a fact ends an order rule
 * alone. A wave that no hold covers any more goes back to where it was held from - unless its text
 * changed or was withdrawn meanwhile: then it stays, under a hold of its own, until somebody names
 * the version it goes on with and that version is approved. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/hold.h"

enum { LIFTS_MOST = 64 };

struct lifts {
    struct hold_row rows[LIFTS_MOST];
    unsigned n;
};

static void collect(struct store_work *work, struct store_hold_lift *req, struct lifts *lifts)
{
    struct sql_query *query =
        req->by_fact ? sql_start(work->sql,
                                 "SELECT " HOLD_COLUMNS " FROM hold WHERE incident = $1"
                                 " AND state < 2 AND kind = $2 AND jurisdiction = $3 LIMIT $4",
                                 SQL_INT(req->incident), SQL_INT(HOLD_ORDER_RULE),
                                 SQL_TEXT(req->jurisdiction), SQL_INT(LIFTS_MOST))
        : req->hold != 0
            ? sql_start(work->sql,
                        "SELECT " HOLD_COLUMNS " FROM hold WHERE id = $1 AND incident = $2"
                        " AND state < 2",
                        SQL_INT(req->hold), SQL_INT(req->incident))
            : sql_start(work->sql,
                        "SELECT " HOLD_COLUMNS " FROM hold WHERE incident = $1 AND wave = $2"
                        " AND state < 2 AND jurisdiction IS NULL AND channel IS NULL"
                        " AND number < 0 AND kind <> $3 ORDER BY placed_at LIMIT $4",
                        SQL_INT(req->incident), SQL_INT(req->wave), SQL_INT(HOLD_ORDER_RULE),
                        SQL_INT(LIFTS_MOST));
    while (lifts->n < LIFTS_MOST && sql_step(query))
        hold_row_read(query, request_arena(&req->request), &lifts->rows[lifts->n++]);
    sql_end(query);
}

/* ---- Who asks, who agrees. ---- */
static enum result may_lift(struct store_work *work, struct store_hold_lift *req,
                            const struct lifts *lifts)
{
    req->done = true;
    for (unsigned i = 0; i < lifts->n; i++) {
        const struct hold_row *row = &lifts->rows[i];
        if (req->by_fact && row->kind == HOLD_ORDER_RULE)
            continue;
        if (req->by_fact)
            return error_set(work->error, RESULT_CONFLICT, "hold",
                             "a person placed this hold, no rule: resume it");
        if (row->state == HOLD_PLACED) {
            req->done = false;
            continue;
        }
        if (row->asked_by == req->principal || !people_apart(work, row->asked_by, req->principal))
            return error_set(work->error, RESULT_DENIED, NULL,
                             "you asked to resume: another person must agree");
        if (row->asked_notice != req->notice)
            return error_set(work->error, RESULT_CONFLICT, "notice_version",
                             "it was asked to resume with notice version %lld: name the same",
                             (long long)row->asked_notice);
    }
    return RESULT_OK;
}

static void ask(struct store_work *work, struct store_hold_lift *req, const struct lifts *lifts)
{
    for (unsigned i = 0; i < lifts->n; i++)
        if (lifts->rows[i].state == HOLD_PLACED)
            sql_exec(work->sql,
                     "UPDATE hold SET state = $2, asked_by = $3, asked_notice = $4 WHERE id = $1",
                     SQL_INT(lifts->rows[i].id), SQL_INT(HOLD_ASKED), SQL_INT(req->principal),
                     SQL_INT(req->notice));
}

/* ---- A wave goes on with another version. ---- */
static int64_t newest(struct store_work *work, id incident)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT notice FROM incident WHERE id = $1", SQL_INT(incident));
    int64_t notice = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return notice;
}

static bool was_released(const struct wave_row *wave)
{
    return wave->held_from == WAVE_PLANNING || wave->held_from == WAVE_SENDING;
}

static bool works(struct store_work *work, int64_t wave)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM chunk WHERE wave = $1 AND state = $2 LIMIT 1",
                  SQL_INT(wave), SQL_INT(CHUNK_LEASED));
    bool any = sql_step(query);
    sql_end(query);
    return any;
}

/* Only for holds of this wave: what it goes on with must be named where it is not plain. */
static enum result check_notice(struct store_work *work, struct store_hold_lift *req,
                                const struct wave_row *wave)
{
    const int64_t notice = req->notice != 0 ? req->notice : wave->notice;
    const bool stale = wave->notice < newest(work, req->incident);
    if (!was_released(wave))
        return req->notice == 0 ? RESULT_OK
                                : error_set(work->error, RESULT_CONFLICT, "notice_version",
                                            "this wave is not released: resume it, then approve");
    if (wave->kind != WAVE_WRITTEN_NOTICE && req->notice == 0 && stale)
        return error_set(work->error, RESULT_CONFLICT, "notice_version",
                         "the facts changed since this wave was released: name the notice version "
                         "it goes on with (%lld until now)",
                         (long long)wave->notice);
    if (notice_is_withdrawn(work, req->incident, notice))
        return error_set(work->error, RESULT_CONFLICT, "notice_version",
                         "notice version %lld is withdrawn: resume with a newer one",
                         (long long)notice);
    if (notice == wave->notice)
        return RESULT_OK;
    if (notice != newest(work, req->incident))
        return error_set(work->error, RESULT_CONFLICT, "notice_version",
                         "a wave goes on with the newest notice version or its own");
    if (req->hash == NULL || req->policy == NULL ||
        memcmp(req->hash, wave->approved_hash, DIGEST_SIZE) != 0)
        return error_set(work->error, RESULT_CONFLICT, "hash",
                         "the wave is not approved with this notice version: have it approved "
                         "while it is held, then resume");
    if (works(work, wave->id))
        return error_set(work->error, RESULT_CONFLICT, "state",
                         "the last messages of this wave are being answered: try again in a "
                         "moment");
    return RESULT_OK;
}

static void change_notice(struct store_work *work, struct store_hold_lift *req,
                          const struct wave_row *wave)
{
    if (req->notice == 0 || req->notice == wave->notice)
        return;
    notice_mark_wave(work, wave);
    sql_exec(work->sql, "UPDATE wave SET notice = $2, policy = $3 WHERE id = $1", SQL_INT(wave->id),
             SQL_INT(req->notice), SQL_BLOB(req->policy->data, req->policy->length));
}

/* ---- The end. ---- */
static void free_waves(struct store_work *work, struct store_hold_lift *req)
{
    struct arena *arena = request_arena(&req->request);
    size_t n;
    struct wave_row *waves = wave_rows(work, req->incident, arena, &n);
    for (size_t i = 0; i < n; i++) {
        if (waves[i].state != WAVE_HELD || hold_covers_wave(work, req->incident, waves[i].id))
            continue;
        bool chosen = req->hold == 0 && req->wave == waves[i].id;
        bool stale = was_released(&waves[i]) && waves[i].kind != WAVE_WRITTEN_NOTICE &&
                     waves[i].notice < newest(work, req->incident);
        if ((stale && !chosen) ||
            (was_released(&waves[i]) && notice_is_withdrawn(work, req->incident, waves[i].notice)))
            hold_withdrawn(work, req->incident, waves[i].id, req->at);
        else
            sql_exec(work->sql,
                     "UPDATE wave SET state = held_from, hold_until = NULL WHERE id = $1",
                     SQL_INT(waves[i].id));
    }
}

static void free_chunks(struct store_work *work, struct store_hold_lift *req)
{
    sql_exec(work->sql,
             "UPDATE chunk SET held = 0 WHERE held = 1 AND wave IN"
             " (SELECT id FROM wave WHERE incident = $1) AND NOT EXISTS (SELECT 1 FROM hold h"
             " WHERE h.incident = $1 AND h.state < 2 AND (h.wave = 0 OR h.wave = chunk.wave)"
             " AND (h.jurisdiction IS NULL OR h.jurisdiction = chunk.jurisdiction)"
             " AND (h.channel IS NULL OR h.channel = chunk.channel_name) AND h.number < 0"
             " AND (h.jurisdiction IS NOT NULL OR h.channel IS NOT NULL))",
             SQL_INT(req->incident));
}

/* The chunks of somebody who was held wait for ever: all that wait look again. */
static void wake_chunks(struct store_work *work, struct store_hold_lift *req)
{
    sql_exec(work->sql,
             "UPDATE chunk SET due_at = $2, wake_at = $2 WHERE wave IN"
             " (SELECT id FROM wave WHERE incident = $1) AND state = $3 AND wake_at > $2",
             SQL_INT(req->incident), SQL_INT(req->at), SQL_INT(CHUNK_WAITING));
}

static void lift(struct store_work *work, struct store_hold_lift *req, const struct lifts *lifts)
{
    bool person = false;
    for (unsigned i = 0; i < lifts->n; i++) {
        require(sm_allowed(&hold_states, lifts->rows[i].state, HOLD_LIFTED));
        person = person || lifts->rows[i].number >= 0;
        sql_exec(work->sql,
                 "UPDATE hold SET state = $2, lifted_by = $3, lifted_at = $4 WHERE id = $1",
                 SQL_INT(lifts->rows[i].id), SQL_INT(HOLD_LIFTED), SQL_INT(req->principal),
                 SQL_INT(req->at));
    }
    free_chunks(work, req);
    free_waves(work, req);
    if (person)
        wake_chunks(work, req);
}

static enum result check_wave(struct store_work *work, struct store_hold_lift *req,
                              struct wave_row *wave)
{
    if (req->hold != 0 || req->wave == 0)
        return req->notice == 0 ? RESULT_OK
                                : error_set(work->error, RESULT_CONFLICT, "notice_version",
                                            "a notice version belongs to one wave: resume that");
    enum result result = wave_row_get(work, req->wave, request_arena(&req->request), wave);
    return result == RESULT_OK ? check_notice(work, req, wave) : result;
}

STORE_WRITE(hold_lift, store_hold_lift)
{
    struct lifts lifts = {.n = 0};
    struct wave_row wave = {.id = 0};
    collect(work, req, &lifts);
    if (lifts.n == 0)
        return error_set(work->error, RESULT_NOT_FOUND, "hold",
                         "nothing like that is held: list the holds, each is lifted by itself");
    enum result result = may_lift(work, req, &lifts);
    if (result == RESULT_OK)
        result = check_wave(work, req, &wave);
    if (result != RESULT_OK)
        return result;
    req->holds = (int)lifts.n;
    if (req->done) {
        if (wave.id != 0)
            change_notice(work, req, &wave);
        lift(work, req, &lifts);
    } else {
        ask(work, req, &lifts);
    }
    receipt_row_put(work, req->done ? req->lifted : req->asked);
    req->waves = wave_rows(work, req->incident, request_arena(&req->request), &req->n_waves);
    return RESULT_OK;
}
