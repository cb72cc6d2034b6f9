/* test_roster.c - uploads, blocks, keys, parts. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"
#include "base/seal.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

static struct store_upload open_upload(struct rig *rig, id incident, unsigned part, int digest)
{
    struct store_upload upload = {.incident = incident, .part = part, .digest = {(uint8_t)digest}};
    RUN_OK(rig, store_upload_open, &upload);
    return upload;
}

static void close_upload(struct rig *rig, struct store_upload *upload, int64_t accepted,
                         int64_t duplicates, bool commit)
{
    upload->accepted = accepted;
    upload->duplicates = duplicates;
    upload->commit = commit;
    RUN_OK(rig, store_upload_close, upload);
}

static size_t find(struct rig *rig, id incident, const char *text, uint32_t *ret_number)
{
    static const struct seal_key key;
    struct store_roster_find find = {.incident = incident, .kind = 2};
    seal_blind(find.blind, &key, "email", text, strlen(text));
    RUN_OK(rig, store_roster_find, &find);
    if (find.n > 0)
        *ret_number = find.numbers[0];
    return find.n;
}

/* If this fails, the planner sees people that nobody committed, or misses committed ones. */
static void roster_is_seen_when_committed(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    assert_int_equal(upload.first_block, 0);
    assert_int_equal(rig_append(rig, incident, upload.upload, 0, 300, "a"), 0);
    assert_int_equal(rig_append(rig, incident, upload.upload, 3, 10, "b"), 0);
    struct store_roster_read read = {.incident = incident, .limit = 100};
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.n, 0);
    close_upload(rig, &upload, 310, 0, true);
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.n, 4);
    assert_int_equal(read.blocks[2].n, 300 - 256);
    assert_int_equal(read.blocks[3].block, 3);
    assert_memory_equal(read.blocks[3].body.data, "body", 4);
    assert_memory_equal(read.blocks[3].seeds.data, "seeds", 5);
    struct incident_row row = rig_read_incident(rig, incident);
    assert_int_equal(row.accepted, 310);
    assert_int_equal(row.blocks, 4);
    const uint32_t numbers[] = {5, 6, 3 * ROSTER_BLOCK, 3 * ROSTER_BLOCK + 9};
    struct store_roster_read some = {.incident = incident, .numbers = numbers, .n_numbers = 4};
    RUN_OK(rig, store_roster_read, &some);
    assert_int_equal(some.n, 2);
    assert_int_equal(some.blocks[1].block, 3);
    read.from = 1;
    read.limit = 2;
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.n, 2);
    assert_int_equal(read.blocks[0].block, 1);
}

/* If this fails, a person listed twice is told twice. */
static void second_listing_is_void(void **state)
{
    struct rig *rig = *state;
    uint32_t number = 0;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    assert_int_equal(rig_append(rig, incident, upload.upload, 0, 200, "a"), 0);
    assert_int_equal(rig_append(rig, incident, upload.upload, 2, 250, "a"), 200);
    close_upload(rig, &upload, 250, 200, true);
    struct store_upload later = open_upload(rig, incident, 0, 0); /* another upload, too */
    assert_int_equal(later.first_block, 4);
    assert_int_equal(rig_append(rig, incident, later.upload, 4, 251, "a"), 250);
    close_upload(rig, &later, 1, 250, true);
    struct store_roster_read read = {.incident = incident, .limit = 100};
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.n, 6);
    for (int i = 0; i < ROSTER_BLOCK / 8; i++) {
        assert_int_equal(read.blocks[0].voids[i], 0);
        assert_int_equal(read.blocks[2].voids[i], 0xff);
    }
    assert_int_equal(read.blocks[3].voids[200 / 8 - 16], 0); /* 200 is new */
    assert_int_equal(find(rig, incident, "a17", &number), 1);
    assert_int_equal(number, 17);
    assert_int_equal(find(rig, incident, "a249", &number), 1);
    assert_int_equal(number, 2 * ROSTER_BLOCK + 249);
    assert_int_equal(find(rig, incident, "nobody", &number), 0);
}

/* If this fails, twins inside one append are both told. */
static void twins_of_one_append(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    struct roster_key keys[] = {
        {.blind = {1}, .number = 2}, {.blind = {1}, .number = 0}, {.blind = {2}, .number = 1}};
    const struct roster_block block = {.n = 3, .body = {"body", 4}, .seeds = {"seeds", 5}};
    struct store_roster_append append = {.incident = incident,
                                         .upload = upload.upload,
                                         .blocks = &block,
                                         .n_blocks = 1,
                                         .keys = keys,
                                         .n_keys = 3};
    RUN_OK(rig, store_roster_append, &append);
    assert_int_equal(append.duplicates, 1);
    close_upload(rig, &upload, 2, 1, true);
    struct store_roster_read read = {.incident = incident, .limit = 1};
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.blocks[0].voids[0], 1 << 2); /* the first one stays */
}

