/* test_tamper.c - thousands of flipped bits, in what is served and in what is stored: each is
 * caught, or has changed nothing. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <sqlite3.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "service/ctl/verify.h"
#include "tests/scenario/log/log_rig.h"

enum { FILES_MAX = 16, RECEIPTS = 300, SERVED_FLIPS = 600, STORED_FLIPS = 500 };

/* What a mirror would keep: every file of the log, by path. */
struct file {
    char path[96];
    char *bytes;
    size_t length;
};
struct mirror {
    struct log_rig *rig;
    struct arena *arena;
    struct file files[FILES_MAX];
    size_t n;
    bool live; /* the log is asked, not the copy */
};

static struct mirror mirror;
static struct ledger *ledger;

/* The file as the log gives it now; false: the log says that it is damaged or not there. */
static bool ask(struct mirror *from, const char *path, struct buf *to)
{
    struct receipt_log_question question = {.arena = from->arena};
    int level = 0;
    enum result result;
    arena_reset(from->arena);
    if (strcmp(path, "/log/checkpoint") == 0) {
        result = log_rig_ask(from->rig, receipt_log_checkpoint, &question);
    } else {
        assert_true(
            tile_path_parse(path + strlen("/log/tile/"), &level, &question.index, &question.width));
        question.level = level < 0 ? 0 : (unsigned)level;
        result =
            log_rig_ask(from->rig, level < 0 ? receipt_log_entries : receipt_log_tile, &question);
    }
    return result == RESULT_OK && buf_add(to, question.bytes.data, question.bytes.length);
}

static bool fetch(void *context, const char *path, struct buf *to)
{
    struct mirror *from = context;
    if (from->live)
        return ask(from, path, to);
    for (size_t i = 0; i < from->n; i++)
        if (strcmp(from->files[i].path, path) == 0)
            return buf_add(to, from->files[i].bytes, from->files[i].length);
    struct file *file = &from->files[from->n++];
    assert_true(from->n <= FILES_MAX && ask(from, path, to));
    snprintf(file->path, sizeof(file->path), "%s", path);
    file->length = to->length;
    file->bytes = mem_strndup(to->data, to->length);
    return true;
}

static bool verified(struct error *error)
{
    struct verify *verify = mem_new(struct verify);
    verify->fetch = fetch;
    verify->context = &mirror;
    verify->key = mirror.rig->signer.verifier;
    verify->prefix = "/log";
    buf_init(&verify->note, NOTE_BYTES_MAX);
    buf_init(&verify->first, UINT16_MAX);
    bool good = verify_log(verify, error);
    buf_free(&verify->note);
    buf_free(&verify->first);
    mem_free(verify);
    return good;
}

static int setup(void **state)
{
    (void)state;
    ledger = mem_new(struct ledger);
    memset(&mirror, 0, sizeof(mirror));
    mirror.rig = log_rig_create(ledger);
    mirror.arena = arena_create(64 << 20);
    receipt_log_start(mirror.rig->log);
    for (int i = 0; i < 4; i++)
        log_rig_put(mirror.rig, RECEIPTS / 4);
    log_rig_pass(mirror.rig, 1000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < mirror.n; i++)
        mem_free(mirror.files[i].bytes);
    arena_destroy(&mirror.arena);
    log_rig_destroy(&mirror.rig);
    mem_free(ledger);
    return 0;
}

/* If this fails, a server, a mirror or a cable can change the log and verify says that all is well.
 */
static void no_flipped_bit_of_what_is_served_passes(void **state)
{
    struct error error = {0};
    uint64_t dice = 88172645463325252u;
    (void)state;
    assert_true(verified(&error));
    assert_int_equal(mirror.n, 6); /* checkpoint, two bundles, three tiles */
    for (size_t i = 0; i < mirror.n; i++)
        for (int k = 0; k < SERVED_FLIPS; k++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia 2003 */
            char *at = &mirror.files[i].bytes[dice % mirror.files[i].length];
            int bit = 1 << (dice >> 60 & 7);
            *at = (char)(*at ^ bit);
            if (verified(&error))
                fail_msg("%s: a flipped bit passed", mirror.files[i].path);
            *at = (char)(*at ^ bit);
        }
    assert_true(verified(&error));
}

