/* banner.c - banners in accounts. Putting one key twice gives the first one's id; a state only ever
 * rises; a banner is hidden while its wave is held or cancelled, which is read off the wave. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

#define BANNER_COLUMNS                                                                             \
    "b.id, b.incident, b.wave, b.key, b.token, b.account, b.body, b.state, b.dismissed,"           \
    " b.placed_at, w.state, i.key, b.notice, w.notice, c.held,"                                    \
    " (SELECT count(*) FROM hold h WHERE h.incident = b.incident AND h.state < 2"                  \
    " AND h.number = b.number AND h.number >= 0)"
#define BANNER_TABLES                                                                              \
    " FROM banner b JOIN wave w ON w.id = b.wave JOIN incident i ON i.id = b.incident"             \
    " LEFT JOIN chunk c ON c.id = b.chunk"

static void read_banner(struct sql_query *query, struct arena *arena, struct banner_row *row)
{
    row->id = sql_int(query, 0);
    row->incident = sql_int(query, 1);
    row->wave = sql_int(query, 2);
    row->key = sql_text_copy(query, 3, arena);
    row->token = sql_text_copy(query, 4, arena);
    struct blob account = sql_blob(query, 5);
    if (account.length == BLIND_SIZE)
        memcpy(row->account, account.data, BLIND_SIZE);
    row->body = sql_blob_copy(query, 6, arena);
    row->state = (int)sql_int(query, 7);
    row->dismissed = sql_int(query, 8) != 0;
    row->placed_at = sql_time(query, 9);
    int64_t wave = sql_int(query, 10);
    row->notice = sql_int(query, 12);
    row->hidden = wave == WAVE_HELD || wave == WAVE_CANCELED || row->notice != sql_int(query, 13) ||
                  sql_int(query, 14) != 0 || sql_int(query, 15) != 0;
    row->incident_key = sql_blob_copy(query, 11, arena);
}

STORE_WRITE(banner_put, store_banner)
{
    struct banner_row *row = &req->row;
    sql_exec(work->sql,
             "INSERT INTO banner (id, incident, wave, key, token, account, body, state, dismissed,"
             " placed_at, notice, chunk, number) SELECT $1, $2, w.id, $4, $5, $6, $7, 0, 0, $8,"
             " w.notice, $9, $10 FROM wave w WHERE w.id = $3 ON CONFLICT (key) DO NOTHING",
             SQL_INT(row->id), SQL_INT(row->incident), SQL_INT(row->wave), SQL_TEXT(row->key),
             SQL_TEXT(row->token), SQL_BLOB(row->account, BLIND_SIZE),
             SQL_BLOB(row->body.data, row->body.length), SQL_INT(row->placed_at),
             SQL_INT(row->chunk), SQL_INT(row->number));
    struct sql_query *query =
        sql_start(work->sql, "SELECT id FROM banner WHERE key = $1", SQL_TEXT(row->key));
    if (sql_step(query))
        row->id = sql_int(query, 0);
    return RESULT_OK;
}

STORE_READ(banner_get, store_banner)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT " BANNER_COLUMNS BANNER_TABLES " WHERE b.id = $1", SQL_INT(req->row.id));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such banner: list those of the account");
    read_banner(query, request_arena(&req->request), &req->row);
    return RESULT_OK;
}

STORE_READ(banner_list, store_banner)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT " BANNER_COLUMNS BANNER_TABLES
                  " WHERE b.account = $1 ORDER BY b.placed_at DESC, b.id LIMIT 100",
                  SQL_BLOB(req->account, BLIND_SIZE));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        read_banner(query, arena, &req->rows[req->n++]);
    }
    return RESULT_OK;
}

STORE_WRITE(banner_event, store_banner)
{
    int64_t n =
        sql_exec(work->sql,
                 "UPDATE banner SET state = CASE WHEN state < $2 THEN $2 ELSE state END,"
                 " dismissed = CASE WHEN $3 = 1 THEN 1 ELSE dismissed END WHERE id = $1",
                 SQL_INT(req->row.id), SQL_INT(req->row.state), SQL_INT(req->row.dismissed));
    if (n == 1)
        return RESULT_OK;
    return error_set(work->error, RESULT_NOT_FOUND, NULL,
                     "no such banner: list those of the account");
}
