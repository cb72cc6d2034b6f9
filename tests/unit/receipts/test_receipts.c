/* test_receipts.c - leaves byte for byte, details opened, tampering, erasure. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>
#include <zlib.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/receipt.h"

/* This module. */
#include "service/receipts/receipt_leaves.h"

enum { VIEWS = 1000 };
struct views {
    unsigned n;
    struct buf leaf[VIEWS], details[VIEWS];
};

static void keep(void *context, const struct receipt_view *view)
{
    struct views *views = context;
    assert_int_equal(view->slot, views->n);
    assert_int_equal(strlen(view->leaf), view->leaf_length);
    buf_init(&views->leaf[view->slot], SIZE_MAX);
    buf_init(&views->details[view->slot], SIZE_MAX);
    buf_add(&views->leaf[view->slot], view->leaf, view->leaf_length);
    buf_add(&views->details[view->slot], view->details, view->details_length);
    views->n++;
}

static struct receipt_view view_of(const struct views *views, unsigned slot)
{
    return (struct receipt_view){.slot = slot,
                                 .leaf = views->leaf[slot].data,
                                 .leaf_length = views->leaf[slot].length,
                                 .details = (const uint8_t *)views->details[slot].data,
                                 .details_length = views->details[slot].length};
}

static void forget(struct views *views)
{
    for (unsigned i = 0; i < views->n; i++) {
        buf_free(&views->leaf[i]);
        buf_free(&views->details[i]);
    }
    views->n = 0;
}

static struct views views;
static const struct seal_key seed = {.bytes = {1, 2, 3}}, incident_key = {.bytes = {4, 5, 6}};
static const uint8_t notice[DIGEST_SIZE] = {0xab};
#define NOTICE "ab00000000000000000000000000000000000000000000000000000000000000"

static struct receipt attempt(void)
{
    return (struct receipt){.kind = RECEIPT_ATTEMPT,
                            .at = 1795451400123, /* 2026-11-23T16:30:00.123Z */
                            .incident = 77,
                            .wave = 3,
                            .channel = "email",
                            .attempt = 1,
                            .outcome = OUTCOME_ACCEPTED,
                            .evidence = EVIDENCE_ACCEPTED,
                            .status = "2.0.0",
                            .code = 250,
                            .notice_digest = notice,
                            .seed = &seed,
                            .recipient_id = "c-1",
                            .number = 9,
                            .address = "joe@example.com",
                            .provider = "relay1",
                            .provider_ref = "4F2A",
                            .diagnostic = "250 queued for \"joe\""};
}

/* A finished batch with a known id, read back into `views`. */
static void make(struct receipt_batch *batch, const struct receipt *receipts, unsigned n)
{
    receipt_batch_init(batch, 77, 3, 12);
    batch->id = 5;
    for (unsigned i = 0; i < n; i++)
        receipt_batch_add(batch, &incident_key, &receipts[i]);
    receipt_batch_finish(batch);
    assert_int_equal(receipt_batch_read(batch->leaves.data, batch->leaves.length,
                                        batch->details.data, batch->details.length, keep, &views),
                     RESULT_OK);
    assert_int_equal(views.n, n);
}

/* If this fails, the log holds other bytes than verifiers expect: old proofs break. */
static void leaf_is_these_bytes(void **state)
{
    (void)state;
    struct receipt_batch batch;
    struct receipt receipt = attempt();
    make(&batch, &receipt, 1);
    assert_string_equal(
        views.leaf[0].data,
        "{\"attempt\":1,\"channel\":\"email\",\"code\":250,\"day\":\"2026-11-23\","
        "\"event\":\"RelayToNonERDS\",\"evidence\":\"accepted\",\"incident\":\"inc_000000000002d\","
        "\"kind\":\"attempt\",\"notice\":\"" NOTICE "\",\"outcome\":\"accepted\","
        "\"person\":\"77970d1d24e37c7bbc9ff4029d86fa5d7e61b60c4d53c76ef0ee446bf469fc0f\","
        "\"status\":\"2.0.0\",\"v\":1,\"wave\":3}");
    forget(&views);
    receipt_batch_free(&batch);
}