/* If this fails, the first thing that is wrong is not what is named. */
static void the_file_that_was_changed_is_named(void **state)
{
    struct error error = {0};
    (void)state;
    assert_true(verified(&error));
    for (size_t i = 0; i < mirror.n; i++) {
        struct file *file = &mirror.files[i];
        bool entries = strstr(file->path, "entries/000") != NULL;
        file->bytes[file->length / 2] = (char)(file->bytes[file->length / 2] ^ 1);
        assert_false(verified(&error));
        if (strstr(file->path, "entries") == NULL && strstr(file->path, "checkpoint") == NULL)
            assert_string_equal(error.field, file->path);
        else if (entries) /* its tile is the first that differs */
            assert_non_null(strstr(error.field, "/000"));
        file->bytes[file->length / 2] = (char)(file->bytes[file->length / 2] ^ 1);
    }
}

/* ---- The database. ---- */
static sqlite3 *db;

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return stmt;
}

static void write_cell(const char *table, const char *column, int64_t row, const void *bytes,
                       int length)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s WHERE rowid = ?2", table, column,
             strcmp(column, "note") == 0 ? "CAST(?1 AS TEXT)" : "?1");
    sqlite3_stmt *stmt = prepare(sql);
    sqlite3_bind_blob(stmt, 1, bytes, length, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, row);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
}

/* Does the daemon's own start refuse it, or tocsin verify, or is nothing different? */
static bool caught_or_harmless(struct error *error)
{
    struct buf now;
    bool harmless = true;
    mirror.live = true;
    bool seen = !verified(error);
    mirror.live = false;
    for (size_t i = 0; i < mirror.n && !seen && harmless; i++) {
        buf_init(&now, SIZE_MAX);
        harmless = ask(&mirror, mirror.files[i].path, &now) &&
                   now.length == mirror.files[i].length &&
                   memcmp(now.data, mirror.files[i].bytes, now.length) == 0;
        buf_free(&now);
    }
    return seen || harmless;
}

static unsigned flip_cells(const char *table, const char *column, unsigned flips)
{
    char sql[128];
    uint64_t dice = 362436069362436069u;
    struct error error = {0};
    unsigned done = 0;
    snprintf(sql, sizeof(sql), "SELECT rowid, CAST(%s AS BLOB) FROM %s", column, table);
    sqlite3_stmt *all = prepare(sql);
    struct {
        int64_t row;
        char *bytes;
        int length;
    } cells[32];
    unsigned n = 0;
    while (sqlite3_step(all) == SQLITE_ROW && n < 32) {
        cells[n].row = sqlite3_column_int64(all, 0);
        cells[n].length = sqlite3_column_bytes(all, 1);
        cells[n].bytes = mem_strndup(sqlite3_column_blob(all, 1), (size_t)cells[n].length);
        n++;
    }
    sqlite3_finalize(all);
    for (; done < flips; done++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        unsigned i = (unsigned)(dice % n);
        char *at = &cells[i].bytes[dice / n % (uint64_t)cells[i].length];
        int bit = 1 << (dice >> 60 & 7);
        *at = (char)(*at ^ bit);
        write_cell(table, column, cells[i].row, cells[i].bytes, cells[i].length);
        if (!caught_or_harmless(&error))
            fail_msg("%s.%s: a flipped bit passed", table, column);
        *at = (char)(*at ^ bit);
        write_cell(table, column, cells[i].row, cells[i].bytes, cells[i].length);
    }
    for (unsigned i = 0; i < n; i++)
        mem_free(cells[i].bytes);
    return done;
}

/* If this fails, somebody with the database can change a receipt and nobody notices. */
static void no_flipped_bit_of_what_is_stored_passes(void **state)
{
    struct error error = {0};
    (void)state;
    assert_true(verified(&error)); /* the copy to compare with */
    assert_int_equal(sqlite3_open(mirror.rig->path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
    flip_cells("receipt_batch", "leaves", STORED_FLIPS);
    flip_cells("log_tile", "hashes", STORED_FLIPS);
    flip_cells("log_checkpoint", "note", STORED_FLIPS);
    mirror.live = true;
    assert_true(verified(&error)); /* all was put back */
    sqlite3_exec(db, "UPDATE leaf_range SET n = n - 1 WHERE first_index = 75", NULL, NULL, NULL);
    assert_false(verified(&error));
    sqlite3_exec(db, "UPDATE leaf_range SET n = n + 1 WHERE first_index = 75", NULL, NULL, NULL);
    sqlite3_exec(db, "DELETE FROM receipt_batch WHERE seq = 2", NULL, NULL, NULL);
    assert_false(verified(&error));
    sqlite3_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_flipped_bit_of_what_is_served_passes),
        TEST(the_file_that_was_changed_is_named),
        TEST(no_flipped_bit_of_what_is_stored_passes),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
