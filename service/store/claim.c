/* claim.c - an invitation is exchanged, once, for a credential of the invited person's own. Failure
 * modes: EXISTS: it was claimed before, perhaps by somebody else; NOT_FOUND. */
/* This module. */
#include "service/store/store_core.h"

STORE_WRITE(token_claim, store_token)
{
    int64_t n = sql_exec(work->sql,
                         "UPDATE token SET hash = $2, claim = $3"
                         " WHERE id = $1 AND claim = $4 AND revoked_at IS NULL",
                         SQL_INT(req->token.id), SQL_BLOB(req->token.hash, DIGEST_SIZE),
                         SQL_INT(TOKEN_CLAIMED), SQL_INT(TOKEN_INVITATION));
    if (n == 1) {
        receipt_row_put(work, req->receipts);
        return RESULT_OK;
    }
    struct sql_query *query =
        sql_start(work->sql, "SELECT claim FROM token WHERE id = $1 AND revoked_at IS NULL",
                  SQL_INT(req->token.id));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such invitation: ask an admin");
    return error_set(work->error, RESULT_EXISTS, NULL,
                     "this was claimed before: if it was not you, tell another admin at once");
}
