/* test_log.c - the running log: order, speed of signing, crashes after every step, two sequencers,
 * tampering. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <sqlite3.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "tests/scenario/log/log_rig.h"
#include "tests/support/fault_vfs.h"

static struct ledger *ledger;

static int setup(void **state)
{
    ledger = mem_new(struct ledger);
    struct log_rig *rig = log_rig_create(ledger);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct log_rig *rig = *state;
    log_rig_destroy(&rig);
    mem_free(ledger);
    return 0;
}

/* If this fails, receipts wait longer than a second for their proof, or have none. */
static void receipts_are_signed_for_within_a_second(void **state)
{
    struct log_rig *rig = *state;
    struct arena *arena = arena_create(64 << 20);
    receipt_log_start(rig->log);
    for (int round = 0; round < 20; round++) {
        log_rig_put(rig, 3 + (unsigned)round * 17 % 100);
        log_rig_pass(rig, 50);
    }
    log_rig_pass(rig, 1000);
    struct receipt_log_stats stats = receipt_log_stats(rig->log);
    assert_int_equal(stats.size, rig->receipts);
    assert_int_equal(stats.signed_size, rig->receipts);
    assert_true(stats.signed_count <= 4); /* and not one for every batch */
    assert_int_equal(receipt_log_problems(rig->log, (const char *[4]){0}, 4), 0);
    log_rig_audit(rig);
    for (unsigned order = 0; order < rig->receipts; order += 13) {
        struct receipt_log_question bundle = {
            .arena = arena, .index = order / 256, .width = order % 256 + 1};
        char code[32];
        assert_int_equal(log_rig_ask(rig, receipt_log_entries, &bundle), RESULT_OK);
        snprintf(code, sizeof(code), "\"code\":%u,", order); /* in the order of commit */
        assert_true(order == 0 ||
                    memmem(bundle.bytes.data, bundle.bytes.length, code, strlen(code)) != NULL);
        arena_reset(arena);
    }
    arena_destroy(&arena);
}

/* If this fails, a person's receipt has no proof that a stranger can check. */
static void every_receipt_has_a_proof(void **state)
{
    struct log_rig *rig = *state;
    struct arena *arena = arena_create(64 << 20);
    struct store_receipt_list list = {.request = {.arena = arena}, .limit = 100};
    receipt_log_start(rig->log);
    for (int i = 0; i < 5; i++)
        log_rig_put(rig, 150);
    log_rig_pass(rig, 1000);
    store_receipt_list(rig->store, &list);
    log_rig_settle(rig);
    assert_int_equal(list.n, 5);
    for (size_t b = 0; b < list.n; b++)
        for (unsigned slot = 0; slot < 150; slot += 37) {
            struct receipt_log_question ask = {
                .arena = arena, .batch = list.rows[b].batch, .slot = slot};
            struct merkle_hash leaf;
            assert_int_equal(log_rig_ask(rig, receipt_log_proof, &ask), RESULT_OK);
            assert_int_equal(ask.leaf_index, b * 150 + slot);
            merkle_leaf(&leaf, ask.leaf.data, ask.leaf.length);
            assert_true(
                merkle_check_inclusion(&leaf, ask.leaf_index, ask.size, &ask.path, &ask.root));
        }
    struct receipt_log_question none = {.arena = arena, .batch = list.rows[0].batch, .slot = 150};
    assert_int_equal(log_rig_ask(rig, receipt_log_proof, &none), RESULT_NOT_FOUND);
    none.batch = 12345;
    assert_int_equal(log_rig_ask(rig, receipt_log_proof, &none), RESULT_NOT_FOUND);
    struct receipt_log_question far = {.arena = arena, .from = 1, .to = 751};
    assert_int_equal(log_rig_ask(rig, receipt_log_consistency, &far), RESULT_INVALID);
    arena_destroy(&arena);
}

/* If this fails, some crash between storing, appending and signing makes a second tree of a size
 * that was signed, or loses a receipt. */
static void a_crash_after_any_step_changes_nothing(void **state)
{
    struct log_rig *rig = *state;
    unsigned crashes = 0;
    receipt_log_start(rig->log);
    for (int round = 0; round < 6; round++) {
        log_rig_put(rig, 90);
        log_rig_put(rig, 1);
        for (int turn = 0; turn < 6; turn++) {
            while (log_rig_step(rig)) {
                struct log_rig *reborn = log_rig_after_crash(rig);
                receipt_log_start(reborn->log);
                log_rig_put(reborn, 2);
                log_rig_pass(reborn, 1000);
                /* Its tree goes its own way from here: only what both have signed counts. */
                struct ledger *mine = mem_new(struct ledger);
                reborn->ledger = mine;
                memcpy(mine, ledger, sizeof(*mine));
                log_rig_audit(reborn);
                log_rig_destroy(&reborn);
                mem_free(mine);
                crashes++;
            }
            clock_fake_advance(&rig->clock, 200);
        }
        log_rig_audit(rig);
    }
    assert_true(crashes > 50);
    print_message("%u crashes\n", crashes);
}

/* The log of 300 receipts gets more while the disk fails from the n-th call on; then the process is
 * dead, and another starts on what is there. False: n was past the last call. */
static bool survives(void (*fails)(int n), int n)
{
    struct log_rig *rig = log_rig_create(ledger);
    ledger->n = 0;
    receipt_log_start(rig->log);
    log_rig_put(rig, 300);
    log_rig_pass(rig, 1000);
    log_rig_audit(rig);
    fails(n);
    for (int i = 0; i < 3; i++) {
        log_rig_put(rig, 70);
        log_rig_pass(rig, 900);
    }
    bool struck = fault_vfs_struck();
    fault_vfs_clear();
    struct log_rig *reborn = log_rig_after_crash(rig);
    receipt_log_start(reborn->log);
    log_rig_pass(reborn, 1000);
    log_rig_audit(reborn);
    assert_true(receipt_log_stats(reborn->log).leading);
    assert_true(receipt_log_stats(reborn->log).size >= 300);
    log_rig_destroy(&reborn);
    log_rig_destroy(&rig);
    return struck;
}

