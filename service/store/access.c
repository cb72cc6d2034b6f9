/* access.c - bearer tokens: their hashes, who they are, when they ended. Revoking twice is EXISTS.
 */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

#define TOKEN_COLUMNS                                                                              \
    "id, name, roles, hash, created_at, revoked_at, minted_by, person, kind, claim"

static void read_token(struct sql_query *query, struct arena *arena, struct access_token *token)
{
    struct blob hash = sql_blob(query, 3);
    token->id = sql_int(query, 0);
    token->name = sql_text_copy(query, 1, arena);
    token->roles = (unsigned)sql_int(query, 2);
    if (hash.length == DIGEST_SIZE)
        memcpy(token->hash, hash.data, DIGEST_SIZE);
    token->created_at = sql_time(query, 4);
    token->revoked_at = sql_time(query, 5);
    token->minted_by = sql_int(query, 6);
    token->person = sql_int(query, 7);
    token->kind = (int)sql_int(query, 8);
    token->claim = (int)sql_int(query, 9);
}

/* A further token of somebody is his only if he has one already. */
static bool holder_there(struct store_work *work, const struct access_token *token)
{
    if (token->person == 0 || token->person == token->id)
        return true;
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM token WHERE id = $1 AND person = $1 AND kind = $2",
                  SQL_INT(token->person), SQL_INT(token->kind));
    bool there = sql_step(query);
    sql_end(query);
    return there;
}

STORE_WRITE(token_put, store_token)
{
    struct access_token *token = &req->token;
    if (!holder_there(work, token))
        return error_set(work->error, RESULT_NOT_FOUND, "person",
                         "nobody of this kind has that token as the first: list the tokens");
    token->person = token->person != 0 ? token->person : token->id;
    sql_exec(work->sql,
             "INSERT INTO token (" TOKEN_COLUMNS ")"
             " VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, $8, $9)",
             SQL_INT(token->id), SQL_TEXT(token->name), SQL_INT(token->roles),
             SQL_BLOB(token->hash, DIGEST_SIZE), SQL_INT(token->created_at),
             SQL_INT(token->minted_by), SQL_INT(token->person), SQL_INT(token->kind),
             SQL_INT(token->claim));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

STORE_READ(token_find, store_token)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT " TOKEN_COLUMNS " FROM token WHERE id = $1", SQL_INT(req->token.id));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such token: mint one");
    read_token(query, request_arena(&req->request), &req->token);
    return RESULT_OK;
}

STORE_WRITE(token_revoke, store_token)
{
    int64_t n =
        sql_exec(work->sql, "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                 SQL_INT(req->token.id), SQL_INT(req->at));
    receipt_row_put(work, req->receipts);
    if (n == 1)
        return RESULT_OK;
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM token WHERE id = $1", SQL_INT(req->token.id));
    if (sql_step(query))
        return error_set(work->error, RESULT_EXISTS, NULL,
                         "the token is revoked already: nothing is left to do");
    return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such token: list the tokens");
}

STORE_READ(token_list, store_token_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql, "SELECT " TOKEN_COLUMNS " FROM token ORDER BY created_at, id");
    req->tokens = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->tokens = rows_grow(work, arena, req->tokens, req->n, sizeof(*req->tokens));
        if (req->tokens == NULL)
            break;
        read_token(query, arena, &req->tokens[req->n++]);
    }
    return RESULT_OK;
}
