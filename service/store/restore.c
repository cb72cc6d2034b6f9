/* restore.c - what a store that was put back from a copy must assume. Happy path: ids that travel
 * in tokens are moved on, so that none is given twice; every member of an open chunk who may have
 * been sent to since the copy lies in an open intent, as if this process had died while sending;
 * what is left of the work of marking is kept, so that a crash repeats it. Failure modes: none of
 * its own.
 *
 * The lost process may have gone on for as long as it liked: numbers are moved far. */
/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/store/chunk.h"
#include "service/store/varint.h"

enum { CHUNKS_A_CALL = 200 };

/* 16 million chunks are 16 billion messages; 65,536 restores fit into a token's 40 bits. */
#define IDS_AHEAD (INT64_C(1) << 24)

static void move_ids(struct store_work *work, const char *table)
{
    sql_exec(work->sql, "UPDATE sqlite_sequence SET seq = seq + $2 WHERE name = $1",
             SQL_TEXT(table), SQL_INT(IDS_AHEAD));
    sql_exec(work->sql,
             "INSERT INTO sqlite_sequence (name, seq) SELECT $1, $2"
             " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)",
             SQL_TEXT(table), SQL_INT(IDS_AHEAD));
}

/* ---- The members. ---- */

static bool may_have_left(uint8_t byte)
{
    const uint8_t state = byte & MEMBER_STATE_MASK;
    return !(byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) &&
           (state == MEMBER_PENDING || state == MEMBER_DEFERRED || state == MEMBER_CANCELED ||
            state == MEMBER_UNCERTAIN);
}

static unsigned positions_of(const struct chunk_hot *hot, uint16_t positions[CHUNK_MEMBERS])
{
    unsigned n = 0;
    for (unsigned i = 0; i < hot->n; i++)
        if (may_have_left(hot->progress[i]))
            positions[n++] = (uint16_t)i;
    return n;
}

/* The chunk's own intents of the copy are among the members, or their outcomes are known. */
unsigned chunk_doubt(struct store_work *work, int64_t chunk, time_ms now)
{
    struct chunk_hot hot;
    uint16_t positions[CHUNK_MEMBERS];
    struct buf packed;
    if (chunk_hot_get(work, chunk, &hot) != RESULT_OK)
        return 0;
    const unsigned n = positions_of(&hot, positions);
    if (n == 0)
        return 0;
    buf_init(&packed, SIZE_MAX);
    positions_pack(&packed, positions, n);
    sql_exec(work->sql,
             "INSERT INTO intent (chunk, seq, gen, attempt, positions) VALUES ($1, $2, $3, 0, $4)"
             " ON CONFLICT (chunk, seq) DO UPDATE SET positions = $4",
             SQL_INT(hot.id), SQL_INT(hot.gen * INTENT_SEQS + INTENT_DOUBT), SQL_INT(hot.gen),
             SQL_BLOB(packed.data, packed.length));
    sql_exec(work->sql,
             "UPDATE chunk SET state = $2, due_at = $3, wake_at = $3, owner = 0 WHERE id = $1",
             SQL_INT(hot.id), SQL_INT(CHUNK_READY), SQL_INT(now));
    buf_free(&packed);
    return n;
}

static unsigned next_chunks(struct store_work *work, const struct store_restore_mark *req,
                            int64_t chunks[CHUNKS_A_CALL])
{
    unsigned n = 0;
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT c.id FROM chunk c JOIN wave w ON w.id = c.wave"
                  " WHERE c.id > $1 AND c.state <> $2 AND w.state IN ($3, $4, $5)"
                  " ORDER BY c.id LIMIT $6",
                  SQL_INT(req->after), SQL_INT(CHUNK_DONE), SQL_INT(WAVE_PLANNING),
                  SQL_INT(WAVE_SENDING), SQL_INT(WAVE_HELD), SQL_INT(CHUNKS_A_CALL));
    while (sql_step(query))
        chunks[n++] = sql_int(query, 0);
    return n;
}

/* ---- Waves that may have gone on without us. ---- */

static void keep_waves(struct store_work *work)
{
    struct buf text;
    const char *comma = "";
    buf_init(&text, SIZE_MAX);
    buf_puts(&text, "[");
    struct sql_query *query =
        sql_start(work->sql, "SELECT id FROM wave WHERE state NOT IN ($1, $2) ORDER BY id",
                  SQL_INT(WAVE_SETTLED), SQL_INT(WAVE_CANCELED));
    while (sql_step(query)) {
        buf_printf(&text, "%s%lld", comma, (long long)sql_int(query, 0));
        comma = ",";
    }
    buf_puts(&text, "]");
    sql_exec(work->sql,
             "INSERT INTO setting (name, value) VALUES ('" STORE_RESTORED_WAVES "', $1)"
             " ON CONFLICT (name) DO UPDATE SET value = $1",
             SQL_BLOB(text.data, text.length));
    sql_exec(work->sql, "INSERT INTO setting (name, value) VALUES ('" STORE_RESTORED_MARKED "', '')"
                        " ON CONFLICT (name) DO NOTHING");
    buf_free(&text);
}

