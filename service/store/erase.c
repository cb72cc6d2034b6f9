/* erase.c - people and incidents are forgotten: seeds are rewritten, keys and rows deleted, the
 * receipt put, all in one transaction. Happy path: the seeds are what the caller read, so his
 * sealed zeros take their place. Failure modes: CONFLICT when another erasure came first. What was
 * deleted is named by needles, for the scan of the file that follows (secure.c). */
/* System. */
#include <string.h>

/* Base. */
#include "base/buf.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/store/needles.h"
#include "service/store/roster_key.h"
#include "service/store/store_core.h"

enum { ROWS_A_CALL = 4000, REPLIES_KEPT_MS = 48 * 3600 * 1000, LIST_MOST = 1000 };

/* ---- Needles. ---- */
void needle_add(struct buf *gone, struct blob sealed)
{
    if (sealed.length >= NEEDLE_SIZE) /* sealed bytes begin with their nonce */
        buf_add(gone, sealed.data, NEEDLE_SIZE);
}

struct needle *needles_keep(struct store_work *work, struct arena *arena, struct buf *gone,
                            size_t *ret_n)
{
    struct needle *needles = arena_alloc(arena, gone->length + 1);
    *ret_n = needles == NULL ? 0 : gone->length / NEEDLE_SIZE;
    if (needles == NULL)
        sql_fail(work->sql, RESULT_TOO_LARGE);
    else
        memcpy(needles, gone->data, gone->length);
    buf_wipe(gone);
    return needles;
}

/* ---- People. ---- */
static enum result rewrite_seeds(struct store_work *work, id incident,
                                 const struct erase_block *block)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT seeds FROM roster_seed WHERE incident = $1 AND block = $2",
                  SQL_INT(incident), SQL_INT(block->block));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "this block is not in the roster: read the roster again");
    struct blob now = sql_blob(query, 0);
    bool same =
        now.length == block->was.length && memcmp(now.data, block->was.data, now.length) == 0;
    sql_end(query);
    if (!same)
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the block's seeds were rewritten meanwhile: read them again");
    sql_exec(work->sql, "UPDATE roster_seed SET seeds = $3 WHERE incident = $1 AND block = $2",
             SQL_INT(incident), SQL_INT(block->block),
             SQL_BLOB(block->seeds.data, block->seeds.length));
    return RESULT_OK;
}

static void drop_banner(struct store_work *work, const char *key, struct buf *gone)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT body FROM banner WHERE key = $1", SQL_TEXT(key));
    if (sql_step(query))
        needle_add(gone, sql_blob(query, 0));
    sql_end(query);
    sql_exec(work->sql, "DELETE FROM banner WHERE key = $1", SQL_TEXT(key));
}

/* Replies name their object in their location; an old one answers for nothing any more. */
static void drop_replies(struct store_work *work, const char *object)
{
    sql_exec(work->sql, "DELETE FROM idempotency WHERE instr(location, $1) > 0", SQL_TEXT(object));
}

static void drop_stale_replies(struct store_work *work, time_ms at)
{
    sql_exec(work->sql, "DELETE FROM idempotency WHERE at < $1", SQL_INT(at - REPLIES_KEPT_MS));
}

static void blank_request(struct store_work *work, id request, struct buf *gone)
{
    char text[ID_TEXT_SIZE];
    struct sql_query *query =
        sql_start(work->sql, "SELECT body FROM written_request WHERE id = $1", SQL_INT(request));
    if (sql_step(query))
        needle_add(gone, sql_blob(query, 0));
    sql_end(query);
    sql_exec(work->sql, "UPDATE written_request SET body = NULL WHERE id = $1", SQL_INT(request));
    drop_replies(work, id_format(text, "req", request));
}

static void note_erased(struct store_work *work, id incident, int64_t number, time_ms at)
{
    sql_exec(work->sql,
             "INSERT INTO erased (incident, number, at) VALUES ($1, $2, $3)"
             " ON CONFLICT (incident, number) DO NOTHING",
             SQL_INT(incident), SQL_INT(number), SQL_INT(at));
}

static void drop_rows(struct store_work *work, const struct store_erase *req, struct buf *gone)
{
    for (size_t i = 0; i < req->n_keys; i++)
        roster_keys_drop(work, req->incident, &req->keys[i], gone);
    for (size_t i = 0; i < req->n_banners; i++)
        drop_banner(work, req->banners[i], gone);
    for (size_t i = 0; i < req->n_requests; i++)
        blank_request(work, req->requests[i], gone);
    for (size_t i = 0; i < req->n_numbers; i++)
        note_erased(work, req->incident, req->numbers[i], req->at);
}

STORE_WRITE(erase_people, store_erase)
{
    struct arena *arena = request_arena(&req->request);
    struct buf gone;
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < req->n_blocks; i++)
        result = rewrite_seeds(work, req->incident, &req->blocks[i]);
    if (result != RESULT_OK)
        return result;
    buf_init(&gone, SIZE_MAX);
    for (size_t i = 0; i < req->n_blocks; i++)
        needle_add(&gone, req->blocks[i].was);
    drop_rows(work, req, &gone);
    req->forgotten = preferences_drop(work, req->preferences, req->n_preferences, &gone);
    drop_stale_replies(work, req->at);
    receipt_row_put(work, req->receipts);
    req->needles = needles_keep(work, arena, &gone, &req->n_needles);
    return RESULT_OK;
}

