/* roster.c - blocks of an open upload, and the commit of parts. Happy path: blocks, seeds and
 * rejected rows are appended; keys go into sorted runs (roster_key.c), and a recipient_id that is
 * there already voids its slot in the block being appended. Failure modes: NOT_FOUND when the
 * upload is not open; CONFLICT for missing parts or another count. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/roster_key.h"
#include "service/store/store_core.h"
#include "service/store/upload.h"

static void put_rejects(struct store_work *work, const struct store_roster_append *req,
                        unsigned part)
{
    for (size_t i = 0; i < req->n_rejects; i++)
        sql_exec(work->sql,
                 "INSERT INTO roster_reject (incident, upload, part, line, field, reason)"
                 " VALUES ($1, $2, $3, $4, $5, $6)",
                 SQL_INT(req->incident), SQL_INT(req->upload), SQL_INT(part),
                 SQL_INT(req->rejects[i].line), SQL_TEXT(req->rejects[i].field),
                 SQL_TEXT(req->rejects[i].reason));
}

static void put_warnings(struct store_work *work, const struct store_roster_append *req,
                         unsigned part)
{
    for (size_t i = 0; i < req->n_warnings; i++)
        sql_exec(
            work->sql,
            "INSERT INTO roster_warning (incident, upload, part, line, repaired, field, reason)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            SQL_INT(req->incident), SQL_INT(req->upload), SQL_INT(part),
            SQL_INT(req->warnings[i].line), SQL_INT(req->warnings[i].repaired),
            SQL_TEXT(req->warnings[i].field), SQL_TEXT(req->warnings[i].reason));
}

static void put_block(struct store_work *work, const struct store_roster_append *req,
                      const struct roster_block *block, const uint8_t *voids)
{
    sql_exec(work->sql,
             "INSERT INTO roster_block (incident, block, upload, n, voids, body)"
             " VALUES ($1, $2, $3, $4, $5, $6)",
             SQL_INT(req->incident), SQL_INT(block->block), SQL_INT(req->upload), SQL_INT(block->n),
             SQL_BLOB(voids, ROSTER_BLOCK / 8), SQL_BLOB(block->body.data, block->body.length));
    sql_exec(work->sql, "INSERT INTO roster_seed (incident, block, seeds) VALUES ($1, $2, $3)",
             SQL_INT(req->incident), SQL_INT(block->block),
             SQL_BLOB(block->seeds.data, block->seeds.length));
}

/* Blocks follow one another from where the roster ends. */
static bool blocks_follow(struct store_work *work, const struct store_roster_append *req)
{
    struct sql_query *query = sql_start(work->sql, "SELECT next_block FROM incident WHERE id = $1",
                                        SQL_INT(req->incident));
    int64_t next = sql_step(query) ? sql_int(query, 0) : -1;
    sql_end(query);
    for (size_t i = 0; i < req->n_blocks; i++)
        if (req->blocks[i].block != next + (int64_t)i || req->blocks[i].n > ROSTER_BLOCK)
            return false;
    return true;
}

STORE_WRITE(roster_append, store_roster_append)
{
    struct upload_row upload;
    enum result result = upload_row_get(work, req->incident, req->upload, &upload);
    if (result != RESULT_OK)
        return result;
    if (!blocks_follow(work, req))
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "blocks must follow one another: abort the upload and start it again");
    uint8_t *voids = mem_alloc(req->n_blocks + 1, ROSTER_BLOCK / 8);
    for (size_t i = 0; i < req->n_blocks; i++)
        memcpy(voids + i * (ROSTER_BLOCK / 8), req->blocks[i].voids, ROSTER_BLOCK / 8);
    result = roster_keys_add(work, req, &upload, voids);
    for (size_t i = 0; result == RESULT_OK && i < req->n_blocks; i++)
        put_block(work, req, &req->blocks[i], voids + i * (ROSTER_BLOCK / 8));
    mem_free(voids);
    if (result != RESULT_OK)
        return result;
    sql_exec(work->sql, "UPDATE incident SET next_block = next_block + $2 WHERE id = $1",
             SQL_INT(req->incident), SQL_INT(req->n_blocks));
    if (upload.mode != UPLOAD_REPAIR) /* a correction that is wrong too leaves the first row open */
        put_rejects(work, req, upload.part);
    put_warnings(work, req, upload.part);
    return RESULT_OK;
}

