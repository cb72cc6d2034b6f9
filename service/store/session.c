/* session.c - sessions of the console: the hash of the cookie's secret, whose token logged in, and
 * until when. A revoked token ends its sessions: the read joins the two. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

STORE_WRITE(session_put, store_session)
{
    sql_exec(work->sql, "DELETE FROM session WHERE expires_at <= $1", SQL_INT(req->at));
    sql_exec(work->sql, "INSERT INTO session (hash, token, expires_at) VALUES ($1, $2, $3)",
             SQL_BLOB(req->hash, DIGEST_SIZE), SQL_INT(req->token), SQL_INT(req->expires_at));
    return RESULT_OK;
}

STORE_READ(session_find, store_session)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT s.expires_at, t.id, t.person, t.kind, t.name, t.roles, t.minted_by"
                  " FROM session s JOIN token t ON t.id = s.token"
                  " WHERE s.hash = $1 AND s.expires_at > $2 AND t.revoked_at IS NULL",
                  SQL_BLOB(req->hash, DIGEST_SIZE), SQL_INT(req->at));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such session: log in");
    memset(&req->holder, 0, sizeof(req->holder));
    req->expires_at = sql_time(query, 0);
    req->holder.id = req->token = sql_int(query, 1);
    req->holder.person = sql_int(query, 2);
    req->holder.kind = (int)sql_int(query, 3);
    req->holder.name = sql_text_copy(query, 4, request_arena(&req->request));
    req->holder.roles = (unsigned)sql_int(query, 5);
    req->holder.minted_by = sql_int(query, 6);
    req->holder.revoked_at = TIME_NONE;
    return RESULT_OK;
}

STORE_WRITE(session_end, store_session)
{
    sql_exec(work->sql, "DELETE FROM session WHERE hash = $1", SQL_BLOB(req->hash, DIGEST_SIZE));
    return RESULT_OK;
}
