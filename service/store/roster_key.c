/* roster_key.c - blind keys as sorted runs. A live random unique index falls from 158,000 to 41,000
 * inserts a second between 1 and 6 million keys (each batch touches every page); here a batch of
 * keys is sorted once and written as a run of pages, and eight runs of one size are merged into one
 * (a log-structured merge tree in two tables). Whether a recipient_id is there already is asked of
 * a Bloom filter first, so that a new one - nearly all of them - costs no look-up. Failure modes:
 * none of its own; a filter that remembers rolled-back keys only costs a look-up. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/buf.h"

/* This module. */
#include "service/store/roster_key.h"
#include "service/store/upload.h"

enum {
    ENTRY = BLIND_SIZE + 4, /* blind, then the number, big-endian: memcmp sorts both */
    PAGE_ENTRIES = 240,     /* one row fills one page of the database */
    FANOUT = 8,
    TIERS_MERGED = 3 /* runs past 65,536 keys stay: a merge holds all its keys in memory */
};

static unsigned tier_of(size_t n)
{
    unsigned tier = 0;
    for (size_t most = 1024; n > most; most *= FANOUT)
        tier++;
    return tier;
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, ENTRY);
}

static uint32_t entry_number(const uint8_t *entry)
{
    const uint8_t *at = entry + BLIND_SIZE;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* ---- Runs. ---- */
/* Sorted entries become a run. */
static void write_run(struct store_work *work, const struct roster_run *run, const uint8_t *entries,
                      size_t n)
{
    struct sql_query *query = sql_start(
        work->sql,
        "INSERT INTO roster_run (incident, kind, upload, tier, n) VALUES ($1, $2, $3, $4, $5)"
        " RETURNING id",
        SQL_INT(run->incident), SQL_INT(run->kind), SQL_INT(run->upload), SQL_INT(tier_of(n)),
        SQL_INT(n));
    int64_t run_id = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    for (size_t at = 0; at < n; at += PAGE_ENTRIES) {
        size_t count = n - at < PAGE_ENTRIES ? n - at : PAGE_ENTRIES;
        const uint8_t *page = entries + at * ENTRY;
        sql_exec(work->sql, "INSERT INTO roster_page (run, first, keys) VALUES ($1, $2, $3)",
                 SQL_INT(run_id), SQL_BLOB(page, ENTRY), SQL_BLOB(page, count * ENTRY));
    }
}

static void drop_run(struct store_work *work, int64_t run)
{
    sql_exec(work->sql, "DELETE FROM roster_page WHERE run = $1", SQL_INT(run));
    sql_exec(work->sql, "DELETE FROM roster_run WHERE id = $1", SQL_INT(run));
}

static void load_run(struct store_work *work, int64_t run, struct buf *to)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT keys FROM roster_page WHERE run = $1 ORDER BY first", SQL_INT(run));
    while (sql_step(query)) {
        struct blob keys = sql_blob(query, 0);
        buf_add(to, keys.data, keys.length);
    }
}

/* The runs of one tier (tier < 0: the small ones) of an incident, kind and upload. */
static size_t list_runs(struct store_work *work, const struct roster_run *of, int tier,
                        int64_t **ret_runs)
{
    int64_t *runs = NULL;
    size_t n = 0;
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT id FROM roster_run WHERE incident = $1 AND kind = $2 AND upload = $3"
                  " AND tier >= $4 AND tier <= $5 ORDER BY id",
                  SQL_INT(of->incident), SQL_INT(of->kind), SQL_INT(of->upload),
                  SQL_INT(tier < 0 ? 0 : tier), SQL_INT(tier < 0 ? TIERS_MERGED - 1 : tier));
    while (sql_step(query)) {
        runs = mem_resize(runs, n + 1, sizeof(*runs));
        runs[n++] = sql_int(query, 0);
    }
    *ret_runs = runs;
    return n;
}

