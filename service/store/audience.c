/* audience.c - who got what, or may have got it: the question that a correction asks. Happy path: a
 * pass over the chunks of the incident's waves, a bit per person. A chunk of a wave that sent one
 * version says it by its members' states and open intents; one of a wave that went on with another
 * version has it written down in chunk_notice. Failure modes: IO when a row is damaged; TOO_LARGE.
 */
/* System. */
#include <stdio.h>
#include <string.h>

/* This module. */
#include "service/store/chunk.h"
#include "service/store/notice_mark.h"
#include "service/store/varint.h"

static bool came_back(uint8_t byte)
{
    unsigned state = byte & MEMBER_STATE_MASK;
    return state == MEMBER_FAILED || state == MEMBER_BOUNCED || state == MEMBER_RETURNED;
}

static bool has(const struct mark *set, unsigned i)
{
    return set->bits[i / 8] >> (i % 8) & 1;
}

static void add(struct mark *set, unsigned i)
{
    set->bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

/* ---- The question. ---- */
struct asked_chunk {
    int64_t id, notice;
    bool marked;
    const uint8_t *progress;
    unsigned n;
};

/* Who may have got this version by this chunk. What came back did not reach him, unless he got a
 * later version too: then nobody knows which of them came back. */
static void got_version(struct store_work *work, const struct asked_chunk *chunk, int64_t notice,
                        struct mark *set)
{
    struct mark own = {{0}}, later = {{0}};
    if (!chunk->marked && chunk->notice != notice)
        return;
    mark_add_intents(work, chunk->id, notice, &own);
    mark_read(work, chunk->id, notice, &own);
    if (chunk->marked)
        for (int64_t next = notice + 1; next <= chunk->notice; next++)
            mark_read(work, chunk->id, next, &later);
    for (unsigned i = 0; i < chunk->n; i++) {
        bool got = has(&own, i);
        if (!chunk->marked)
            got = got || mark_may_have_got(chunk->progress[i]);
        if (came_back(chunk->progress[i]) && !has(&later, i))
            got = false;
        if (got)
            add(set, i);
    }
}

static void judge(struct store_work *work, const struct store_audience *req,
                  const struct asked_chunk *chunk, struct mark *set)
{
    for (size_t i = 0; i < req->n_notices; i++)
        got_version(work, chunk, req->notices[i], set);
    for (unsigned i = 0; i < chunk->n; i++) {
        uint8_t byte = chunk->progress[i];
        if (req->planned || (req->told && (byte & MEMBER_TOLD)) ||
            (req->states >> (byte & MEMBER_STATE_MASK) & 1))
            add(set, i);
    }
}

static bool grow(struct store_work *work, struct store_audience *req, uint32_t number)
{
    size_t bytes = (size_t)number / 8 + 1, now = req->n_bits / 8;
    if (bytes <= now)
        return true;
    size_t fresh = bytes > 2 * now ? bytes : 2 * now;
    uint8_t *bits = arena_alloc(request_arena(&req->request), fresh);
    if (bits == NULL) {
        sql_fail(work->sql, RESULT_TOO_LARGE);
        return false;
    }
    memset(bits, 0, fresh);
    if (now > 0)
        memcpy(bits, req->bits, now);
    req->bits = bits;
    req->n_bits = fresh * 8;
    return true;
}

static enum result take(struct store_work *work, struct store_audience *req, const struct mark *set,
                        const struct asked_chunk *chunk)
{
    uint32_t members[CHUNK_MEMBERS];
    struct sql_query *query = sql_start(
        work->sql, "SELECT members FROM chunk_members WHERE chunk = $1", SQL_INT(chunk->id));
    bool good = sql_step(query) && numbers_unpack(members, chunk->n, sql_blob(query, 0));
    sql_end(query);
    if (!good)
        return error_set(work->error, RESULT_IO, NULL,
                         "A chunk is damaged; restore the store from a backup.");
    for (unsigned i = 0; i < chunk->n; i++) {
        if (!has(set, i) || !grow(work, req, members[i]))
            continue;
        uint8_t *byte = &req->bits[members[i] / 8], bit = (uint8_t)(1u << (members[i] % 8));
        req->n += (*byte & bit) == 0;
        *byte |= bit;
    }
    return sql_status(work->sql);
}

static bool is_asked(const struct store_audience *req, const struct wave_row *wave)
{
    if (req->before != 0 && wave->id >= req->before)
        return false;
    if (req->n_waves == 0)
        return wave->kind != WAVE_WRITTEN_NOTICE;
    for (size_t i = 0; i < req->n_waves; i++)
        if (req->waves[i] == wave->id)
            return true;
    return false;
}

static bool is_channel(const struct store_audience *req, const char *name)
{
    char word[40];
    if (req->channels == NULL)
        return true;
    snprintf(word, sizeof(word), ",%s,", name);
    return strstr(req->channels, word) != NULL;
}

static enum result ask_wave(struct store_work *work, struct store_audience *req,
                            const struct wave_row *wave, struct arena *arena)
{
    int64_t at = 0;
    for (;;) {
        arena_reset(arena);
        struct sql_query *query =
            sql_start(work->sql,
                      "SELECT id, state, marked, progress, channel_name FROM chunk"
                      " WHERE wave = $1 AND id > $2 ORDER BY id LIMIT 1",
                      SQL_INT(wave->id), SQL_INT(at));
        if (!sql_step(query))
            return sql_status(work->sql);
        at = sql_int(query, 0);
        req->moving = req->moving || sql_int(query, 1) == CHUNK_LEASED;
        struct blob progress = sql_blob_copy(query, 3, arena);
        const struct asked_chunk chunk = {.id = at,
                                          .notice = wave->notice,
                                          .marked = sql_int(query, 2) != 0,
                                          .progress = progress.data,
                                          .n = (unsigned)progress.length};
        bool wanted = is_channel(req, sql_text_copy(query, 4, arena));
        sql_end(query);
        struct mark set = {{0}};
        if (!wanted || chunk.n > CHUNK_MEMBERS)
            continue;
        judge(work, req, &chunk, &set);
        enum result result = take(work, req, &set, &chunk);
        if (result != RESULT_OK)
            return result;
    }
}

STORE_READ(audience, store_audience)
{
    struct arena *arena = arena_create(1 << 20), *rows = arena_create(64 << 20);
    size_t n;
    struct wave_row *waves = wave_rows(work, req->incident, rows, &n);
    enum result result = RESULT_OK;
    req->bits = NULL;
    req->n_bits = 0;
    req->n = 0;
    req->moving = false;
    for (size_t i = 0; i < n && result == RESULT_OK; i++)
        if (is_asked(req, &waves[i]))
            result = ask_wave(work, req, &waves[i], arena);
    arena_destroy(&arena);
    arena_destroy(&rows);
    return result;
}
