/* chunk_read.c - whole chunk rows, and which chunks hold a person. Failure modes: TOO_LARGE when
 * the arena is full; IO when a row is damaged. */
/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/store_evidence.h"

/* This module. */
#include "service/store/chunk.h"
#include "service/store/varint.h"

#define CHUNK_COLUMNS                                                                              \
    "c.id, c.incident, c.wave, c.rung, c.channel, c.cohort, c.n, c.state, c.due_at, c.gen,"        \
    " c.progress, c.retries, m.members, c.address"

static enum result unpack_members(struct store_work *work, struct blob packed, struct arena *arena,
                                  struct chunk_row *row)
{
    uint32_t *members = arena_alloc(arena, row->n * sizeof(*members) + 1);
    if (members == NULL) {
        sql_fail(work->sql, RESULT_TOO_LARGE);
        return RESULT_TOO_LARGE;
    }
    if (!numbers_unpack(members, row->n, packed)) {
        sql_fail(work->sql, RESULT_IO);
        return RESULT_IO;
    }
    row->members = members;
    return RESULT_OK;
}

enum result chunk_row_get(struct store_work *work, int64_t chunk, struct arena *arena,
                          struct chunk_row *ret_row)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT " CHUNK_COLUMNS
                  " FROM chunk c JOIN chunk_members m ON m.chunk = c.id WHERE c.id = $1",
                  SQL_INT(chunk));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such chunk: drop the report");
    struct chunk_row row = {.id = chunk};
    row.incident = sql_int(query, 1);
    row.wave = sql_int(query, 2);
    row.rung = (uint8_t)sql_int(query, 3);
    row.channel = (uint8_t)sql_int(query, 4);
    row.cohort = sql_text_copy(query, 5, arena);
    row.n = (unsigned)sql_int(query, 6);
    row.state = (enum chunk_state)sql_int(query, 7);
    row.due_at = sql_int(query, 8);
    row.gen = sql_int(query, 9);
    row.progress = sql_blob_copy(query, 10, arena).data;
    row.retries = sql_blob_copy(query, 11, arena);
    row.address = (uint8_t)sql_int(query, 13);
    enum result result = unpack_members(work, sql_blob(query, 12), arena, &row);
    sql_end(query);
    if (result == RESULT_OK)
        *ret_row = row;
    return result;
}

struct chunk_intent *chunk_intents(struct store_work *work, int64_t chunk, struct arena *arena,
                                   size_t *ret_n)
{
    struct chunk_intent *intents = NULL;
    size_t n = 0;
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT seq, gen, attempt, positions, notice FROM intent WHERE chunk = $1 ORDER BY seq",
        SQL_INT(chunk));
    while (sql_step(query)) {
        intents = rows_grow(work, arena, intents, n, sizeof(*intents));
        if (intents == NULL)
            break;
        struct chunk_intent *intent = &intents[n++];
        intent->seq = sql_int(query, 0);
        intent->gen = sql_int(query, 1);
        intent->attempt = (uint8_t)sql_int(query, 2);
        intent->notice = sql_int(query, 4);
        intent->positions = positions_unpack(arena, sql_blob(query, 3), &intent->n);
        if (intent->positions == NULL)
            sql_fail(work->sql, RESULT_TOO_LARGE);
    }
    *ret_n = n;
    return intents;
}

/* ---- The verb. ---- */
static bool holds(const uint32_t *members, unsigned n, uint32_t number)
{
    unsigned low = 0, high = n;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (members[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && members[low] == number;
}

static void add_row(struct store_work *work, struct store_chunk_get *req, int64_t chunk)
{
    struct arena *arena = request_arena(&req->request);
    struct chunk_row row;
    if (chunk_row_get(work, chunk, arena, &row) != RESULT_OK)
        return;
    req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
    if (req->rows != NULL)
        req->rows[req->n++] = row;
}

/* A chunk's members ascend: its packed first and last are not kept apart, so all chunks of the wave
 * are unpacked; a person is looked up by people, not by machines. */
static void find_person(struct store_work *work, struct store_chunk_get *req)
{
    uint32_t members[CHUNK_MEMBERS];
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT c.id, c.n, m.members FROM chunk c"
                  " JOIN chunk_members m ON m.chunk = c.id WHERE c.wave = $1 ORDER BY c.id",
                  SQL_INT(req->wave));
    while (sql_step(query)) {
        unsigned n = (unsigned)sql_int(query, 1);
        if (n <= CHUNK_MEMBERS && numbers_unpack(members, n, sql_blob(query, 2)) &&
            holds(members, n, req->number))
            add_row(work, req, sql_int(query, 0));
    }
}

static enum result read_wave(struct store_work *work, struct store_chunk_get *req)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT " WAVE_COLUMNS ", i.key FROM wave w"
                                        " JOIN incident i ON i.id = w.incident WHERE w.id = $1",
                                        SQL_INT(req->rows[0].wave));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such wave: drop the report");
    wave_row_read(query, 0, arena, &req->wave_row);
    req->key = sql_blob_copy(query, WAVE_COLUMNS_N, arena);
    return RESULT_OK;
}

STORE_READ(chunk_get, store_chunk_get)
{
    req->rows = NULL;
    req->n = 0;
    if (req->chunk != 0)
        add_row(work, req, req->chunk);
    else
        find_person(work, req);
    if (req->n == 0)
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no chunk holds this person: look at the plan");
    return read_wave(work, req);
}

STORE_READ(chunk_heads, store_chunk_heads)
{
    uint32_t members[CHUNK_MEMBERS];
    struct arena *arena = request_arena(&req->request);
    req->heads = NULL;
    req->n = 0;
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT c.id, c.n, m.members FROM chunk c"
                  " JOIN chunk_members m ON m.chunk = c.id"
                  " WHERE c.wave = $1 AND c.id > $2 ORDER BY c.id LIMIT $3",
                  SQL_INT(req->wave), SQL_INT(req->after), SQL_INT(req->limit));
    while (sql_step(query)) {
        unsigned n = (unsigned)sql_int(query, 1);
        if (n == 0 || n > CHUNK_MEMBERS || !numbers_unpack(members, n, sql_blob(query, 2)))
            return error_set(work->error, RESULT_IO, NULL,
                             "A chunk is damaged; restore the store from a backup.");
        req->heads = rows_grow(work, arena, req->heads, req->n, sizeof(*req->heads));
        if (req->heads == NULL)
            break;
        req->heads[req->n++] =
            (struct chunk_head){sql_int(query, 0), req->wave, members[0], members[n - 1]};
    }
    return RESULT_OK;
}
