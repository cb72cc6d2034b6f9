/* upload.c - uploads of a roster. Happy path: open, append (roster.c), close; a whole upload may
 * join the roster as it closes, parts join together (store_roster_commit). One upload of an
 * incident is open at a time, so that blocks come without holes. Joining needs the first wave in
 * draft or approved, voids its approvals and raises the incident's version. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/roster_key.h"
#include "service/store/store_core.h"
#include "service/store/upload.h"

/* A stored part answers again; another digest under the same number is a conflict. */
static enum result stored_part(struct store_work *work, struct store_upload *req)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT id, first_block, digest, accepted, duplicates, rejected, warnings"
                  " FROM upload WHERE incident = $1 AND part = $2 AND state IN (1, 2)",
                  SQL_INT(req->incident), SQL_INT(req->part));
    if (req->part == 0 || !sql_step(query))
        return RESULT_OK;
    struct blob digest = sql_blob(query, 2);
    if (digest.length != DIGEST_SIZE || memcmp(digest.data, req->digest, DIGEST_SIZE) != 0)
        return error_set(work->error, RESULT_CONFLICT, "part",
                         "part %u is stored with other contents: give the new one another number",
                         req->part);
    req->upload = sql_int(query, 0);
    req->first_block = sql_int(query, 1);
    req->accepted = sql_int(query, 3);
    req->duplicates = sql_int(query, 4);
    req->rejected = sql_int(query, 5);
    req->warnings = sql_int(query, 6);
    return error_set(work->error, RESULT_EXISTS, "part",
                     "part %u is stored already: go on with the next one", req->part);
}

static bool is_open(struct store_work *work, id incident)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT 1 FROM upload WHERE incident = $1 AND state = 0", SQL_INT(incident));
    bool open = sql_step(query);
    sql_end(query);
    return open;
}

STORE_WRITE(upload_open, store_upload)
{
    enum result result = stored_part(work, req);
    if (result == RESULT_OK && !req->late)
        result = wave_check_open(work, req->incident);
    if (result == RESULT_OK && req->mode == UPLOAD_REPLACE)
        result = upload_check_replace(work, req->incident);
    if (result != RESULT_OK)
        return result;
    if (is_open(work, req->incident))
        return error_set(work->error, RESULT_BUSY, NULL,
                         "another upload of this incident is running: wait for its end");
    struct sql_query *query = sql_start(work->sql, "SELECT next_block FROM incident WHERE id = $1",
                                        SQL_INT(req->incident));
    req->first_block = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    req->upload = id_new();
    sql_exec(work->sql,
             "INSERT INTO upload (id, incident, part, state, first_block, digest, at, principal,"
             " mode) VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8)",
             SQL_INT(req->upload), SQL_INT(req->incident), SQL_INT(req->part),
             SQL_INT(req->first_block), SQL_BLOB(req->digest, DIGEST_SIZE), SQL_TIME(req->at),
             SQL_INT(req->principal), SQL_INT(req->mode));
    return RESULT_OK;
}

/* The open upload's row; NOT_FOUND. */
enum result upload_row_get(struct store_work *work, id incident, id upload,
                           struct upload_row *ret_row)
{
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT part, first_block, digest, mode FROM upload"
                                        " WHERE id = $1 AND incident = $2 AND state = 0",
                                        SQL_INT(upload), SQL_INT(incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "this upload is not open any more: start it again");
    struct blob digest = sql_blob(query, 2);
    ret_row->part = (unsigned)sql_int(query, 0);
    ret_row->first_block = sql_int(query, 1);
    ret_row->mode = (enum upload_mode)sql_int(query, 3);
    memset(ret_row->digest, 0, DIGEST_SIZE);
    if (digest.length == DIGEST_SIZE)
        memcpy(ret_row->digest, digest.data, DIGEST_SIZE);
    sql_end(query);
    return RESULT_OK;
}

/* A part announced its digest; all zeros: it did not. */
static bool digest_holds(const struct upload_row *row, const uint8_t *actual)
{
    static const uint8_t none[DIGEST_SIZE];
    return memcmp(row->digest, none, DIGEST_SIZE) == 0 ||
           memcmp(row->digest, actual, DIGEST_SIZE) == 0;
}

void upload_join(struct store_work *work, id incident, const struct upload_counts *counts)
{
    sql_exec(work->sql,
             "UPDATE incident SET accepted = accepted + $2, duplicates = duplicates + $3,"
             " rejected = rejected + $4, undecided = undecided + $4, blocks = next_block"
             " WHERE id = $1",
             SQL_INT(incident), SQL_INT(counts->accepted), SQL_INT(counts->duplicates),
             SQL_INT(counts->rejected));
}

