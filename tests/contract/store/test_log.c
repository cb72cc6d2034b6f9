/* test_log.c - the log's verbs: one place a batch, one root a size, one sequencer at a time. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/store_log.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

enum { OWNER = 77, OTHER = 78 };

static void put_batches(struct rig *rig, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct receipt_batch batch;
        rig_receipt(&batch, 5, 0, 0);
        struct store_receipt_append append = {.receipts = &batch};
        RUN_OK(rig, store_receipt_append, &append);
        receipt_batch_free(&batch);
    }
}

static enum result lease(struct rig *rig, id owner, time_ms now, struct log_head *ret_head)
{
    struct store_log_lease req = {.owner = owner, .now = now, .until = now + 1000};
    enum result result = RUN(rig, store_log_lease, &req);
    if (ret_head != NULL)
        *ret_head = req.head;
    return result;
}

/* Appends all that waits, from `from` under `epoch`; the root is a letter. */
static enum result append(struct rig *rig, uint64_t from, int64_t epoch, int letter)
{
    static const uint8_t hashes[64] = {1};
    struct log_range ranges[16];
    struct store_log_pending pending = {.limit = 16};
    RUN_OK(rig, store_log_pending, &pending);
    struct store_log_append req = {.size_from = from, .epoch = epoch, .size = from};
    for (size_t i = 0; i < pending.n; i++) {
        ranges[i] = (struct log_range){req.size, pending.rows[i].order, pending.rows[i].n};
        req.size += pending.rows[i].n;
    }
    const struct log_tile tile = {0, 0, {hashes, 32 * (from == 0 ? 1 : 2)}};
    memset(req.root, letter, sizeof(req.root));
    req.ranges = ranges;
    req.n_ranges = pending.n;
    req.tiles = &tile;
    req.n_tiles = 1;
    return RUN(rig, store_log_append, &req);
}

static enum result sign(struct rig *rig, uint64_t size, int64_t epoch, int letter)
{
    struct store_log_sign req = {.epoch = epoch,
                                 .origin = "log.example.org",
                                 .checkpoint = {.size = size, .note = "note\n", .at = 1}};
    memset(req.checkpoint.root, letter, sizeof(req.checkpoint.root));
    return RUN(rig, store_log_sign, &req);
}

/* If this fails, a sequencer that was declared dead goes on beside its successor. */
static void an_older_epoch_changes_nothing(void **state)
{
    struct rig *rig = *state;
    struct log_head first, second;
    put_batches(rig, 3);
    assert_int_equal(lease(rig, OWNER, 0, &first), RESULT_OK);
    assert_int_equal(first.size, 0);
    assert_int_equal(lease(rig, OTHER, 500, NULL), RESULT_CONFLICT);
    assert_int_equal(lease(rig, OWNER, 600, &second), RESULT_OK); /* renewed: the same epoch */
    assert_int_equal(second.epoch, first.epoch);
    assert_int_equal(lease(rig, OTHER, 1600, &second), RESULT_OK);
    assert_int_equal(second.epoch, first.epoch + 1);
    assert_int_equal(append(rig, 0, first.epoch, 'a'), RESULT_CONFLICT);
    assert_int_equal(append(rig, 0, second.epoch, 'a'), RESULT_OK);
    assert_int_equal(sign(rig, 3, first.epoch, 'a'), RESULT_CONFLICT);
    assert_int_equal(sign(rig, 3, second.epoch, 'a'), RESULT_OK);
    struct store_log_lease alone = {.owner = OWNER, .now = 1700, .until = 9999, .alone = true};
    RUN_OK(rig, store_log_lease, &alone); /* nobody else can live: at once */
    assert_int_equal(alone.head.epoch, second.epoch + 1);
    assert_string_equal(alone.head.origin, "log.example.org");
}

/* If this fails, one size gets two roots, or a batch two places. */
static void one_place_a_batch_and_one_root_a_size(void **state)
{
    struct rig *rig = *state;
    struct log_head head;
    put_batches(rig, 2);
    assert_int_equal(lease(rig, OWNER, 0, &head), RESULT_OK);
    struct store_log_pending before = {.limit = 9};
    RUN_OK(rig, store_log_pending, &before);
    assert_int_equal(append(rig, 1, head.epoch, 'a'), RESULT_CONFLICT); /* not there */
    assert_int_equal(append(rig, 0, head.epoch, 'a'), RESULT_OK);
    assert_int_equal(append(rig, 0, head.epoch, 'b'), RESULT_CONFLICT); /* not there any more */
    const struct log_range again = {2, before.rows[0].order, 1};
    struct store_log_append twice = {
        .size_from = 2, .epoch = head.epoch, .size = 3, .ranges = &again, .n_ranges = 1};
    assert_int_not_equal(RUN(rig, store_log_append, &twice), RESULT_OK);
    struct store_log_head now = {.head = {0}};
    RUN_OK(rig, store_log_head, &now);
    assert_int_equal(now.head.size, 2); /* rolled back whole */
    assert_int_equal(now.head.root[0], 'a');
    assert_int_equal(sign(rig, 2, head.epoch, 'b'), RESULT_CONFLICT);
    assert_int_equal(sign(rig, 1, head.epoch, 'a'), RESULT_CONFLICT);
    assert_int_equal(sign(rig, 2, head.epoch, 'a'), RESULT_OK);
    assert_int_equal(sign(rig, 2, head.epoch, 'a'), RESULT_EXISTS);
    struct store_log_sign other = {.epoch = head.epoch,
                                   .origin = "other.example.org",
                                   .checkpoint = {.size = 2, .note = "x\n", .at = 1}};
    memset(other.checkpoint.root, 'a', DIGEST_SIZE);
    assert_int_equal(RUN(rig, store_log_sign, &other), RESULT_CONFLICT);
    assert_string_equal(other.request.error.field, "log.origin");
}