/* If this fails, a leaf is not canonical, or names a person. */
static void leaf_is_canonical_and_says_nothing_personal(void **state)
{
    (void)state;
    struct receipt_batch batch;
    struct receipt receipts[3] = {attempt(), attempt(), attempt()};
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "rejected", json_object_new_int(2));
    json_object_object_add(facts, "accepted", json_object_new_int(40));
    receipts[1].kind = RECEIPT_ROSTER_ACCEPTED;
    receipts[1].facts = facts;
    receipts[1].actor = "prn_x";
    receipts[1].reason = "a \"word\" with \\ and \xc3\xa9";
    receipts[2].kind = RECEIPT_HELD;
    receipts[2].seed = NULL;
    receipts[2].note = "Officer Smith asks to wait";
    receipts[2].recipient_id = receipts[2].address = NULL;
    make(&batch, receipts, 3);
    static const char *const secrets[] = {"joe", "c-1", "4F2A", "relay1", "Smith", "16:30"};
    for (unsigned i = 0; i < 3; i++) {
        struct json_object *json = NULL;
        struct buf again;
        buf_init(&again, SIZE_MAX);
        assert_int_equal(json_read(views.leaf[i].data, views.leaf[i].length, &json, NULL),
                         RESULT_OK);
        assert_true(json_write(&again, json));
        assert_string_equal(again.data, views.leaf[i].data);
        for (unsigned k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++) {
            assert_null(strstr(views.leaf[i].data, secrets[k]));
            if (i != 1)
                assert_null(memmem(views.details[i].data, views.details[i].length, secrets[k],
                                   strlen(secrets[k])));
        }
        json_object_put(json);
        buf_free(&again);
    }
    assert_non_null(strstr(views.leaf[1].data, "\"facts\":{\"accepted\":40,\"rejected\":2}"));
    assert_null(strstr(views.leaf[2].data, "outcome")); /* of attempts only */
    json_object_put(facts);
    forget(&views);
    receipt_batch_free(&batch);
}

/* If this fails, compliance cannot show to whom an attempt went. */
static void details_open_with_the_seed(void **state)
{
    (void)state;
    struct receipt_batch batch;
    struct receipt receipts[2] = {attempt(), attempt()};
    struct buf text;
    buf_init(&text, SIZE_MAX);
    make(&batch, receipts, 2);
    struct receipt_view view = view_of(&views, 1);
    assert_true(receipt_details_open(&text, &view, 5, NULL, &seed));
    static const char expected[] =
        "{\"address\":\"joe@example.com\",\"at\":\"2026-11-23T16:30:00.123Z\","
        "\"diagnostic\":\"250 queued for \\\"joe\\\"\",\"number\":9,\"provider\":\"relay1\","
        "\"provider_ref\":\"4F2A\",\"recipient_id\":\"c-1\",\"salt\":\"";
    assert_memory_equal(text.data, expected, sizeof(expected) - 1);
    assert_int_equal(text.length, sizeof(expected) - 1 + 64 + 2);
    forget(&views);
    buf_free(&text);
    receipt_batch_free(&batch);
}

/* If this fails, whoever reads the log can prove its commitment only with our program. */
static void commitment_is_a_plain_hash(void **state)
{
    (void)state;
    struct receipt_batch batch;
    struct receipt receipt = attempt();
    struct buf text, salted;
    char hex[DIGEST_TEXT_SIZE];
    uint8_t digest[DIGEST_SIZE];
    buf_init(&text, SIZE_MAX);
    buf_init(&salted, SIZE_MAX);
    make(&batch, &receipt, 1);
    struct receipt_view view = view_of(&views, 0);
    assert_true(receipt_details_open(&text, &view, 5, NULL, &seed));
    char *at = strstr(text.data, ",\"salt\":\"");
    assert_non_null(at);
    uint8_t salt[32];
    assert_int_equal(hex_decode(salt, sizeof(salt), at + 9, 64), 32);
    buf_add(&salted, salt, sizeof(salt));
    buf_add(&salted, text.data, (size_t)(at - text.data));
    buf_putc(&salted, '}');
    sha256(digest, salted.data, salted.length);
    hex_encode(hex, digest, DIGEST_SIZE);
    assert_non_null(strstr(views.leaf[0].data, hex));
    forget(&views);
    buf_free(&text);
    buf_free(&salted);
    receipt_batch_free(&batch);
}