/* `from` become one run of `to`. */
static void merge_runs(struct store_work *work, const struct roster_run *to, const int64_t *runs,
                       size_t n)
{
    struct buf entries;
    buf_init(&entries, SIZE_MAX);
    for (size_t i = 0; i < n; i++) {
        load_run(work, runs[i], &entries);
        drop_run(work, runs[i]);
    }
    size_t count = entries.length / ENTRY;
    qsort(entries.data, count, ENTRY, compare_entries);
    if (count > 0)
        write_run(work, to, (const uint8_t *)entries.data, count);
    buf_free(&entries);
}

static void compact(struct store_work *work, const struct roster_run *of)
{
    for (int tier = 0; tier < TIERS_MERGED; tier++) {
        int64_t *runs;
        size_t n = list_runs(work, of, tier, &runs);
        if (n >= FANOUT)
            merge_runs(work, of, runs, n);
        mem_free(runs);
    }
}

/* ---- Look-up. ---- */
/* Entries with this blind in one run, added to matches; pages are found by their first entry. */
static void find_in_run(struct store_work *work, int64_t run, const uint8_t *blind,
                        struct roster_matches *matches)
{
    uint8_t last[ENTRY];
    memcpy(last, blind, BLIND_SIZE);
    memset(last + BLIND_SIZE, 0xff, ENTRY - BLIND_SIZE);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT keys FROM roster_page WHERE run = $1 AND first <= $2"
                  " ORDER BY first DESC",
                  SQL_INT(run), SQL_BLOB(last, ENTRY));
    bool more = true;
    while (more && sql_step(query)) { /* further pages only when the key fills this one's start */
        struct blob keys = sql_blob(query, 0);
        const uint8_t *entries = keys.data;
        size_t low = 0, high = keys.length / ENTRY;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (memcmp(entries + middle * ENTRY, blind, BLIND_SIZE) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        more = low == 0;
        for (; low < keys.length / ENTRY; low++) {
            if (memcmp(entries + low * ENTRY, blind, BLIND_SIZE) != 0)
                break;
            matches->numbers =
                mem_resize(matches->numbers, matches->n + 1, sizeof(*matches->numbers));
            matches->numbers[matches->n++] = entry_number(entries + low * ENTRY);
        }
    }
    sql_end(query);
}

void roster_keys_find(struct store_work *work, const struct store_roster_find *req,
                      struct roster_matches *matches)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT id FROM roster_run WHERE incident = $1 AND kind = $2",
                  SQL_INT(req->incident), SQL_INT(req->kind));
    while (sql_step(query))
        find_in_run(work, sql_int(query, 0), req->blind, matches);
}

/* Does this row's upload count? Discarded ones do not, nor do those that a replacement replaces. */
static bool counts(struct store_work *work, id incident, uint32_t number, id only)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT u.state, u.id FROM roster_block b JOIN upload u ON u.id = b.upload"
                  " WHERE b.incident = $1 AND b.block = $2",
                  SQL_INT(incident), SQL_INT(number / ROSTER_BLOCK));
    bool is = sql_step(query) && sql_int(query, 0) != UPLOAD_DISCARDED &&
              (only == 0 || sql_int(query, 1) == only);
    sql_end(query);
    return is;
}

/* `only`: 0, or the one upload whose rows count. */
static bool stored(struct store_work *work, id incident, const uint8_t *blind, id only)
{
    struct store_roster_find find = {.incident = incident, .kind = 0};
    struct roster_matches matches = {0};
    bool is = false;
    memcpy(find.blind, blind, BLIND_SIZE);
    roster_keys_find(work, &find, &matches);
    for (size_t i = 0; i < matches.n && !is; i++)
        is = counts(work, incident, matches.numbers[i], only);
    mem_free(matches.numbers);
    return is;
}

/* ---- One key goes. ---- */
/* Its page is written anew without it; a page begins with its first entry, so that goes as well. */
static void rewrite_page(struct store_work *work, int64_t run, struct buf *page, size_t at)
{
    uint8_t first[ENTRY];
    memcpy(first, page->data, ENTRY);
    sql_exec(work->sql, "DELETE FROM roster_page WHERE run = $1 AND first = $2", SQL_INT(run),
             SQL_BLOB(first, ENTRY));
    memmove(page->data + at, page->data + at + ENTRY, page->length - at - ENTRY);
    page->length -= ENTRY;
    if (page->length > 0)
        sql_exec(work->sql, "INSERT INTO roster_page (run, first, keys) VALUES ($1, $2, $3)",
                 SQL_INT(run), SQL_BLOB(page->data, ENTRY), SQL_BLOB(page->data, page->length));
    sql_exec(work->sql, "UPDATE roster_run SET n = n - 1 WHERE id = $1", SQL_INT(run));
}