static bool is_marked(struct store_work *work)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM setting WHERE name = '" STORE_RESTORED_MARKED "'");
    const bool marked = sql_step(query);
    sql_end(query);
    return marked;
}

STORE_WRITE(restore_mark, store_restore_mark)
{
    int64_t chunks[CHUNKS_A_CALL];
    req->more = false;
    req->members = 0;
    if (is_marked(work))
        return RESULT_OK;
    if (req->after == 0) {
        move_ids(work, "chunk");
        move_ids(work, "wave");
    }
    const unsigned n = next_chunks(work, req, chunks);
    for (unsigned i = 0; i < n; i++) {
        req->members += chunk_doubt(work, chunks[i], req->now);
        req->after = chunks[i];
    }
    req->more = n == CHUNKS_A_CALL;
    if (!req->more)
        keep_waves(work);
    return RESULT_OK;
}

/* ---- Set on its way again. ---- */

STORE_WRITE(restore_approve, store_restore_approve)
{
    if (sql_exec(work->sql, "DELETE FROM setting WHERE name = '" STORE_RESTORED_FROM "'") == 0)
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "this store was not restored: there is nothing to approve");
    sql_exec(work->sql, "DELETE FROM setting WHERE name = '" STORE_RESTORED_MARKED "'");
    sql_exec(work->sql, "UPDATE chunk SET due_at = $1, wake_at = $1 WHERE wake_at >= $2",
             SQL_INT(req->now), SQL_INT(STORE_RESTORE_RESTS));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

/* ---- Who may have been sent to without our knowing. ---- */

STORE_READ(restore_open, store_restore_open)
{
    struct arena *arena = request_arena(&req->request);
    int64_t chunk = 0;
    req->found = false;
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT i.chunk FROM intent i JOIN chunk c ON c.id = i.chunk"
        " JOIN wave w ON w.id = c.wave WHERE i.chunk > $1 AND w.state IN ($2, $3, $4)"
        " ORDER BY i.chunk LIMIT 1",
        SQL_INT(req->after), SQL_INT(WAVE_PLANNING), SQL_INT(WAVE_SENDING), SQL_INT(WAVE_HELD));
    if (sql_step(query))
        chunk = sql_int(query, 0);
    sql_end(query);
    if (chunk == 0)
        return RESULT_OK;
    req->found = true;
    const enum result result = chunk_row_get(work, chunk, arena, &req->chunk);
    if (result != RESULT_OK)
        return result;
    req->intents = chunk_intents(work, chunk, arena, &req->n_intents);
    return RESULT_OK;
}

static unsigned members_in(struct store_work *work, struct blob packed)
{
    unsigned n = 0;
    struct arena *arena = arena_create(1 << 16);
    if (positions_unpack(arena, packed, &n) == NULL)
        sql_fail(work->sql, RESULT_TOO_LARGE);
    arena_destroy(&arena);
    return n;
}

static void count_row(struct store_work *work, struct store_restore_count *req,
                      const struct restore_count *row)
{
    struct restore_count *last = req->n == 0 ? NULL : &req->rows[req->n - 1];
    if (last != NULL && last->wave == row->wave && last->channel == row->channel) {
        last->members += row->members;
        return;
    }
    req->rows = rows_grow(work, request_arena(&req->request), req->rows, req->n, sizeof(*row));
    if (req->rows != NULL)
        req->rows[req->n++] = *row;
}

STORE_READ(restore_count, store_restore_count)
{
    req->rows = NULL;
    req->n = 0;
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT c.wave, c.channel, i.positions FROM intent i"
                                        " JOIN chunk c ON c.id = i.chunk WHERE i.seq % $1 = $2"
                                        " ORDER BY c.wave, c.channel",
                                        SQL_INT(INTENT_SEQS), SQL_INT(INTENT_DOUBT));
    while (sql_step(query)) {
        const struct restore_count row = {sql_int(query, 0), members_in(work, sql_blob(query, 2)),
                                          (uint8_t)sql_int(query, 1)};
        count_row(work, req, &row);
    }
    return RESULT_OK;
}
