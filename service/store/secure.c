/* secure.c - what must follow an erasure: the write-ahead log is emptied, and the file is looked
 * through for what must not be there any more. secure_delete zeroes what SQLite frees, but a page
 * that was split or balanced may keep a copy of a moved cell in its gap; then the file is rebuilt.
 *
 * Failure modes: BUSY when a reader keeps the log from being emptied. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/store/store_core.h"

enum { WINDOW = 1 << 20 };

static enum result empty_log(struct store_work *work)
{
    if (sql_checkpoint(work->sql, true))
        return RESULT_OK;
    if (sql_status(work->sql) != RESULT_OK)
        return sql_status(work->sql);
    return error_set(work->error, RESULT_BUSY, NULL,
                     "a reader keeps the log from being emptied: ask again");
}

STORE_WRITE_ALONE(secure, store_secure)
{
    (void)req;
    return empty_log(work);
}

STORE_WRITE_ALONE(vacuum, store_secure)
{
    (void)req;
    if (!sql_rebuild(work->sql))
        return sql_status(work->sql);
    return empty_log(work);
}

/* ---- The scan. ---- */
struct scan {
    const struct store_scan *req;
    uint8_t starts[8192]; /* bit of the first two bytes of every needle */
    size_t found;
};

static void look(struct scan *scan, const uint8_t *at)
{
    for (size_t i = 0; i < scan->req->n_needles; i++)
        scan->found += memcmp(at, scan->req->needles[i].bytes, NEEDLE_SIZE) == 0;
}

static void look_through(struct scan *scan, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + NEEDLE_SIZE <= length; i++) {
        unsigned start = (unsigned)bytes[i] << 8 | bytes[i + 1];
        if (scan->starts[start / 8] >> (start % 8) & 1)
            look(scan, bytes + i);
    }
}

/* Windows overlap by one byte less than a needle. */
static void scan_file(struct store_work *work, struct scan *scan, bool log)
{
    uint8_t *window = mem_alloc(WINDOW, 1);
    int64_t offset = 0;
    size_t length;
    while ((length = sql_read_raw(work->sql, log, offset, window, WINDOW)) >= NEEDLE_SIZE) {
        look_through(scan, window, length);
        offset += (int64_t)(length - NEEDLE_SIZE + 1);
    }
    mem_free(window);
}

STORE_READ_ALONE(scan, store_scan)
{
    struct scan *scan = mem_new(struct scan);
    scan->req = req;
    for (size_t i = 0; i < req->n_needles; i++) {
        unsigned start = (unsigned)req->needles[i].bytes[0] << 8 | req->needles[i].bytes[1];
        scan->starts[start / 8] |= (uint8_t)(1u << (start % 8));
    }
    /* A connection that has read nothing yet knows no log. */
    struct sql_query *query = sql_start(work->sql, "SELECT count(*) FROM sqlite_master");
    sql_step(query);
    sql_end(query);
    if (req->n_needles > 0) {
        scan_file(work, scan, false);
        scan_file(work, scan, true);
    }
    req->found = scan->found;
    mem_free(scan);
    return sql_status(work->sql);
}