/* If this fails, an account with several people finds one of them only. */
static void one_key_of_many_people(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    for (unsigned i = 0; i < 5; i++) { /* 640 people, more than one page of keys */
        struct roster_key keys[ROSTER_BLOCK];
        const struct roster_block block = {
            .block = i, .n = ROSTER_BLOCK, .body = {"body", 4}, .seeds = {"seeds", 5}};
        for (unsigned k = 0; k < ROSTER_BLOCK; k++)
            keys[k] =
                (struct roster_key){.kind = 1, .blind = {7, 7}, .number = i * ROSTER_BLOCK + k};
        struct store_roster_append append = {.incident = incident,
                                             .upload = upload.upload,
                                             .blocks = &block,
                                             .n_blocks = 1,
                                             .keys = keys,
                                             .n_keys = ROSTER_BLOCK};
        RUN_OK(rig, store_roster_append, &append);
    }
    close_upload(rig, &upload, 640, 0, true);
    struct store_roster_find find = {.incident = incident, .kind = 1, .blind = {7, 7}};
    RUN_OK(rig, store_roster_find, &find);
    assert_int_equal(find.n, 640);
    find.blind[0] = 6;
    RUN_OK(rig, store_roster_find, &find);
    assert_int_equal(find.n, 0);
    find.blind[0] = 8;
    RUN_OK(rig, store_roster_find, &find);
    assert_int_equal(find.n, 0);
}

/* If this fails, merged runs lose keys or duplicates slip through after a restart. */
static void keys_survive_merging_and_restart(void **state)
{
    struct rig *rig = *state;
    uint32_t number = 0;
    char prefix[16], text[32];
    id incident = rig_incident(rig, NULL);
    for (unsigned round = 0; round < 3; round++) {
        struct store_upload upload = open_upload(rig, incident, round + 1, round + 1);
        for (unsigned i = 0; i < 30; i++) {
            snprintf(prefix, sizeof(prefix), "p%u.", round * 30 + i);
            assert_int_equal(
                rig_append(rig, incident, upload.upload, upload.first_block + i, 100, prefix), 0);
        }
        close_upload(rig, &upload, 3000, 0, false);
        rig_restart(rig);
    }
    struct store_roster_commit commit = {.incident = incident, .parts = 3, .count = 9000};
    RUN_OK(rig, store_roster_commit, &commit);
    for (unsigned i = 0; i < 90; i += 7) {
        snprintf(text, sizeof(text), "p%u.%u", i, i);
        assert_int_equal(find(rig, incident, text, &number), 1);
        assert_int_equal(number, i * ROSTER_BLOCK + i);
    }
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    for (unsigned i = 0; i < 90; i += 11) {
        snprintf(prefix, sizeof(prefix), "p%u.", i);
        assert_int_equal(
            rig_append(rig, incident, upload.upload, upload.first_block + i / 11, 100, prefix),
            100);
    }
}

/* If this fails, a resumed upload stores a part twice or takes other bytes for it. */
static void parts_are_idempotent(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL);
    struct store_upload first = open_upload(rig, incident, 1, 1);
    struct store_upload other = {.incident = incident, .part = 2, .digest = {2}};
    assert_int_equal(RUN(rig, store_upload_open, &other), RESULT_BUSY);
    rig_append(rig, incident, first.upload, 0, 5, "a");
    first.digest[0] = 9; /* other bytes came than announced */
    assert_int_equal(RUN(rig, store_upload_close, &first), RESULT_INVALID);
    first.digest[0] = 1;
    close_upload(rig, &first, 4, 1, false);
    struct store_upload again = {.incident = incident, .part = 1, .digest = {1}};
    assert_int_equal(RUN(rig, store_upload_open, &again), RESULT_EXISTS);
    assert_int_equal(again.accepted, 4);
    assert_int_equal(again.duplicates, 1);
    again.digest[0] = 2;
    assert_int_equal(RUN(rig, store_upload_open, &again), RESULT_CONFLICT);
    assert_int_equal(RUN(rig, store_upload_close, &first), RESULT_NOT_FOUND);
}