/* If this fails, a death at some write or fsync leaves a log that forks or stops. */
static void a_death_at_every_write_and_fsync_changes_nothing(void **state)
{
    int writes = 1, syncs = 1;
    (void)state;
    log_set_level(LOG_ERROR + 1);
    while (survives(fault_vfs_write_fails, writes))
        writes++;
    while (survives(fault_vfs_sync_fails, syncs))
        syncs++;
    log_set_level(LOG_INFO);
    assert_true(writes > 20 && syncs > 3);
    print_message("%d writes, %d fsyncs\n", writes - 1, syncs - 1);
}

/* If this fails, two sequencers both append: a split view. */
static void a_sequencer_with_a_stale_epoch_never_appends(void **state)
{
    struct log_rig *rig = *state;
    receipt_log_destroy(&rig->log);
    rig->log = log_rig_log(rig, false);
    rig->second = log_rig_log(rig, false);
    receipt_log_start(rig->log);
    log_rig_settle(rig);
    receipt_log_start(rig->second);
    for (int round = 0; round < 200; round++) {
        log_rig_put(rig, 5);
        for (int i = 0; i < 3 + round % 7; i++)
            log_rig_step(rig);
        /* The clock leaps past the lease in the middle of somebody's step, now and then. */
        clock_fake_advance(&rig->clock, round % 11 == 0 ? 15000 : 230);
    }
    log_rig_pass(rig, 15000);
    struct receipt_log_stats a = receipt_log_stats(rig->log), b = receipt_log_stats(rig->second);
    assert_int_equal(a.appended + b.appended, rig->receipts);
    assert_true(a.appended > 0 && b.appended > 0);
    log_rig_audit(rig);
}

/* ---- Tampering. ---- */
static void run_sql(const struct log_rig *rig, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* If this fails, the daemon goes on from a tree that somebody has changed: it signs a fork. */
static void a_changed_tree_stops_the_start(void **state)
{
    static const char *const changes[] = {
        "UPDATE log_head SET root = zeroblob(32)",
        "UPDATE log_head SET size = size - 1",
        "UPDATE log_tile SET hashes = zeroblob(32) || substr(hashes, 33) WHERE level = 0 AND tile "
        "= "
        "1",
        "UPDATE log_tile SET hashes = zeroblob(32) WHERE level = 1",
        "DELETE FROM log_tile WHERE level = 0 AND tile = 1",
        "UPDATE log_checkpoint SET root = zeroblob(32)",
        "UPDATE log_checkpoint SET note = replace(note, '300', '301')",
        "UPDATE log_head SET origin = 'other.example.org'",
    };
    struct log_rig *rig = *state;
    const char *reasons[4];
    receipt_log_start(rig->log);
    log_rig_put(rig, 300);
    log_rig_pass(rig, 1000);
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        struct log_rig *reborn = log_rig_after_crash(rig);
        receipt_log_destroy(&reborn->log);
        store_close(&reborn->store);
        run_sql(reborn, changes[i]);
        assert_int_equal(store_open(reborn->loop, &(struct store_config){.path = reborn->path},
                                    &reborn->store, NULL),
                         RESULT_OK);
        reborn->log = log_rig_log(reborn, true);
        receipt_log_start(reborn->log);
        log_rig_put(reborn, 10);
        log_rig_pass(reborn, 2000);
        if (receipt_log_problems(reborn->log, reasons, 4) != 1)
            fail_msg("not seen: %s", changes[i]);
        assert_true(strncmp(reasons[0], "log: ", 5) == 0);
        assert_int_equal(receipt_log_stats(reborn->log).appended, 0);
        log_rig_destroy(&reborn);
    }
}

/* If this fails, a log without a key looks like a signed one, or grows not at all. */
static void without_a_key_it_grows_unsigned_and_says_so(void **state)
{
    struct log_rig *rig = *state;
    receipt_log_destroy(&rig->log);
    const struct receipt_log_config config = {
        .loop = rig->loop, .store = rig->store, .alone = true};
    assert_int_equal(receipt_log_create(&config, &rig->log, NULL), RESULT_OK);
    receipt_log_start(rig->log);
    log_rig_put(rig, 10);
    log_rig_pass(rig, 1500);
    assert_int_equal(receipt_log_stats(rig->log).size, 10);
    assert_int_equal(receipt_log_stats(rig->log).signed_size, 0);
    assert_false(receipt_log_signs(rig->log));
    receipt_log_stop(rig->log, NULL, NULL); /* a key comes: what is there is signed */
    log_rig_settle(rig);
    receipt_log_destroy(&rig->log);
    rig->log = log_rig_log(rig, true);
    receipt_log_start(rig->log);
    log_rig_pass(rig, 1000);
    assert_int_equal(receipt_log_stats(rig->log).signed_size, 10);
    log_rig_audit(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(receipts_are_signed_for_within_a_second),
        TEST(every_receipt_has_a_proof),
        TEST(a_crash_after_any_step_changes_nothing),
        TEST(a_death_at_every_write_and_fsync_changes_nothing),
        TEST(a_sequencer_with_a_stale_epoch_never_appends),
        TEST(a_changed_tree_stops_the_start),
        TEST(without_a_key_it_grows_unsigned_and_says_so),
    };
    seal_init();
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
