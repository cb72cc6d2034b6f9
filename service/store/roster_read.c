/* roster_read.c - blocks and members of a roster. Only uploads that joined are seen;
 * void slots are found by nobody. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/roster_key.h"
#include "service/store/store_core.h"
#include "service/store/upload.h"

enum { BLOCKS_MOST = 1024 };
#define BLOCK_COLUMNS "b.block, b.n, b.voids, b.body, s.seeds, u.part"
#define BLOCK_TABLES                                                                               \
    " FROM roster_block b JOIN upload u ON u.id = b.upload AND u.state = 2"                        \
    " JOIN roster_seed s ON s.incident = b.incident AND s.block = b.block"

static bool add_block(struct store_work *work, struct store_roster_read *req,
                      struct sql_query *query)
{
    struct arena *arena = request_arena(&req->request);
    req->blocks = rows_grow(work, arena, req->blocks, req->n, sizeof(*req->blocks));
    if (req->blocks == NULL)
        return false;
    struct roster_block *block = &req->blocks[req->n++];
    block->block = sql_int(query, 0);
    block->n = (unsigned)sql_int(query, 1);
    block->part = (unsigned)sql_int(query, 5);
    struct blob voids = sql_blob(query, 2);
    memset(block->voids, 0, sizeof(block->voids));
    if (voids.length == sizeof(block->voids))
        memcpy(block->voids, voids.data, sizeof(block->voids));
    block->body = sql_blob_copy(query, 3, arena);
    block->seeds = sql_blob_copy(query, 4, arena);
    return true;
}

/* A range of numbers, not of rows: blocks of uploads that were not committed are holes, and who
 * reads segment by segment would meet the people behind one twice. */
static void read_range(struct store_work *work, struct store_roster_read *req)
{
    const int64_t limit = rows_limit(req->limit, BLOCKS_MOST);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT " BLOCK_COLUMNS " FROM roster_block b"
                  " JOIN upload u ON u.id = b.upload AND (u.state = 2 AND $5 = 0 OR u.id = $5)"
                  " JOIN roster_seed s ON s.incident = b.incident AND s.block = b.block"
                  " WHERE b.incident = $1 AND b.block >= $2 AND b.block < $3"
                  " AND ($4 = 0 OR u.wave = CASE WHEN $4 < 0 THEN 0 ELSE $4 END)"
                  " ORDER BY b.block",
                  SQL_INT(req->incident), SQL_INT(req->from), SQL_INT(req->from + limit),
                  SQL_INT(req->taken_by), SQL_INT(req->upload));
    while (sql_step(query) && add_block(work, req, query))
        ;
}

static void read_numbers(struct store_work *work, struct store_roster_read *req)
{
    int64_t before = -1;
    for (size_t i = 0; i < req->n_numbers; i++) {
        int64_t block = req->numbers[i] / ROSTER_BLOCK;
        if (block == before)
            continue;
        before = block;
        struct sql_query *query = sql_start(work->sql,
                                            "SELECT " BLOCK_COLUMNS BLOCK_TABLES
                                            " WHERE b.incident = $1 AND b.block = $2",
                                            SQL_INT(req->incident), SQL_INT(block));
        if (sql_step(query) && !add_block(work, req, query))
            return;
    }
}

STORE_READ(roster_read, store_roster_read)
{
    req->blocks = NULL;
    req->n = 0;
    if (req->numbers != NULL)
        read_numbers(work, req);
    else
        read_range(work, req);
    return RESULT_OK;
}

/* Is this member in the roster, and not void? */
static bool present(struct store_work *work, id incident, uint32_t number)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT b.voids" BLOCK_TABLES " WHERE b.incident = $1 AND b.block = $2",
        SQL_INT(incident), SQL_INT(number / ROSTER_BLOCK));
    bool is = false;
    if (sql_step(query)) {
        struct blob voids = sql_blob(query, 0);
        unsigned slot = number % ROSTER_BLOCK;
        const uint8_t *bits = voids.data;
        is = voids.length == ROSTER_BLOCK / 8 && (bits[slot / 8] >> (slot % 8) & 1) == 0;
    }
    sql_end(query);
    return is;
}

STORE_READ(roster_find, store_roster_find)
{
    struct arena *arena = request_arena(&req->request);
    struct roster_matches matches = {0};
    req->numbers = NULL;
    req->n = 0;
    roster_keys_find(work, req, &matches);
    for (size_t i = 0; i < matches.n; i++) {
        if (!present(work, req->incident, matches.numbers[i]))
            continue;
        req->numbers = rows_grow(work, arena, req->numbers, req->n, sizeof(*req->numbers));
        if (req->numbers == NULL)
            break;
        req->numbers[req->n++] = matches.numbers[i];
    }
    mem_free(matches.numbers);
    return RESULT_OK;
}