/* If this fails, a roster with a hole is approved. */
static void commit_wants_all_parts(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    id incident = rig_incident(rig, NULL);
    for (unsigned part = 1; part <= 3; part += 2) {
        struct store_upload upload = open_upload(rig, incident, part, (int)part);
        char prefix[2] = {(char)('a' + part), 0};
        rig_append(rig, incident, upload.upload, upload.first_block, 2, prefix);
        close_upload(rig, &upload, 2, 0, false);
    }
    rig_receipt(&receipts, incident, 0, 0);
    struct store_roster_commit commit = {
        .incident = incident, .parts = 3, .count = -1, .receipts = &receipts};
    assert_int_equal(RUN(rig, store_roster_commit, &commit), RESULT_CONFLICT);
    assert_non_null(strstr(commit.request.error.text, "part 2"));
    commit.parts = 1;
    assert_int_equal(RUN(rig, store_roster_commit, &commit), RESULT_CONFLICT); /* 3 is beyond */
    struct store_upload upload = open_upload(rig, incident, 2, 2);
    close_upload(rig, &upload, 0, 0, false);
    commit.parts = 3;
    commit.count = 5;
    assert_int_equal(RUN(rig, store_roster_commit, &commit), RESULT_CONFLICT);
    assert_int_equal(rig_read_incident(rig, incident).version, 1);
    commit.count = 4;
    RUN_OK(rig, store_roster_commit, &commit);
    assert_int_equal(commit.accepted, 4);
    struct incident_row row = rig_read_incident(rig, incident);
    assert_int_equal(row.version, 2);
    assert_int_equal(row.accepted, 4);
    assert_int_equal(row.blocks, 2);
    assert_int_equal(rig_receipts(rig, incident), 1);
    assert_int_equal(RUN(rig, store_roster_commit, &commit), RESULT_EXISTS);
    assert_int_equal(commit.accepted, 4);
    assert_int_equal(rig_read_incident(rig, incident).version, 2);
    receipt_batch_free(&receipts);
}

/* If this fails, an aborted upload leaves people, keys or a hole in the numbering. */
static void abort_leaves_nothing(void **state)
{
    struct rig *rig = *state;
    uint32_t number = 0;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    rig_append(rig, incident, upload.upload, 0, 300, "a");
    RUN_OK(rig, store_upload_abort, &upload);
    assert_int_equal(RUN(rig, store_upload_abort, &upload), RESULT_NOT_FOUND);
    struct store_upload next = open_upload(rig, incident, 0, 0);
    assert_int_equal(next.first_block, 0);
    assert_int_equal(rig_append(rig, incident, next.upload, 0, 300, "a"), 0);
    close_upload(rig, &next, 300, 0, true);
    assert_int_equal(find(rig, incident, "a299", &number), 1);
    assert_int_equal(number, 299);
}

/* If this fails, an upload that a crash cut stays open for ever. */
static void recovery_forgets_open_uploads(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    rig_append(rig, incident, upload.upload, 0, 3, "a");
    rig_restart(rig);
    struct store_recover recover = {.owner = 6, .now = 1};
    RUN_OK(rig, store_recover, &recover);
    struct store_upload next = open_upload(rig, incident, 0, 0);
    assert_int_equal(rig_append(rig, incident, next.upload, 0, 3, "a"), 0);
}

/* If this fails, blocks of an append end up under numbers that others have. */
static void blocks_follow_one_another(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 0, 0);
    const struct roster_block block = {.block = 1, .n = 1, .body = {"b", 1}, .seeds = {"s", 1}};
    struct roster_key key = {.number = 1};
    struct store_roster_append append = {.incident = incident,
                                         .upload = upload.upload,
                                         .blocks = &block,
                                         .n_blocks = 1,
                                         .keys = &key,
                                         .n_keys = 1};
    assert_int_equal(RUN(rig, store_roster_append, &append), RESULT_CONFLICT);
    const struct roster_block right = {.block = 0, .n = 1, .body = {"b", 1}, .seeds = {"s", 1}};
    append.blocks = &right;
    key.number = 128; /* a key of nobody here */
    assert_int_equal(RUN(rig, store_roster_append, &append), RESULT_INVALID);
    key.number = 0;
    RUN_OK(rig, store_roster_append, &append);
    append.upload = 4711;
    assert_int_equal(RUN(rig, store_roster_append, &append), RESULT_NOT_FOUND);
}

/* If this fails, the uploader does not learn which rows were refused. */
static void rejects_are_listed(void **state)
{
    struct rig *rig = *state;
    struct roster_reject rejects[3] = {{.line = 2}, {.line = 5}, {.line = 9}};
    id incident = rig_incident(rig, NULL);
    struct store_upload upload = open_upload(rig, incident, 4, 1);
    str_copy(rejects[1].field, sizeof(rejects[1].field), "email");
    str_copy(rejects[1].reason, sizeof(rejects[1].reason), "not an address");
    struct store_roster_append append = {
        .incident = incident, .upload = upload.upload, .rejects = rejects, .n_rejects = 3};
    RUN_OK(rig, store_roster_append, &append);
    struct store_reject_list list = {.incident = incident, .limit = 2};
    RUN_OK(rig, store_reject_list, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.parts[1], 4);
    assert_string_equal(list.rejects[1].field, "email");
    assert_string_equal(list.rejects[1].reason, "not an address");
    list.after = list.next;
    RUN_OK(rig, store_reject_list, &list);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.rejects[0].line, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(roster_is_seen_when_committed),
        TEST(second_listing_is_void),
        TEST(twins_of_one_append),
        TEST(one_key_of_many_people),
        TEST(keys_survive_merging_and_restart),
        TEST(parts_are_idempotent),
        TEST(commit_wants_all_parts),
        TEST(abort_leaves_nothing),
        TEST(recovery_forgets_open_uploads),
        TEST(blocks_follow_one_another),
        TEST(rejects_are_listed),
    };
    return rig_run(tests);
}
