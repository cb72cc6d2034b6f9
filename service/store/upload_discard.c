/* upload_discard.c - uploads that leave the roster again, before anything is released. Happy path:
 * the upload's state changes and with it what readers of the roster see; rows of other uploads that
 * were duplicates of its rows come back; the sums are made anew from the joined uploads. Failure
 * modes: CONFLICT past approval or when the incident moved on; EXISTS when it is discarded. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/roster_key.h"
#include "service/store/store_core.h"
#include "service/store/upload.h"

void upload_sums(struct store_work *work, id incident)
{
    sql_exec(work->sql,
             "UPDATE incident SET"
             " accepted = (SELECT coalesce(sum(accepted), 0) FROM upload"
             "   WHERE incident = $1 AND state = 2),"
             " duplicates = (SELECT coalesce(sum(duplicates), 0) FROM upload"
             "   WHERE incident = $1 AND state = 2),"
             " rejected = (SELECT coalesce(sum(rejected), 0) FROM upload"
             "   WHERE incident = $1 AND state = 2),"
             " undecided = (SELECT count(*) FROM roster_reject r JOIN upload u ON u.id = r.upload"
             "   AND u.state = 2 WHERE r.incident = $1 AND r.state = 0)"
             " WHERE id = $1",
             SQL_INT(incident));
}

/* Rows that a discarded upload had corrected are open again. */
static void reopen_repairs(struct store_work *work, id incident)
{
    sql_exec(work->sql,
             "UPDATE roster_reject SET state = 0, repair = 0, principal = 0"
             " WHERE incident = $1 AND state = 1 AND repair IN"
             " (SELECT id FROM upload WHERE incident = $1 AND state = 3)",
             SQL_INT(incident));
}

enum result upload_check_replace(struct store_work *work, id incident)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM upload WHERE incident = $1 AND state = 2 AND wave <> 0",
                  SQL_INT(incident));
    bool taken = sql_step(query);
    sql_end(query);
    if (!taken)
        return RESULT_OK;
    return error_set(work->error, RESULT_CONFLICT, "mode",
                     "a released wave has people of this roster already: append to it instead");
}

int64_t upload_discard_others(struct store_work *work, const struct store_upload *req)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT coalesce(sum(accepted), 0) FROM upload WHERE incident = $1"
                  " AND state IN (1, 2) AND id <> $2",
                  SQL_INT(req->incident), SQL_INT(req->upload));
    int64_t went = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    sql_exec(work->sql,
             "UPDATE upload SET state = 3, discarded_at = $3, discarded_by = $4"
             " WHERE incident = $1 AND state IN (1, 2) AND id <> $2",
             SQL_INT(req->incident), SQL_INT(req->upload), SQL_TIME(req->at),
             SQL_INT(req->principal));
    reopen_repairs(work, req->incident);
    upload_sums(work, req->incident);
    return went;
}

/* The slot of a duplicate is somebody again. False: it is none of a joined upload. */
static bool revive_slot(struct store_work *work, const struct store_upload_discard *req,
                        uint32_t number)
{
    uint8_t voids[ROSTER_BLOCK / 8];
    const unsigned slot = number % ROSTER_BLOCK;
    struct sql_query *query = sql_start(
        work->sql, "SELECT voids, upload FROM roster_block WHERE incident = $1 AND block = $2",
        SQL_INT(req->incident), SQL_INT(number / ROSTER_BLOCK));
    bool is = sql_step(query);
    id upload = is ? sql_int(query, 1) : 0;
    struct blob stored = is ? sql_blob(query, 0) : (struct blob){NULL, 0};
    is = is && stored.length == sizeof(voids);
    if (is)
        memcpy(voids, stored.data, sizeof(voids));
    sql_end(query);
    if (!is || upload == req->upload || (voids[slot / 8] >> (slot % 8) & 1) == 0)
        return false;
    voids[slot / 8] &= (uint8_t) ~(1U << (slot % 8));
    sql_exec(work->sql, "UPDATE roster_block SET voids = $3 WHERE incident = $1 AND block = $2",
             SQL_INT(req->incident), SQL_INT(number / ROSTER_BLOCK),
             SQL_BLOB(voids, sizeof(voids)));
    sql_exec(work->sql,
             "UPDATE upload SET accepted = accepted + 1, duplicates = duplicates - 1 WHERE id = $1",
             SQL_INT(upload));
    return true;
}

/* Their rows may be duplicates of what goes, and nobody can see them yet. */
static bool has_loose_parts(struct store_work *work, id incident)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM upload WHERE incident = $1 AND state IN (0, 1)",
                  SQL_INT(incident));
    bool is = sql_step(query);
    sql_end(query);
    return is;
}

static enum result check(struct store_work *work, struct store_upload_discard *req)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT u.state, u.accepted, i.version, u.wave FROM upload u JOIN incident i"
                  " ON i.id = u.incident WHERE u.id = $1 AND u.incident = $2",
                  SQL_INT(req->upload), SQL_INT(req->incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "this incident has no such upload: list them");
    int64_t state = sql_int(query, 0), version = sql_int(query, 2);
    int64_t wave = sql_int(query, 3);
    req->accepted = sql_int(query, 1);
    sql_end(query);
    if (state == UPLOAD_DISCARDED)
        return error_set(work->error, RESULT_EXISTS, NULL, "this upload is discarded already");
    if (state == UPLOAD_OPEN)
        return error_set(work->error, RESULT_BUSY, NULL,
                         "this upload is still running: wait for its end");
    if (wave != 0)
        return error_set(work->error, RESULT_CONFLICT, "upload",
                         "a released wave has its people already: correct them by a wave instead");
    if (has_loose_parts(work, req->incident))
        return error_set(work->error, RESULT_CONFLICT, "parts",
                         "parts of a roster are stored but not committed: commit them first");
    if (version != req->version)
        return error_set(work->error, RESULT_CONFLICT, "version",
                         "the roster changed meanwhile: look at it again");
    return RESULT_OK;
}

STORE_WRITE(upload_discard, store_upload_discard)
{
    enum result result = check(work, req);
    if (result == RESULT_OK)
        result = wave_reopen(work, req->incident);
    if (result != RESULT_OK)
        return result;
    req->revived = 0;
    sql_exec(work->sql,
             "UPDATE upload SET state = 3, discarded_at = $2, discarded_by = $3 WHERE id = $1",
             SQL_INT(req->upload), SQL_TIME(req->at), SQL_INT(req->principal));
    for (size_t i = 0; i < req->n_revived_keys; i++)
        if (req->revived_keys[i].kind == 0)
            req->revived += revive_slot(work, req, req->revived_keys[i].number);
    roster_keys_revive(work, req->incident, req->revived_keys, req->n_revived_keys);
    reopen_repairs(work, req->incident);
    upload_sums(work, req->incident);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
