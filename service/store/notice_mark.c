/* notice_mark.c - who may have got which version, where a wave has sent more than one. As long as a
 * wave sends what it was released with, its members' states and open intents say it; when it goes
 * on with another version that is written down, and from then on every batch that may have left is
 * written down with its version. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/hold.h"
#include "service/store/notice_mark.h"
#include "service/store/varint.h"

/* A message may have reached the person: all but what was never sent, refused, or came back. */
bool mark_may_have_got(uint8_t byte)
{
    switch (byte & MEMBER_STATE_MASK) {
    case MEMBER_UNCERTAIN:
    case MEMBER_ASKED:
    case MEMBER_ACCEPTED:
    case MEMBER_DELIVERED:
    case MEMBER_DISPLAYED:
    case MEMBER_ACKNOWLEDGED:
        return true;
    default:
        return false;
    }
}

static void add(struct mark *set, unsigned i)
{
    set->bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

static void add_rows(struct sql_query *query, struct mark *set)
{
    struct arena *arena = arena_create(1 << 20);
    while (sql_step(query)) {
        unsigned n = 0;
        arena_reset(arena);
        const uint16_t *positions = positions_unpack(arena, sql_blob(query, 0), &n);
        for (unsigned i = 0; positions != NULL && i < n; i++)
            if (positions[i] < CHUNK_MEMBERS)
                add(set, positions[i]);
    }
    arena_destroy(&arena);
}

void mark_add_intents(struct store_work *work, int64_t chunk, int64_t notice, struct mark *set)
{
    add_rows(sql_start(work->sql,
                       "SELECT positions FROM intent WHERE chunk = $1 AND ($2 = 0 OR notice = $2)",
                       SQL_INT(chunk), SQL_INT(notice)),
             set);
}

static void mark_add_intent(struct store_work *work, int64_t chunk, int64_t seq, struct mark *set)
{
    add_rows(sql_start(work->sql, "SELECT positions FROM intent WHERE chunk = $1 AND seq = $2",
                       SQL_INT(chunk), SQL_INT(seq)),
             set);
}

void mark_read(struct store_work *work, int64_t chunk, int64_t notice, struct mark *set)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT positions FROM chunk_notice WHERE chunk = $1 AND notice = $2",
                  SQL_INT(chunk), SQL_INT(notice));
    if (sql_step(query)) {
        struct blob bits = sql_blob(query, 0);
        for (size_t i = 0; i < bits.length && i < sizeof(set->bits); i++)
            set->bits[i] |= ((const uint8_t *)bits.data)[i];
    }
    sql_end(query);
}

static void write_mark(struct store_work *work, int64_t chunk, int64_t notice,
                       const struct mark *set)
{
    sql_exec(work->sql,
             "INSERT INTO chunk_notice (chunk, notice, positions) VALUES ($1, $2, $3)"
             " ON CONFLICT (chunk, notice) DO UPDATE SET positions = $3",
             SQL_INT(chunk), SQL_INT(notice), SQL_BLOB(set->bits, sizeof(set->bits)));
}

/* ---- A batch of a marked chunk is recorded. ---- */
void mark_record(struct store_work *work, const struct store_chunk_record *req)
{
    struct mark left = {{0}};
    for (size_t i = 0; i < req->n_changes; i++)
        if (req->changes[i].position < CHUNK_MEMBERS && mark_may_have_got(req->changes[i].state))
            add(&left, req->changes[i].position);
    for (size_t i = 0; i < req->n_intents_drop; i++) {
        struct sql_query *query =
            sql_start(work->sql, "SELECT notice FROM intent WHERE chunk = $1 AND seq = $2",
                      SQL_INT(req->chunk), SQL_INT(req->intents_drop[i]));
        int64_t notice = sql_step(query) ? sql_int(query, 0) : 0;
        sql_end(query);
        struct mark set = {{0}};
        mark_add_intent(work, req->chunk, req->intents_drop[i], &set);
        for (size_t k = 0; k < sizeof(set.bits); k++)
            set.bits[k] &= left.bits[k];
        mark_read(work, req->chunk, notice, &set);
        write_mark(work, req->chunk, notice, &set);
    }
}

/* ---- The wave goes on with another version. ---- */
static void mark_chunk(struct store_work *work, const struct wave_row *wave, int64_t chunk)
{
    struct chunk_hot hot;
    struct mark set = {{0}};
    if (chunk_hot_get(work, chunk, &hot) != RESULT_OK)
        return;
    if (!hot.marked) {
        for (unsigned i = 0; i < hot.n; i++)
            if (mark_may_have_got(hot.progress[i]))
                add(&set, i);
        mark_add_intents(work, chunk, 0, &set);
    } else {
        mark_add_intents(work, chunk, wave->notice, &set);
    }
    mark_read(work, chunk, wave->notice, &set);
    write_mark(work, chunk, wave->notice, &set);
}

void notice_mark_wave(struct store_work *work, const struct wave_row *wave)
{
    int64_t chunk = 0;
    do {
        struct sql_query *query = sql_start(
            work->sql, "SELECT id FROM chunk WHERE wave = $1 AND id > $2 ORDER BY id LIMIT 1",
            SQL_INT(wave->id), SQL_INT(chunk));
        chunk = sql_step(query) ? sql_int(query, 0) : 0;
        sql_end(query);
        if (chunk != 0)
            mark_chunk(work, wave, chunk);
    } while (chunk != 0 && sql_status(work->sql) == RESULT_OK);
    sql_exec(work->sql, "UPDATE chunk SET marked = 1 WHERE wave = $1", SQL_INT(wave->id));
}
