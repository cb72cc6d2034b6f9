/* test_erase.c - the verbs that forget, the scan that follows, the ledger, copies, another key. */
/* System. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Base. */
#include "base/seal.h"

/* Interfaces. */
#include "tocsin/store_backup.h"
#include "tocsin/store_erase.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

enum { PEOPLE = 20000 };

static struct roster_key key_of(const char *kind, unsigned i)
{
    static const struct seal_key blind_key;
    char text[32];
    struct roster_key key = {.kind = kind[0] == 'i' ? 0 : 2, .number = i};
    int length = snprintf(text, sizeof(text), "p%u", i);
    seal_blind(key.blind, &blind_key, kind, text, (size_t)length);
    return key;
}

static size_t find(struct rig *rig, id incident, const struct roster_key *key)
{
    struct store_roster_find find = {.incident = incident, .kind = key->kind};
    memcpy(find.blind, key->blind, BLIND_SIZE);
    RUN_OK(rig, store_roster_find, &find);
    return find.n;
}

/* A committed roster of PEOPLE, in several appends, so that keys lie in runs of several sizes. */
static id roster(struct rig *rig)
{
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = {.incident = incident};
    RUN_OK(rig, store_upload_open, &upload);
    rig_append(rig, incident, upload.upload, 0, PEOPLE, "p");
    upload.accepted = PEOPLE;
    upload.commit = true;
    RUN_OK(rig, store_upload_close, &upload);
    return incident;
}