/* The page that would hold the entry, in `page`, and where in it; false: not in this run. */
static bool find_entry(struct store_work *work, int64_t run, const uint8_t *entry, struct buf *page,
                       size_t *ret_at)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT keys FROM roster_page WHERE run = $1 AND first <= $2"
                  " ORDER BY first DESC LIMIT 1",
                  SQL_INT(run), SQL_BLOB(entry, ENTRY));
    bool found = false;
    buf_clear(page);
    if (sql_step(query)) {
        struct blob keys = sql_blob(query, 0);
        buf_add(page, keys.data, keys.length);
    }
    sql_end(query);
    for (size_t at = 0; !found && at + ENTRY <= page->length; at += ENTRY) {
        found = memcmp(page->data + at, entry, ENTRY) == 0;
        *ret_at = at;
    }
    return found;
}

static size_t list_all(struct store_work *work, id incident, int kind, int64_t **ret_runs)
{
    int64_t *runs = NULL;
    size_t n = 0;
    struct sql_query *query =
        sql_start(work->sql, "SELECT id FROM roster_run WHERE incident = $1 AND kind = $2",
                  SQL_INT(incident), SQL_INT(kind));
    while (sql_step(query)) {
        runs = mem_resize(runs, n + 1, sizeof(*runs));
        runs[n++] = sql_int(query, 0);
    }
    *ret_runs = runs;
    return n;
}

void roster_keys_drop(struct store_work *work, id incident, const struct roster_key *key,
                      struct buf *gone)
{
    struct buf entry, page;
    int64_t *runs;
    size_t at = 0;
    buf_init(&entry, ENTRY);
    buf_init(&page, SIZE_MAX);
    buf_add(&entry, key->blind, BLIND_SIZE);
    buf_add_u32(&entry, key->number);
    size_t n = list_all(work, incident, key->kind, &runs);
    for (size_t i = 0; i < n; i++) {
        if (!find_entry(work, runs[i], (const uint8_t *)entry.data, &page, &at))
            continue;
        rewrite_page(work, runs[i], &page, at);
        buf_add(gone, entry.data, entry.length);
    }
    mem_free(runs);
    buf_wipe(&page);
    buf_wipe(&entry);
}