/* The rows whose corrections are in this upload. */
static enum result settle_repairs(struct store_work *work, const struct store_upload *req)
{
    for (size_t i = 0; i < req->n_repairs; i++) {
        int64_t n = sql_exec(work->sql,
                             "UPDATE roster_reject SET state = 1, principal = $3, repair = $4"
                             " WHERE id = $1 AND incident = $2 AND state = 0",
                             SQL_INT(req->repairs[i]), SQL_INT(req->incident),
                             SQL_INT(req->principal), SQL_INT(req->upload));
        if (n != 1)
            return error_set(work->error, RESULT_CONFLICT, "row",
                             "row %lld is decided already, or not of this incident: list the "
                             "undecided ones again",
                             (long long)req->repairs[i]);
    }
    sql_exec(work->sql, "UPDATE incident SET undecided = undecided - $2 WHERE id = $1",
             SQL_INT(req->incident), SQL_INT(req->n_repairs));
    return RESULT_OK;
}

STORE_WRITE(upload_close, store_upload)
{
    struct upload_row row;
    enum result result = upload_row_get(work, req->incident, req->upload, &row);
    if (result != RESULT_OK)
        return result;
    if (row.part != 0 && !digest_holds(&row, req->digest))
        return error_set(work->error, RESULT_INVALID, "digest",
                         "the bytes are not those announced: send the part again");
    if (row.part != 0 && req->commit)
        return error_set(work->error, RESULT_INVALID, "commit",
                         "a part joins with the others: commit the roster");
    if (!idempotency_row_put(work, req->idempotency))
        return RESULT_EXISTS;
    if (req->commit && !req->late && (result = wave_reopen(work, req->incident)) != RESULT_OK)
        return result;
    if (row.mode == UPLOAD_REPLACE &&
        (result = upload_check_replace(work, req->incident)) != RESULT_OK)
        return result;
    if (req->n_repairs > 0 && (result = settle_repairs(work, req)) != RESULT_OK)
        return result;
    sql_exec(work->sql,
             "UPDATE upload SET state = $2, digest = $3, accepted = $4, duplicates = $5,"
             " rejected = $6, at = $7, warnings = $8, expected = $9, shape = $10 WHERE id = $1",
             SQL_INT(req->upload), SQL_INT(req->commit ? UPLOAD_JOINED : UPLOAD_STORED),
             SQL_BLOB(req->digest, DIGEST_SIZE), SQL_INT(req->accepted), SQL_INT(req->duplicates),
             SQL_INT(row.mode == UPLOAD_REPAIR ? 0 : req->rejected), SQL_TIME(req->at),
             SQL_INT(req->warnings), SQL_INT(req->expected > 0 ? req->expected : -1),
             SQL_BLOB(req->shape.data, req->shape.length));
    roster_keys_close(work, req->incident, req->upload);
    if (req->commit)
        upload_join(
            work, req->incident,
            &(struct upload_counts){.accepted = req->accepted,
                                    .duplicates = req->duplicates,
                                    .rejected = row.mode == UPLOAD_REPAIR ? 0 : req->rejected});
    req->replaced = 0;
    if (req->commit && row.mode == UPLOAD_REPLACE)
        req->replaced = upload_discard_others(work, req);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

void upload_forget(struct store_work *work, id incident, id upload)
{
    sql_exec(work->sql,
             "UPDATE incident SET next_block ="
             " (SELECT first_block FROM upload WHERE id = $2) WHERE id = $1",
             SQL_INT(incident), SQL_INT(upload));
    sql_exec(work->sql,
             "DELETE FROM roster_seed WHERE incident = $1 AND block >="
             " (SELECT next_block FROM incident WHERE id = $1)",
             SQL_INT(incident));
    sql_exec(work->sql,
             "DELETE FROM roster_block WHERE incident = $1 AND block >="
             " (SELECT next_block FROM incident WHERE id = $1)",
             SQL_INT(incident));
    sql_exec(work->sql, "DELETE FROM roster_reject WHERE incident = $1 AND upload = $2",
             SQL_INT(incident), SQL_INT(upload));
    sql_exec(work->sql, "DELETE FROM roster_warning WHERE incident = $1 AND upload = $2",
             SQL_INT(incident), SQL_INT(upload));
    roster_keys_forget(work, incident, upload);
    sql_exec(work->sql, "DELETE FROM upload WHERE id = $1", SQL_INT(upload));
}

STORE_WRITE(upload_abort, store_upload)
{
    struct upload_row row;
    enum result result = upload_row_get(work, req->incident, req->upload, &row);
    if (result == RESULT_OK)
        upload_forget(work, req->incident, req->upload);
    return result;
}