/* If this fails, a restart finds another log than the one that was left. */
static void places_and_tiles_are_found_again(void **state)
{
    struct rig *rig = *state;
    struct log_head head;
    put_batches(rig, 2);
    assert_int_equal(lease(rig, OWNER, 0, &head), RESULT_OK);
    struct store_log_pending rows = {.limit = 9};
    RUN_OK(rig, store_log_pending, &rows);
    id batch = rows.rows[1].batch;
    assert_int_equal(append(rig, 0, head.epoch, 'a'), RESULT_OK);
    assert_int_equal(sign(rig, 2, head.epoch, 'a'), RESULT_OK);
    put_batches(rig, 1);
    assert_int_equal(append(rig, 2, head.epoch, 'b'), RESULT_OK);
    assert_int_equal(sign(rig, 3, head.epoch, 'b'), RESULT_OK);
    rig_restart(rig);
    struct store_log_find find = {.batch = batch};
    RUN_OK(rig, store_log_find, &find);
    assert_true(find.placed);
    assert_int_equal(find.range.first, 1);
    assert_int_equal(find.head.size, 3);
    find.batch = 12345;
    assert_int_equal(RUN(rig, store_log_find, &find), RESULT_NOT_FOUND);
    struct log_tile tiles[2] = {{0, 0, {NULL, 0}}, {0, 1, {NULL, 0}}};
    struct store_log_tiles read = {.tiles = tiles, .n = 2};
    RUN_OK(rig, store_log_tiles, &read);
    assert_int_equal(tiles[0].hashes.length, 64); /* the longer one won */
    assert_int_equal(tiles[1].hashes.length, 0);
    struct store_log_entries entries = {.first = 1, .n = 2};
    RUN_OK(rig, store_log_entries, &entries);
    assert_int_equal(entries.n_rows, 2);
    assert_int_equal(entries.rows[0].range.first, 1);
    entries.first = 3;
    RUN_OK(rig, store_log_entries, &entries);
    assert_true(entries.n_rows == 0 || entries.rows[0].range.first + entries.rows[0].range.n <= 3);
    struct store_log_cosign cosign = {.size = 2, .name = "w", .line = "line\n", .at = 5};
    RUN_OK(rig, store_log_cosign, &cosign);
    RUN_OK(rig, store_log_cosign, &cosign); /* again: replaced */
    cosign.size = 9;
    assert_int_equal(RUN(rig, store_log_cosign, &cosign), RESULT_NOT_FOUND);
    struct store_log_checkpoint newest = {.size = UINT64_MAX};
    RUN_OK(rig, store_log_checkpoint, &newest);
    assert_int_equal(newest.checkpoint.size, 3);
    assert_string_equal(newest.checkpoint.cosignatures, "");
    newest.name = "w";
    RUN_OK(rig, store_log_checkpoint, &newest);
    assert_int_equal(newest.checkpoint.size, 2);
    assert_string_equal(newest.checkpoint.cosignatures, "line\n");
}

/* If this fails, what others vouched for is lost, or stands under a checkpoint that was never
 * signed. */
