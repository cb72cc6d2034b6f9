/* notice_text.c - see tocsin/store_notice.h. */
/* Interfaces. */
#include "tocsin/store_notice.h"

/* This module. */
#include "service/store/store_core.h"

void notice_text_put(struct store_work *work, const char *digest, struct blob body)
{
    sql_exec(work->sql,
             "INSERT INTO notice_text (digest, body) VALUES ($1, $2)"
             " ON CONFLICT (digest) DO NOTHING",
             SQL_TEXT(digest), SQL_BLOB(body.data, body.length));
}

STORE_READ(notice_text_get, store_notice_text)
{
    struct sql_query *query = sql_start(work->sql, "SELECT body FROM notice_text WHERE digest = $1",
                                        SQL_TEXT(req->digest));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "the text of this notice is not kept: install it again");
    req->body = sql_blob_copy(query, 0, request_arena(&req->request));
    return RESULT_OK;
}