/* ---- A whole incident. ---- */
static bool is_erased(struct store_work *work, id incident)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT 1 FROM erased WHERE incident = $1 AND number = -1", SQL_INT(incident));
    bool is = sql_step(query);
    sql_end(query);
    return is;
}

static enum result destroy_key(struct store_work *work, id incident, struct buf *gone)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT key, document, title FROM incident WHERE id = $1", SQL_INT(incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    for (int column = 0; column < 3; column++)
        needle_add(gone, sql_blob(query, column));
    sql_end(query);
    sql_exec(work->sql, "UPDATE incident SET key = x'', document = x'', title = NULL WHERE id = $1",
             SQL_INT(incident));
    return RESULT_OK;
}

/* Rows that the key made readable, or that the service's own keys still would. */
static int64_t drop_some(struct store_work *work, id incident)
{
    int64_t n = 0;
    n += sql_exec(work->sql,
                  "DELETE FROM roster_page WHERE rowid IN (SELECT p.rowid FROM roster_page p"
                  " JOIN roster_run r ON r.id = p.run WHERE r.incident = $1 LIMIT $2)",
                  SQL_INT(incident), SQL_INT(ROWS_A_CALL));
    n += sql_exec(work->sql,
                  "DELETE FROM roster_seed WHERE rowid IN (SELECT rowid FROM roster_seed"
                  " WHERE incident = $1 LIMIT $2)",
                  SQL_INT(incident), SQL_INT(ROWS_A_CALL));
    n += sql_exec(work->sql,
                  "DELETE FROM banner WHERE id IN (SELECT id FROM banner WHERE incident = $1"
                  " LIMIT $2)",
                  SQL_INT(incident), SQL_INT(ROWS_A_CALL));
    n += sql_exec(work->sql,
                  "DELETE FROM roster_reject WHERE id IN (SELECT id FROM roster_reject"
                  " WHERE incident = $1 LIMIT $2)",
                  SQL_INT(incident), SQL_INT(ROWS_A_CALL));
    n += sql_exec(work->sql,
                  "DELETE FROM roster_warning WHERE id IN (SELECT id FROM roster_warning"
                  " WHERE incident = $1 LIMIT $2)",
                  SQL_INT(incident), SQL_INT(ROWS_A_CALL));
    return n;
}

static void drop_rest(struct store_work *work, id incident, time_ms at)
{
    char text[ID_TEXT_SIZE];
    drop_stale_replies(work, at);
    sql_exec(work->sql, "UPDATE written_request SET body = NULL WHERE incident = $1",
             SQL_INT(incident));
    sql_exec(work->sql, "UPDATE notice_version SET document = x'' WHERE incident = $1",
             SQL_INT(incident));
    sql_exec(work->sql, "UPDATE wave SET spec = NULL WHERE incident = $1", SQL_INT(incident));
    sql_exec(work->sql, "UPDATE hold SET body = NULL WHERE incident = $1", SQL_INT(incident));
    sql_exec(work->sql, "UPDATE upload SET shape = NULL WHERE incident = $1", SQL_INT(incident));
    sql_exec(work->sql, "DELETE FROM roster_survey WHERE incident = $1", SQL_INT(incident));
    sql_exec(work->sql, "UPDATE duty SET state = $2 WHERE incident = $1 AND state = $3",
             SQL_INT(incident), SQL_INT(DUTY_GONE), SQL_INT(DUTY_OPEN));
    drop_replies(work, id_format(text, "inc", incident));
}

STORE_WRITE(erase_incident, store_erase_incident)
{
    struct arena *arena = request_arena(&req->request);
    bool again = is_erased(work, req->incident);
    struct buf gone;
    buf_init(&gone, SIZE_MAX);
    enum result result = again ? RESULT_OK : destroy_key(work, req->incident, &gone);
    if (result != RESULT_OK) {
        buf_wipe(&gone);
        return result;
    }
    int64_t n = drop_some(work, req->incident);
    req->more = n > 0;
    if (n == 0) /* it says which pages are this incident's, so it goes last */
        sql_exec(work->sql, "DELETE FROM roster_run WHERE incident = $1", SQL_INT(req->incident));
    if (n == 0 && again && !req->again)
        result = error_set(work->error, RESULT_EXISTS, NULL,
                           "this incident is erased already: its receipts are kept");
    if (!again) {
        drop_rest(work, req->incident, req->at);
        note_erased(work, req->incident, -1, req->at);
        receipt_row_put(work, req->receipts);
        req->more = true;
    }
    req->needles = needles_keep(work, arena, &gone, &req->n_needles);
    return result;
}

/* ---- The list. ---- */
STORE_READ(erased_list, store_erased_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT seq, incident, number, at FROM erased WHERE seq > $1 AND ($2 = 0 OR incident = $2)"
        " ORDER BY seq LIMIT $3",
        SQL_INT(req->after), SQL_INT(req->incident), SQL_INT(rows_limit(req->limit, LIST_MOST)));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        req->rows[req->n++] = (struct erased_row){.order = sql_int(query, 0),
                                                  .incident = sql_int(query, 1),
                                                  .number = sql_int(query, 2),
                                                  .at = sql_time(query, 3)};
    }
    return RESULT_OK;
}