/* ---- Append. ---- */
static int compare_keys(const void *a, const void *b)
{
    const struct roster_key *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    int order = memcmp(left->blind, right->blind, BLIND_SIZE);
    if (order != 0)
        return order;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* Where the bit of a number is; -1: in none of the blocks. Blocks follow one another. */
static int64_t bit_of(const struct store_roster_append *req, uint32_t number)
{
    int64_t first = req->n_blocks > 0 ? req->blocks[0].block * ROSTER_BLOCK : INT64_MAX;
    int64_t place = (int64_t)number - first;
    return place >= 0 && place < (int64_t)req->n_blocks * ROSTER_BLOCK ? place : -1;
}

static bool is_void(const uint8_t *voids, int64_t bit)
{
    return (voids[bit / 8] >> (bit % 8) & 1) != 0;
}

/* `only` as above: what a replacement replaces makes no duplicates. */
static void mark_duplicates(struct store_work *work, struct store_roster_append *req, id only,
                            uint8_t *voids)
{
    struct roster_filter *filter = filter_of(work, req->incident, req->n_keys);
    const uint8_t *before = NULL;
    for (size_t i = 0; i < req->n_keys && req->keys[i].kind == 0; i++) {
        const struct roster_key *key = &req->keys[i];
        int64_t bit = bit_of(req, key->number);
        if (is_void(voids, bit))
            continue;
        bool twin = before != NULL && memcmp(before, key->blind, BLIND_SIZE) == 0;
        before = key->blind;
        if (twin ||
            (filter_maybe(filter, key->blind) && stored(work, req->incident, key->blind, only))) {
            voids[bit / 8] |= (uint8_t)(1u << (bit % 8));
            req->duplicates++;
        } else {
            filter_add(filter, key->blind);
        }
    }
}

/* The keys of one kind that are not void, as a run. `*at` moves behind them. */
static void add_kind(struct store_work *work, const struct store_roster_append *req,
                     const uint8_t *voids, size_t *at)
{
    struct roster_run run = {req->incident, req->keys[*at].kind, req->upload};
    struct buf entries;
    buf_init(&entries, SIZE_MAX);
    for (; *at < req->n_keys && req->keys[*at].kind == run.kind; (*at)++) {
        const struct roster_key *key = &req->keys[*at];
        if (is_void(voids, bit_of(req, key->number)))
            continue;
        buf_add(&entries, key->blind, BLIND_SIZE);
        buf_add_u32(&entries, key->number);
    }
    if (entries.length > 0)
        write_run(work, &run, (const uint8_t *)entries.data, entries.length / ENTRY);
    buf_free(&entries);
    compact(work, &run);
}

enum result roster_keys_add(struct store_work *work, struct store_roster_append *req,
                            const struct upload_row *upload, uint8_t *voids)
{
    req->duplicates = 0;
    for (size_t i = 0; i < req->n_keys; i++)
        if (bit_of(req, req->keys[i].number) < 0)
            return error_set(work->error, RESULT_INVALID, NULL,
                             "a key belongs to no block of this append: send both together");
    if (req->n_keys == 0)
        return RESULT_OK;
    qsort(req->keys, req->n_keys, sizeof(*req->keys), compare_keys);
    mark_duplicates(work, req, upload->mode == UPLOAD_REPLACE ? req->upload : 0, voids);
    for (size_t at = 0; at < req->n_keys;)
        add_kind(work, req, voids, &at);
    return RESULT_OK;
}

void roster_keys_revive(struct store_work *work, id incident, const struct roster_key *keys,
                        size_t n)
{
    struct roster_filter *filter = filter_of(work, incident, n);
    for (int kind = 0; kind < KINDS; kind++) {
        const struct roster_run run = {incident, kind, 0};
        struct buf entries;
        buf_init(&entries, SIZE_MAX);
        for (size_t i = 0; i < n; i++) {
            if (keys[i].kind != kind)
                continue;
            buf_add(&entries, keys[i].blind, BLIND_SIZE);
            buf_add_u32(&entries, keys[i].number);
            if (kind == 0)
                filter_add(filter, keys[i].blind);
        }
        qsort(entries.data, entries.length / ENTRY, ENTRY, compare_entries);
        if (entries.length > 0)
            write_run(work, &run, (const uint8_t *)entries.data, entries.length / ENTRY);
        buf_free(&entries);
    }
}

/* ---- The end of an upload. ---- */
void roster_keys_close(struct store_work *work, id incident, id upload)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct roster_run open = {incident, kind, upload}, closed = {incident, kind, 0};
        int64_t *runs;
        size_t n = list_runs(work, &open, -1, &runs);
        if (n > 1)
            merge_runs(work, &open, runs, n);
        mem_free(runs);
        sql_exec(work->sql,
                 "UPDATE roster_run SET upload = 0"
                 " WHERE incident = $1 AND kind = $2 AND upload = $3",
                 SQL_INT(incident), SQL_INT(kind), SQL_INT(upload));
        compact(work, &closed);
    }
}

void roster_keys_forget(struct store_work *work, id incident, id upload)
{
    sql_exec(work->sql,
             "DELETE FROM roster_page WHERE run IN"
             " (SELECT id FROM roster_run WHERE incident = $1 AND upload = $2)",
             SQL_INT(incident), SQL_INT(upload));
    sql_exec(work->sql, "DELETE FROM roster_run WHERE incident = $1 AND upload = $2",
             SQL_INT(incident), SQL_INT(upload));
}