static void anchors_stand_under_signed_checkpoints(void **state)
{
    struct rig *rig = *state;
    struct log_head head;
    put_batches(rig, 1);
    assert_int_equal(lease(rig, OWNER, 1000, &head), RESULT_OK);
    assert_int_equal(append(rig, 0, head.epoch, 'a'), RESULT_OK);
    struct store_log_anchor put = {
        .row = {
            .size = 1, .name = "tsa", .kind = LOG_ANCHOR_TIMESTAMP, .proof = {"t", 1}, .at = 5}};
    assert_int_equal(RUN(rig, store_log_anchor, &put), RESULT_NOT_FOUND);
    assert_int_equal(sign(rig, 1, head.epoch, 'a'), RESULT_OK);
    RUN_OK(rig, store_log_anchor, &put);
    put_batches(rig, 1);
    assert_int_equal(append(rig, 1, head.epoch, 'b'), RESULT_OK);
    assert_int_equal(sign(rig, 2, head.epoch, 'b'), RESULT_OK);
    put.row.size = 2;
    RUN_OK(rig, store_log_anchor, &put);
    put.row.name = "mail 0";
    put.row.kind = LOG_ANCHOR_MAIL;
    put.row.proof = (struct blob){NULL, 0};
    RUN_OK(rig, store_log_anchor, &put);
    struct store_log_anchors list = {.kind = LOG_ANCHOR_TIMESTAMP, .most = UINT64_MAX, .limit = 9};
    RUN_OK(rig, store_log_anchors, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.rows[0].size, 1);
    assert_int_equal(list.rows[1].size, 2);
    assert_string_equal(list.rows[0].note, "note\n");
    assert_memory_equal(list.rows[0].proof.data, "t", 1);
    struct store_log_anchors newest = {
        .name = "tsa", .after = 1, .most = 2, .newest = true, .limit = 1};
    RUN_OK(rig, store_log_anchors, &newest);
    assert_int_equal(newest.n, 1);
    assert_int_equal(newest.rows[0].size, 2);
    newest.name = "other";
    RUN_OK(rig, store_log_anchors, &newest);
    assert_int_equal(newest.n, 0);
}

/* If this fails, the end of a log loses receipts, or the next one begins with anything but its end.
 */
static void a_log_ends_and_the_next_begins(void **state)
{
    struct rig *rig = *state;
    struct log_head head;
    struct receipt_batch begun;
    rig_receipt(&begun, 0, 0, 0);
    struct store_log_end end = {.shard = 1,
                                .size = 2,
                                .origin = "next.example.org",
                                .reason = "key_stolen",
                                .at = 9,
                                .begun = &begun};
    assert_int_equal(RUN(rig, store_log_end, &end), RESULT_NOT_FOUND);
    put_batches(rig, 2);
    assert_int_equal(lease(rig, OWNER, 1000, &head), RESULT_OK);
    assert_int_equal(append(rig, 0, head.epoch, 'a'), RESULT_OK);
    assert_int_equal(sign(rig, 2, head.epoch, 'a'), RESULT_OK);
    put_batches(rig, 1); /* has a place, but is not signed for */
    assert_int_equal(append(rig, 2, head.epoch, 'b'), RESULT_OK);
    put_batches(rig, 1); /* has none */
    end.size = 3;
    assert_int_equal(RUN(rig, store_log_end, &end), RESULT_CONFLICT);
    end.size = 2;
    end.origin = "log.example.org";
    assert_int_equal(RUN(rig, store_log_end, &end), RESULT_CONFLICT);
    end.origin = "next.example.org";
    RUN_OK(rig, store_log_end, &end);
    assert_int_equal(append(rig, 3, head.epoch, 'c'), RESULT_CONFLICT); /* the old sequencer */
    assert_int_equal(lease(rig, OTHER, 1001, &head), RESULT_OK);
    assert_int_equal(head.shard, 2);
    assert_int_equal(head.size, 0);
    assert_string_equal(head.origin, "");
    struct store_log_pending pending = {.limit = 9};
    RUN_OK(rig, store_log_pending, &pending);
    assert_int_equal(pending.n, 1);
    assert_int_equal(pending.rows[0].batch, begun.id);
    assert_int_equal(append(rig, 0, head.epoch, 'd'), RESULT_OK);
    struct store_log_pending rest = {.limit = 9};
    RUN_OK(rig, store_log_pending, &rest);
    assert_int_equal(rest.n, 2);
    struct store_log_find find = {.batch = begun.id};
    RUN_OK(rig, store_log_find, &find);
    assert_int_equal(find.shard, 2);
    assert_int_equal(find.range.first, 0);
    assert_int_equal(sign(rig, 1, head.epoch, 'd'), RESULT_CONFLICT); /* under the old origin */
    struct store_log_shards shards = {.n = 0};
    RUN_OK(rig, store_log_shards, &shards);
    assert_int_equal(shards.n, 1);
    assert_int_equal(shards.rows[0].size, 2);
    assert_string_equal(shards.rows[0].origin, "log.example.org");
    struct store_log_entries old = {.shard = 1, .first = 0, .n = 9};
    RUN_OK(rig, store_log_entries, &old);
    assert_int_equal(old.n_rows, 2);
    receipt_batch_free(&begun);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_older_epoch_changes_nothing),   TEST(one_place_a_batch_and_one_root_a_size),
        TEST(places_and_tiles_are_found_again), TEST(anchors_stand_under_signed_checkpoints),
        TEST(a_log_ends_and_the_next_begins),
    };
    return rig_run(tests);
}