static void refuses(const struct receipt_view *view, id batch, const struct seal_key *key,
                    const struct seal_key *person)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    assert_false(receipt_details_open(&text, view, batch, key, person));
    assert_int_equal(text.length, 0);
    buf_free(&text);
}

/* If this fails, an erased person can be read, or details were moved under another leaf. */
static void erased_moved_and_forged_details_stay_shut(void **state)
{
    (void)state;
    struct receipt_batch batch;
    struct receipt receipts[2] = {attempt(), attempt()};
    static const struct seal_key zeros;
    receipts[1].address = "ann@example.com";
    make(&batch, receipts, 2);
    struct receipt_view view = view_of(&views, 0), other = view_of(&views, 1);
    refuses(&view, 5, &incident_key, NULL);
    refuses(&view, 5, &incident_key, &zeros); /* the seed was erased */
    refuses(&view, 6, &incident_key, &seed);  /* of another batch */
    struct receipt_view moved = other;
    moved.slot = 0;
    refuses(&moved, 5, NULL, &seed);
    struct receipt_view foreign = view; /* the right details beside a leaf of others */
    foreign.leaf = other.leaf;
    foreign.leaf_length = other.leaf_length;
    refuses(&foreign, 5, NULL, &seed);
    struct receipt_view cut = view;
    for (cut.details_length = 0; cut.details_length < view.details_length; cut.details_length++)
        refuses(&cut, 5, &incident_key, &seed);
    for (size_t i = 0; i < view.details_length; i += 7) {
        views.details[0].data[i] ^= 4;
        refuses(&view, 5, &incident_key, &seed);
        views.details[0].data[i] ^= 4;
    }
    forget(&views);
    receipt_batch_free(&batch);
}

/* If this fails, the reason of a hold is lost or readable without the incident's key. */
static void notes_open_with_the_incident_key(void **state)
{
    (void)state;
    struct receipt_batch batch;
    const struct receipt held = {.kind = RECEIPT_HELD,
                                 .at = 1795451400123,
                                 .incident = 77,
                                 .outcome = -1,
                                 .note = "line\n\xff\xfe end"};
    struct buf text;
    buf_init(&text, SIZE_MAX);
    make(&batch, &held, 1);
    struct receipt_view view = view_of(&views, 0);
    refuses(&view, 5, NULL, NULL);
    refuses(&view, 5, &seed, NULL);
    assert_true(receipt_details_open(&text, &view, 5, &incident_key, NULL));
    assert_non_null(strstr(text.data, "\"note\":\"line\\n?? end\""));
    assert_non_null(strstr(view.leaf, "\"details\":\""));
    forget(&views);
    buf_free(&text);
    receipt_batch_free(&batch);
}

/* If this fails, receipts about the service itself cannot be read without keys. */
static void plain_details_need_no_key(void **state)
{
    (void)state;
    struct receipt_batch batch;
    const struct receipt started = {
        .kind = RECEIPT_NODE_STARTED, .at = 1795451400123, .outcome = -1};
    struct buf text;
    buf_init(&text, SIZE_MAX);
    receipt_batch_init(&batch, 0, 0, 0);
    receipt_batch_add(&batch, NULL, &started);
    receipt_batch_finish(&batch);
    assert_int_equal(receipt_batch_read(batch.leaves.data, batch.leaves.length, batch.details.data,
                                        batch.details.length, keep, &views),
                     RESULT_OK);
    assert_string_equal(views.leaf[0].data,
                        "{\"day\":\"2026-11-23\",\"kind\":\"node_started\",\"v\":1}");
    struct receipt_view view = view_of(&views, 0);
    assert_true(receipt_details_open(&text, &view, batch.id, NULL, NULL));
    assert_string_equal(text.data, "{\"at\":\"2026-11-23T16:30:00.123Z\"}");
    forget(&views);
    buf_free(&text);
    receipt_batch_free(&batch);
}

