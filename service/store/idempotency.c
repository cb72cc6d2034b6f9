/* idempotency.c - stored replies, written in the transaction of the effect they answer for. Old
 * ones go when new ones come. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

enum { KEEP_MS = 48 * 3600 * 1000 };

STORE_READ(idempotency_find, store_idempotency)
{
    struct idempotency *record = &req->record;
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT fingerprint, status, location, reply, at"
                                        " FROM idempotency WHERE principal = $1 AND key = $2",
                                        SQL_INT(record->principal), SQL_TEXT(record->key));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "a new key: carry on");
    struct blob fingerprint = sql_blob(query, 0);
    if (fingerprint.length == DIGEST_SIZE)
        memcpy(record->fingerprint, fingerprint.data, DIGEST_SIZE);
    record->status = (int)sql_int(query, 1);
    record->location = sql_text_copy(query, 2, arena);
    record->reply = sql_blob_copy(query, 3, arena);
    record->at = sql_time(query, 4);
    return RESULT_OK;
}

bool idempotency_row_put(struct store_work *work, const struct idempotency *record)
{
    if (record == NULL)
        return true;
    sql_exec(work->sql, "DELETE FROM idempotency WHERE at < $1", SQL_INT(record->at - KEEP_MS));
    int64_t n = sql_exec(
        work->sql,
        "INSERT INTO idempotency (principal, key, fingerprint, status, location, reply, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (principal, key) DO NOTHING",
        SQL_INT(record->principal), SQL_TEXT(record->key),
        SQL_BLOB(record->fingerprint, DIGEST_SIZE), SQL_INT(record->status),
        SQL_TEXT(record->location), SQL_BLOB(record->reply.data, record->reply.length),
        SQL_INT(record->at));
    if (n == 1)
        return true;
    error_set(work->error, RESULT_EXISTS, "idempotency_key",
              "the key was used meanwhile: read the stored reply");
    return false;
}