/* ---- The commit of parts. ---- */
struct parts {
    struct upload_counts all, fresh; /* of all parts; of those that join now */
    unsigned missing, beyond;        /* first missing part; a part past the number given */
    bool any_fresh;
};

static void add(struct upload_counts *counts, struct sql_query *query)
{
    counts->accepted += sql_int(query, 2);
    counts->duplicates += sql_int(query, 3);
    counts->rejected += sql_int(query, 4);
    counts->warnings += sql_int(query, 5);
}

static struct parts survey(struct store_work *work, const struct store_roster_commit *req)
{
    struct parts parts = {0};
    unsigned expected = 1;
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT part, state, accepted, duplicates, rejected, warnings FROM upload"
                  " WHERE incident = $1 AND part > 0 AND state IN (1, 2) ORDER BY part",
                  SQL_INT(req->incident));
    while (sql_step(query)) {
        unsigned part = (unsigned)sql_int(query, 0);
        if (part > req->parts) {
            parts.beyond = part;
            continue;
        }
        if (part != expected && parts.missing == 0)
            parts.missing = expected;
        expected = part + 1;
        add(&parts.all, query);
        if (sql_int(query, 1) == UPLOAD_STORED) {
            parts.any_fresh = true;
            add(&parts.fresh, query);
        }
    }
    if (parts.missing == 0 && expected <= req->parts)
        parts.missing = expected;
    return parts;
}

static enum result check_parts(struct store_work *work, const struct store_roster_commit *req,
                               const struct parts *parts)
{
    if (parts->missing != 0)
        return error_set(work->error, RESULT_CONFLICT, "parts",
                         "part %u is missing: upload it, then commit again", parts->missing);
    if (parts->beyond != 0)
        return error_set(work->error, RESULT_CONFLICT, "parts",
                         "part %u is stored but not among the %u named: name all parts",
                         parts->beyond, req->parts);
    int64_t count = parts->all.accepted + parts->all.duplicates + parts->all.rejected;
    if (req->count >= 0 && count != req->count)
        return error_set(work->error, RESULT_CONFLICT, "count",
                         "the parts hold %lld rows, not %lld: compare your files", (long long)count,
                         (long long)req->count);
    return RESULT_OK;
}

STORE_WRITE(roster_commit, store_roster_commit)
{
    struct parts parts = survey(work, req);
    enum result result = check_parts(work, req, &parts);
    if (result != RESULT_OK)
        return result;
    req->accepted = parts.all.accepted;
    req->duplicates = parts.all.duplicates;
    req->rejected = parts.all.rejected;
    req->warnings = parts.all.warnings;
    if (req->parts > 0 && !parts.any_fresh)
        return error_set(work->error, RESULT_EXISTS, NULL,
                         "these parts are committed already: go on to the approval");
    result = wave_reopen(work, req->incident);
    if (result != RESULT_OK)
        return result;
    sql_exec(work->sql,
             "UPDATE upload SET state = $2 WHERE incident = $1 AND part > 0 AND state = $3",
             SQL_INT(req->incident), SQL_INT(UPLOAD_JOINED), SQL_INT(UPLOAD_STORED));
    if (req->expected > 0)
        sql_exec(work->sql,
                 "UPDATE upload SET expected = $2 WHERE incident = $1 AND part = 1 AND state = 2",
                 SQL_INT(req->incident), SQL_INT(req->expected));
    upload_join(work, req->incident, &parts.fresh);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