static void never(void *context, const struct receipt_view *view)
{
    (void)context, (void)view;
    fail_msg("a damaged batch was shown");
}

static void add_leaf(void *context, const struct receipt_view *view)
{
    sha256_add(context, view->leaf, view->leaf_length);
}

/* If this fails, a damaged row of the store crashes the reader or shows half of a batch. */
static void damaged_batches_are_refused(void **state)
{
    (void)state;
    struct receipt_batch batch;
    struct receipt receipts[20];
    for (int i = 0; i < 20; i++)
        receipts[i] = attempt();
    make(&batch, receipts, 20);
    forget(&views);
    uint8_t whole[DIGEST_SIZE];
    struct sha256_stream *all = sha256_begin();
    receipt_batch_read(batch.leaves.data, batch.leaves.length, batch.details.data,
                       batch.details.length, add_leaf, all);
    sha256_end(&all, whole);
    const char *leaves = batch.leaves.data, *details = batch.details.data;
    size_t n = batch.leaves.length, m = batch.details.length;
    for (size_t cut = 0; cut < n; cut += 3)
        assert_int_equal(receipt_batch_read(leaves, cut, details, m, never, NULL), RESULT_INVALID);
    for (size_t cut = 0; cut < m; cut += 3)
        assert_int_equal(receipt_batch_read(leaves, n, details, cut, never, NULL), RESULT_INVALID);
    for (size_t i = 0; i < n; i++) {
        batch.leaves.data[i] ^= 0x10; /* zlib's checksum covers the leaves */
        uint8_t digest[DIGEST_SIZE];
        struct sha256_stream *stream = sha256_begin();
        enum result result = receipt_batch_read(leaves, n, details, m, add_leaf, stream);
        sha256_end(&stream, digest);
        if (result == RESULT_OK) /* the same text can be deflated in several ways */
            assert_memory_equal(digest, whole, DIGEST_SIZE);
        batch.leaves.data[i] ^= 0x10;
    }
    receipt_batch_free(&batch);
}

/* If this fails, a full batch does not come back as it was written. */
static void a_thousand_in_one_batch(void **state)
{
    (void)state;
    static struct receipt receipts[1000];
    struct receipt_batch batch;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    for (unsigned i = 0; i < 1000; i++) {
        receipts[i] = attempt();
        receipts[i].number = i;
    }
    make(&batch, receipts, 1000);
    struct receipt_view view = view_of(&views, 999);
    assert_true(receipt_details_open(&text, &view, 5, NULL, &seed));
    assert_non_null(strstr(text.data, "\"number\":999,"));
    forget(&views);
    buf_free(&text);
    receipt_batch_free(&batch);
}

static const char *event_of(enum receipt_kind kind, int outcome, enum evidence evidence,
                            bool in_account)
{
    static char word[64];
    struct receipt_batch batch;
    const struct receipt receipt = {
        .kind = kind, .outcome = outcome, .evidence = evidence, .in_account = in_account};
    make(&batch, &receipt, 1);
    const char *at = strstr(views.leaf[0].data, "\"event\":\"");
    word[0] = 0;
    if (at != NULL) {
        size_t length = strcspn(at + 9, "\"");
        memcpy(word, at + 9, length);
        word[length] = 0;
    }
    forget(&views);
    receipt_batch_free(&batch);
    return word;
}

/* Every leaf alone is the leaf among all. */
static void check_slots(const struct buf *packed, unsigned n)
{
    struct buf leaf;
    buf_init(&leaf, SIZE_MAX);
    for (unsigned slot = 0; slot < n; slot++) {
        buf_clear(&leaf);
        assert_true(receipt_leaf_read(packed->data, packed->length, n, slot, &leaf));
        assert_int_equal(leaf.length, views.leaf[slot].length);
        assert_memory_equal(leaf.data, views.leaf[slot].data, leaf.length);
    }
    buf_clear(&leaf);
    assert_false(receipt_leaf_read(packed->data, packed->length, n, n, &leaf));
    buf_free(&leaf);
}

static void collect(struct buf *raw, const struct views *from)
{
    for (unsigned i = 0; i < from->n; i++) {
        buf_add_u16(raw, (uint16_t)from->leaf[i].length);
        buf_add(raw, from->leaf[i].data, from->leaf[i].length);
    }
}