static int64_t log_size(const struct rig *rig)
{
    char path[128];
    struct stat info;
    snprintf(path, sizeof(path), "%s-wal", rig->path);
    return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

/* If this fails, an erased person is still known by his id, or others are lost with him, or the
 * file keeps what was erased. */
static void keys_go_and_nothing_else(void **state)
{
    struct rig *rig = *state;
    id incident = roster(rig);
    static const uint32_t numbers[] = {0, 1, 127, 128, 9999, PEOPLE - 1};
    enum { N = sizeof(numbers) / sizeof(numbers[0]) };
    struct roster_key keys[2 * N];
    struct needle before[2 * N];
    for (unsigned i = 0; i < N; i++) {
        keys[2 * i] = key_of("id", numbers[i]);
        keys[2 * i + 1] = key_of("email", numbers[i]);
    }
    for (unsigned i = 0; i < 2 * N; i++) {
        const uint8_t be[4] = {0, 0, (uint8_t)(keys[i].number >> 8), (uint8_t)keys[i].number};
        memcpy(before[i].bytes, keys[i].blind, BLIND_SIZE);
        memcpy(before[i].bytes + BLIND_SIZE, be, 4);
        assert_int_equal(find(rig, incident, &keys[i]), 1);
    }
    struct store_secure secure = {0};
    struct store_scan scan = {.needles = before, .n_needles = 2 * N};
    RUN_OK(rig, store_secure, &secure);
    assert_int_equal(log_size(rig), 0);
    RUN_OK(rig, store_scan, &scan);
    assert_true(scan.found >= 2 * N); /* else the scan is blind */
    struct receipt_batch receipts;
    rig_receipt(&receipts, incident, 0, 0);
    struct store_erase erase = {.incident = incident,
                                .keys = keys,
                                .n_keys = 2 * N,
                                .numbers = numbers,
                                .n_numbers = N,
                                .receipts = &receipts,
                                .at = 1000};
    size_t had = rig_receipts(rig, incident);
    RUN_OK(rig, store_erase_people, &erase);
    assert_int_equal(rig_receipts(rig, incident), had + 1);
    receipt_batch_free(&receipts);
    assert_int_equal(erase.n_needles, 2 * N);
    scan.needles = erase.needles;
    RUN_OK(rig, store_scan, &scan);
    assert_true(scan.found > 0); /* still in the database, beneath the log */
    RUN_OK(rig, store_secure, &secure);
    assert_int_equal(log_size(rig), 0);
    RUN_OK(rig, store_vacuum, &secure);
    RUN_OK(rig, store_scan, &scan);
    assert_int_equal(scan.found, 0);
    for (unsigned i = 0; i < 2 * N; i++)
        assert_int_equal(find(rig, incident, &keys[i]), 0);
    for (unsigned i = 2; i < PEOPLE - 1; i += 61) {
        struct roster_key key = key_of("id", i);
        bool gone = i == 127 || i == 128 || i == 9999;
        assert_int_equal(find(rig, incident, &key), gone ? 0 : 1);
    }
    rig_restart(rig);
    assert_int_equal(find(rig, incident, &keys[0]), 0);
}

/* If this fails, two erasures in one block undo each other: the seeds of one come back. */
static void seeds_are_compared(void **state)
{
    struct rig *rig = *state;
    id incident = roster(rig);
    const struct erase_block first = {3, {"seeds", 5}, {"zeros", 5}};
    const struct erase_block late = {3, {"seeds", 5}, {"other", 5}};
    const struct erase_block none = {4000, {"seeds", 5}, {"other", 5}};
    struct store_erase erase = {.incident = incident, .blocks = &first, .n_blocks = 1};
    RUN_OK(rig, store_erase_people, &erase);
    erase.blocks = &late;
    assert_int_equal(RUN(rig, store_erase_people, &erase), RESULT_CONFLICT);
    erase.blocks = &none;
    assert_int_equal(RUN(rig, store_erase_people, &erase), RESULT_NOT_FOUND);
    const uint32_t number = 3 * ROSTER_BLOCK;
    struct store_roster_read read = {.incident = incident, .numbers = &number, .n_numbers = 1};
    RUN_OK(rig, store_roster_read, &read);
    assert_memory_equal(read.blocks[0].seeds.data, "zeros", 5);
}

/* If this fails, an incident whose time is over keeps its key, or loses its receipts. */
static void an_incident_goes_in_steps(void **state)
{
    struct rig *rig = *state;
    id incident = roster(rig), other = rig_incident(rig, NULL);
    size_t had = rig_receipts(rig, incident);
    struct receipt_batch receipts;
    rig_receipt(&receipts, incident, 0, 0);
    struct store_erase_incident erase = {.incident = incident, .at = 77, .receipts = &receipts};
    unsigned steps = 0;
    do {
        RUN_OK(rig, store_erase_incident, &erase);
        erase.again = true;
        steps++;
    } while (erase.more && steps < 100);
    assert_in_range(steps, 2, 99);
    receipt_batch_free(&receipts);
    assert_int_equal(rig_receipts(rig, incident), had + 1);
    assert_int_equal(rig_read_incident(rig, incident).key.length, 0);
    assert_true(rig_read_incident(rig, other).key.length > 0);
    struct roster_key key = key_of("id", 5);
    assert_int_equal(find(rig, incident, &key), 0);
    erase.again = false;
    assert_int_equal(RUN(rig, store_erase_incident, &erase), RESULT_EXISTS);
    erase.incident = 12345;
    assert_int_equal(RUN(rig, store_erase_incident, &erase), RESULT_NOT_FOUND);
    struct store_keep keep = {.incident = incident};
    RUN_OK(rig, store_keep_get, &keep);
    assert_int_equal(keep.erased_at, 77);
    assert_int_equal(RUN(rig, store_keep_put, &keep), RESULT_CONFLICT);
    struct store_erased_list list = {.limit = 10};
    RUN_OK(rig, store_erased_list, &list);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.rows[0].number, -1);
}

/* If this fails, a copy brings back people who were erased after it was made, or a torn last line
 * of the ledger takes the next one with it. */
static void the_ledger_outlives_a_copy(void **state)
{
    struct rig *rig = *state;
    id incident = roster(rig);
    char path[128];
    const uint32_t number = 17;
    snprintf(path, sizeof(path), "%s/ledger", rig->dir);
    struct store_erase erase = {.incident = incident, .numbers = &number, .n_numbers = 1};
    RUN_OK(rig, store_erase_people, &erase);
    struct store_ledger ledger = {.path = path, .mark = true};
    RUN_OK(rig, store_ledger, &ledger);
    assert_int_equal(ledger.n_missing, 0);
    FILE *file = fopen(path, "ae");
    char text[ID_TEXT_SIZE];
    fprintf(file, "%s 18 2026-01-01T00:00:00.000Z\n%s - 20", id_format(text, "inc", incident),
            text);
    fclose(file);
    RUN_OK(rig, store_ledger, &ledger);
    assert_int_equal(ledger.n_missing, 1);
    assert_int_equal(ledger.missing[0].number, 18);
    struct store_setting setting = {.name = STORE_RESTORED_FROM};
    RUN_OK(rig, store_setting_get, &setting); /* older than its ledger: it was put back */
    const uint32_t later[] = {18, 19};
    erase.numbers = later;
    erase.n_numbers = 2;
    RUN_OK(rig, store_erase_people, &erase);
    RUN_OK(rig, store_ledger, &ledger);
    assert_int_equal(ledger.n_missing, 0);
    RUN_OK(rig, store_ledger, &ledger);
    assert_int_equal(ledger.n_missing, 0);
    file = fopen(path, "re");
    unsigned lines = 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    assert_int_equal(lines, 4); /* 17, 18, the torn one ended, 19 */
    struct store_restore_approve approve = {0};
    RUN_OK(rig, store_restore_approve, &approve);
    assert_int_equal(RUN(rig, store_restore_approve, &approve), RESULT_NOT_FOUND);
    unlink(path);
}

