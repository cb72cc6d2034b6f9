/* test_faults.c - a disk that fails: fsync says no, writes find no room. SQLite only. */
/* System. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <signal.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "tests/contract/store/store_rig.h"
#include "tests/support/fault_vfs.h"

static enum result append(struct rig *rig, id incident)
{
    struct receipt_batch batch;
    rig_receipt(&batch, incident, 0, 0);
    struct store_receipt_append append = {.receipts = &batch};
    enum result result = RUN(rig, store_receipt_append, &append);
    receipt_batch_free(&batch);
    return result;
}

/* Everything reported as stored is there after a restart on a healthy disk; at most one more (the
 * commit whose fsync failed may have reached the disk). */
static void check_survivors(struct rig *rig, size_t said)
{
    fault_vfs_clear();
    store_close(&rig->store);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
    size_t found = rig_receipts(rig, 1);
    assert_true(found == said || found == said + 1);
    assert_int_equal(append(rig, 1), RESULT_OK);
}

/* If this fails, a failed fsync is tried again and believed: committed pages are lost silently. */
static void failed_fsync_stops_all_writes(void **state)
{
    struct rig *rig = *state;
    size_t said = 0;
    for (; said < 3; said++)
        assert_int_equal(append(rig, 1), RESULT_OK);
    fault_vfs_sync_fails(1);
    assert_int_equal(append(rig, 1), RESULT_IO);
    assert_true(fault_vfs_struck());
    assert_int_equal(store_health(rig->store), RESULT_IO);
    int syncs = fault_vfs_syncs();
    assert_int_equal(append(rig, 1), RESULT_UNAVAILABLE);
    assert_int_equal(append(rig, 1), RESULT_UNAVAILABLE);
    assert_true(rig_receipts(rig, 1) >= 3); /* reading goes on */
    store_close(&rig->store);
    assert_int_equal(fault_vfs_syncs(), syncs); /* nobody tried again, not even the close */
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
    check_survivors(rig, said);
}

/* If this fails, a full disk corrupts the store or is reported as success. */
static void full_disk_stops_all_writes(void **state)
{
    struct rig *rig = *state;
    for (int at = 1; at <= 12; at++) { /* the fault strikes at every place in a commit */
        size_t said = rig_receipts(rig, 1);
        fault_vfs_write_fails(at);
        enum result result = RESULT_OK;
        while ((result = append(rig, 1)) == RESULT_OK)
            said++;
        assert_int_equal(result, RESULT_FULL);
        assert_int_equal(store_health(rig->store), RESULT_FULL);
        assert_int_equal(append(rig, 1), RESULT_UNAVAILABLE);
        check_survivors(rig, said);
    }
}

/* If this fails, one failed commit answers OK to some of its group. */
static void group_fails_as_a_whole(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch batches[10];
    struct store_receipt_append appends[10] = {0};
    fault_vfs_sync_fails(1);
    for (int i = 0; i < 10; i++) {
        rig_receipt(&batches[i], 1, 0, 0);
        appends[i].receipts = &batches[i];
        store_receipt_append(rig->store, &appends[i]);
    }
    while (store_pump(rig->store))
        ;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(appends[i].request.result, RESULT_IO);
        assert_true(appends[i].request.error.text[0] != 0);
        receipt_batch_free(&batches[i]);
    }
    fault_vfs_clear();
}

/* If this fails, the store misbehaves on a disk that is really full. */
static void really_full_file_system(void **state)
{
    struct rig *rig = *state;
    char path[sizeof(rig->path)];
    str_copy(path, sizeof(path), rig->path);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip(); /* not permitted here: full_disk_stops_all_writes says the same */
    store_close(&rig->store);
    if (mount("tocsin", rig->dir, "tmpfs", 0, "size=1m") != 0) {
        assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
        skip();
    }
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
    size_t said = 0;
    enum result result;
    while ((result = append(rig, 1)) == RESULT_OK)
        said++;
    assert_int_equal(result, RESULT_FULL);
    assert_int_equal(append(rig, 1), RESULT_UNAVAILABLE);
    store_close(&rig->store);
    assert_int_equal(mount("tocsin", rig->dir, "tmpfs", MS_REMOUNT, "size=8m"), 0);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
    struct store_receipt_list list = {.incident = 1, .after = (int64_t)said - 1, .limit = 10};
    RUN_OK(rig, store_receipt_list, &list);
    assert_int_equal(list.n, 1);
    store_close(&rig->store);
    assert_int_equal(umount(rig->dir), 0);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
}

/* If this fails, a limit on file sizes (EFBIG) is taken for success. */
static void file_size_limit_is_a_failure(void **state)
{
    struct rig *rig = *state;
    struct rlimit before, small = {.rlim_cur = 512 << 10, .rlim_max = RLIM_INFINITY};
    size_t said = 0;
    enum result result;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while ((result = append(rig, 1)) == RESULT_OK)
        said++;
    setrlimit(RLIMIT_FSIZE, &before);
    assert_true(result == RESULT_FULL || result == RESULT_IO);
    assert_int_equal(append(rig, 1), RESULT_UNAVAILABLE);
    check_survivors(rig, said);
}

static int setup(void **state)
{
    fault_vfs_clear();
    return rig_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failed_fsync_stops_all_writes), TEST(full_disk_stops_all_writes),
        TEST(group_fails_as_a_whole),        TEST(really_full_file_system),
        TEST(file_size_limit_is_a_failure),
    };
    fault_vfs_install();
    return rig_run(tests);
}