/* If this fails, a proof is about another receipt than the one that was asked for, or those that
 * were stored without restart points, or at the edges of one, cannot be proved. */
static void one_leaf_is_found_without_the_others(void **state)
{
    static const unsigned sizes[] = {1, 127, 128, 129, 256, 257, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct receipt_batch batch;
        struct receipt receipt = attempt();
        struct buf raw, plain;
        receipt_batch_init(&batch, 7, 1, 1);
        for (receipt.number = 0; receipt.number < sizes[i]; receipt.number++)
            receipt_batch_add(&batch, &incident_key, &receipt);
        receipt_batch_finish(&batch);
        assert_int_equal(receipt_batch_read(batch.leaves.data, batch.leaves.length,
                                            batch.details.data, batch.details.length, keep, &views),
                         RESULT_OK);
        check_slots(&batch.leaves, sizes[i]);
        buf_init(&raw, SIZE_MAX);
        buf_init(&plain, SIZE_MAX);
        collect(&raw, &views);
        uLongf length = compressBound(raw.length);
        char *room = buf_reserve(&plain, length);
        assert_int_equal(compress2((Bytef *)room, &length, (const Bytef *)raw.data, raw.length, 1),
                         Z_OK);
        plain.length = length;
        check_slots(&plain, sizes[i]);
        buf_free(&raw);
        buf_free(&plain);
        forget(&views);
        receipt_batch_free(&batch);
    }
}

/* If this fails, our evidence claims to be another kind of evidence than it is. */
static void events_have_their_etsi_names(void **state)
{
    (void)state;
    const enum receipt_kind a = RECEIPT_ATTEMPT, e = RECEIPT_EVIDENCE;
    assert_string_equal(event_of(a, OUTCOME_REJECTED, 0, false), "RelayToNonERDSFailure");
    assert_string_equal(event_of(a, OUTCOME_DEFERRED, 0, false), "");
    assert_string_equal(event_of(a, OUTCOME_UNCERTAIN, 0, false), "");
    assert_string_equal(event_of(a, OUTCOME_ACCEPTED, 0, true), "ContentConsignment");
    assert_string_equal(event_of(a, OUTCOME_REJECTED, 0, true), "ContentConsignmentFailure");
    assert_string_equal(event_of(e, -1, EVIDENCE_DELIVERED, false), "RelayToNonERDS");
    assert_string_equal(event_of(e, -1, EVIDENCE_RETURNED, false), "RelayToNonERDSFailure");
    assert_string_equal(event_of(e, -1, EVIDENCE_DISPLAYED, true), "ContentHandover");
    assert_string_equal(event_of(e, -1, EVIDENCE_ACKNOWLEDGED, true), "ContentAccessTracking");
    assert_string_equal(event_of(RECEIPT_ROSTER_ACCEPTED, -1, 0, false), "SubmissionAcceptance");
    assert_string_equal(event_of(RECEIPT_TOLD, -1, EVIDENCE_DELIVERED, false), "");
}

/* If this fails, a kind has no name, or two share one. */
static void kinds_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < RECEIPT_KINDS_N; i++)
        assert_int_equal(receipt_kind_find(receipt_kind_name((enum receipt_kind)i)), i);
    assert_int_equal(receipt_kind_find("nonsense"), -1);
}

static int setup(void **state)
{
    (void)state;
    seal_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_is_these_bytes),
        cmocka_unit_test(leaf_is_canonical_and_says_nothing_personal),
        cmocka_unit_test(details_open_with_the_seed),
        cmocka_unit_test(commitment_is_a_plain_hash),
        cmocka_unit_test(erased_moved_and_forged_details_stay_shut),
        cmocka_unit_test(notes_open_with_the_incident_key),
        cmocka_unit_test(plain_details_need_no_key),
        cmocka_unit_test(damaged_batches_are_refused),
        cmocka_unit_test(a_thousand_in_one_batch),
        cmocka_unit_test(one_leaf_is_found_without_the_others),
        cmocka_unit_test(events_have_their_etsi_names),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
