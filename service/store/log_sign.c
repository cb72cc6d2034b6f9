/* log_sign.c - checkpoints and the lines of witnesses under them. Failure modes: a second
 * checkpoint of a size (EXISTS), one of another tree, origin or epoch than the head (CONFLICT). */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/store/log.h"

static bool is_head(const struct log_head *head, const struct store_log_sign *req)
{
    return head->epoch == req->epoch && head->size == req->checkpoint.size &&
           memcmp(head->root, req->checkpoint.root, DIGEST_SIZE) == 0;
}

static bool was_shard(struct store_work *work, const char *origin)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM log_shard WHERE origin = $1", SQL_TEXT(origin));
    bool was = sql_step(query);
    sql_end(query);
    return was;
}

STORE_WRITE(log_sign, store_log_sign)
{
    struct log_head head;
    log_head_read(work, request_arena(&req->request), &head);
    if (!is_head(&head, req))
        return error_set(work->error, RESULT_CONFLICT, "log",
                         "the log stands elsewhere: read its head again");
    if ((!str_empty(head.origin) && !str_equal(head.origin, req->origin)) ||
        was_shard(work, req->origin))
        return error_set(work->error, RESULT_CONFLICT, "log.origin",
                         "this log has another origin, and keeps it: write that one");
    sql_exec(work->sql, "UPDATE log_head SET origin = $1 WHERE one = 1 AND origin = ''",
             SQL_TEXT(req->origin));
    if (sql_exec(work->sql,
                 "INSERT INTO log_checkpoint (shard, size, root, note, at)"
                 " SELECT shard, $1, $2, $3, $4 FROM log_head WHERE one = 1"
                 " ON CONFLICT (shard, size) DO NOTHING",
                 SQL_INT(req->checkpoint.size), SQL_BLOB(req->checkpoint.root, DIGEST_SIZE),
                 SQL_TEXT(req->checkpoint.note), SQL_TIME(req->checkpoint.at)) == 0)
        return error_set(work->error, RESULT_EXISTS, "log",
                         "there is a checkpoint of this size: read it");
    return RESULT_OK;
}

static struct sql_query *select_checkpoint(struct store_work *work, int64_t shard,
                                           const struct store_log_checkpoint *req)
{
    if (req->size != UINT64_MAX)
        return sql_start(work->sql,
                         "SELECT size, root, note, at FROM log_checkpoint"
                         " WHERE shard = $1 AND size = $2",
                         SQL_INT(shard), SQL_INT(req->size));
    if (req->name != NULL)
        return sql_start(work->sql,
                         "SELECT l.size, l.root, l.note, l.at FROM cosignature c"
                         " JOIN log_checkpoint l ON l.shard = c.shard AND l.size = c.size"
                         " WHERE c.name = $1 AND c.shard = $2 ORDER BY c.size DESC LIMIT 1",
                         SQL_TEXT(req->name), SQL_INT(shard));
    return sql_start(work->sql,
                     "SELECT size, root, note, at FROM log_checkpoint WHERE shard = $1"
                     " ORDER BY size DESC LIMIT 1",
                     SQL_INT(shard));
}

static const char *join_lines(struct store_work *work, int64_t shard, uint64_t size,
                              struct arena *arena)
{
    const char *all = "";
    struct sql_query *query = sql_start(
        work->sql, "SELECT line FROM cosignature WHERE shard = $1 AND size = $2 ORDER BY at, name",
        SQL_INT(shard), SQL_INT(size));
    while (sql_step(query)) {
        const char *line = sql_text_copy(query, 0, arena);
        const char *more = line ? arena_printf(arena, "%s%s", all, line) : NULL;
        if (more == NULL) {
            sql_fail(work->sql, RESULT_TOO_LARGE);
            break;
        }
        all = more;
    }
    return all;
}

/* Takes the row of a query for size, root, note, at; false: there is none. */
static bool take_checkpoint(struct store_work *work, const struct store_log_checkpoint *req,
                            struct arena *arena, struct log_checkpoint *to)
{
    const int64_t shard = log_shard_of(work, req->shard);
    struct sql_query *query = select_checkpoint(work, shard, req);
    memset(to, 0, sizeof(*to));
    if (!sql_step(query))
        return false;
    struct blob root = sql_blob(query, 1);
    to->size = (uint64_t)sql_int(query, 0);
    if (root.length == DIGEST_SIZE)
        memcpy(to->root, root.data, DIGEST_SIZE);
    to->note = sql_text_copy(query, 2, arena);
    to->at = sql_time(query, 3);
    sql_end(query);
    to->cosignatures = join_lines(work, shard, to->size, arena);
    return true;
}

bool log_newest_read(struct store_work *work, unsigned shard, struct arena *arena,
                     struct log_checkpoint *to)
{
    const struct store_log_checkpoint newest = {.shard = shard, .size = UINT64_MAX};
    return take_checkpoint(work, &newest, arena, to);
}

STORE_READ(log_checkpoint, store_log_checkpoint)
{
    struct arena *arena = request_arena(&req->request);
    if (take_checkpoint(work, req, arena, &req->checkpoint))
        return RESULT_OK;
    return error_set(work->error, RESULT_NOT_FOUND, NULL,
                     "there is no such checkpoint: GET /log/checkpoint has the newest");
}

STORE_WRITE(log_cosign, store_log_cosign)
{
    if (sql_exec(
            work->sql,
            "INSERT INTO cosignature (shard, size, name, line, at)"
            " SELECT l.shard, l.size, $2, $3, $4 FROM log_checkpoint l"
            " JOIN log_head h ON h.shard = l.shard WHERE l.size = $1"
            " ON CONFLICT (shard, size, name) DO UPDATE SET line = excluded.line, at = excluded.at",
            SQL_INT(req->size), SQL_TEXT(req->name), SQL_TEXT(req->line), SQL_TIME(req->at)) == 0)
        return error_set(work->error, RESULT_NOT_FOUND, "log",
                         "there is no checkpoint of this size: sign it first");
    return RESULT_OK;
}