/* If this fails, a copy that is made while the store is written is not a snapshot, overwrites
 * something, or does not know that it is a copy. */
static void a_copy_is_marked(void **state)
{
    struct rig *rig = *state;
    id incident = roster(rig);
    char target[128];
    struct error error;
    snprintf(target, sizeof(target), "%s/copy.db", rig->dir);
    struct store_backup backup = {.at = 5};
    assert_int_equal(store_backup(rig->path, target, &backup, &error), RESULT_OK);
    assert_int_equal(backup.incidents, 1);
    assert_true(backup.size > 0 && backup.schema >= 3);
    assert_int_equal(store_backup(rig->path, target, &backup, &error), RESULT_EXISTS);
    struct store_setting setting = {.name = STORE_RESTORED_FROM};
    assert_int_equal(RUN(rig, store_setting_get, &setting), RESULT_NOT_FOUND); /* not the store */
    store_close(&rig->store);
    assert_int_equal(rename(target, rig->path), 0);
    rig_restart(rig);
    RUN_OK(rig, store_setting_get, &setting);
    struct roster_key key = key_of("id", 5);
    assert_int_equal(find(rig, incident, &key), 1);
    snprintf(target, sizeof(target), "%s/none/copy.db", rig->dir);
    assert_int_not_equal(store_backup(rig->path, target, &backup, &error), RESULT_OK);
    assert_int_equal(store_backup("/nonexistent/x.db", target, &backup, &error), RESULT_NOT_FOUND);
}

static bool add_one(void *context, bool service, struct blob wrapped, struct buf *to)
{
    int *left = context;
    (void)service;
    buf_puts(to, "new ");
    return (*left)-- > 0 && buf_add(to, wrapped.data, wrapped.length);
}

/* If this fails, a store is left between two master keys: half of it opens with neither. */
static void all_keys_or_none(void **state)
{
    struct rig *rig = *state;
    id ids[3];
    int left = 2;
    for (unsigned i = 0; i < 3; i++) {
        struct store_incident_put put = {.incident = {.id = id_new(),
                                                      .version = 1,
                                                      .created_at = 1000,
                                                      .key = {"a key that was wrapped", 22},
                                                      .document = {"{}", 2}}};
        RUN_OK(rig, store_incident_put, &put);
        ids[i] = put.incident.id;
    }
    struct store_rewrap rewrap = {
        .rewrap = add_one, .context = &left, .service_setting = "service_key"};
    struct blob key = rig_read_incident(rig, ids[0]).key;
    assert_int_equal(RUN(rig, store_rewrap, &rewrap), RESULT_INVALID);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(rig_read_incident(rig, ids[i]).key.length, key.length);
    left = 3;
    RUN_OK(rig, store_rewrap, &rewrap);
    assert_int_equal(rewrap.keys, 3);
    assert_int_equal(rewrap.n_needles, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_memory_equal(rig_read_incident(rig, ids[i]).key.data, "new ", 4);
}

int main(void)
{
    const struct CMUnitTest erase[] = {
        cmocka_unit_test_setup_teardown(keys_go_and_nothing_else, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(seeds_are_compared, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_incident_goes_in_steps, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_ledger_outlives_a_copy, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_copy_is_marked, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(all_keys_or_none, rig_setup, rig_teardown),
    };
    return rig_run(erase);
}
