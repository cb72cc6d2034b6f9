/* A person is forgotten: whoever holds the master key and the disk finds nothing of him any more,
 * and every leaf is as it was. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/erase/erase.h"
#include "tests/support/dig.h"
#include "tests/support/engine_rig.h"
#include "tocsin/store_erase.h"

/* The canaries: what must not be found. */
static const char *const canaries[] = {"Quintessa",         "quintessa@kanari-familie.example",
                                       "+491701234567",     "Zaunkoenigweg",
                                       "acct-kanari-4711",  "rcp-kanari-4711",
                                       "Vogelhausen",       "kanari-familie",
                                       "diagnosis-kanari-X"};
enum { CANARIES_N = sizeof(canaries) / sizeof(canaries[0]) };

static const char roster[] =
    "{\"recipient_id\":\"rcp-a\",\"name\":\"Ann Other\",\"email\":\"ok@other.example\","
    "\"account_id\":\"acct-a\"}\n"
    "{\"recipient_id\":\"rcp-kanari-4711\",\"name\":\"Quintessa "
    "Kanari\",\"email\":\"quintessa@kanari-familie.example\",\"phone\":\"+491701234567\","
    "\"account_id\":\"acct-kanari-4711\",\"address\":{\"line1\":\"Zaunkoenigweg "
    "7\",\"city\":\"Vogelhausen\",\"postal_code\":\"80331\",\"country\":\"DE\"},"
    "\"fields\":{\"scope\":\"diagnosis-kanari-X\"}}\n"
    "{\"recipient_id\":\"rcp-c\",\"name\":\"Carl Third\",\"email\":\"ok@third.example\"}\n";

struct world {
    struct rig *rig;
    struct dig *dig;
    char database[128];
};

static int setup(void **state)
{
    struct world *world = mem_new(struct world);
    world->rig = rig_create();
    world->dig = dig_create(&world->rig->master);
    snprintf(world->database, sizeof(world->database), "%s/store.db", world->rig->dir);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    dig_destroy(&world->dig);
    rig_destroy(&world->rig);
    mem_free(world);
    return 0;
}

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

/* ---- Doing. ---- */

static struct delivery_erase erase(struct rig *rig, id incident, const char *recipient_id)
{
    bool done = false;
    struct arena *arena = arena_create(1 << 20);
    struct delivery_erase req = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident,
        .recipient_id = recipient_id,
        .principal = 3,
        .basis = "gdpr-17-1-b"};
    delivery_erase(rig->delivery, &req);
    rig_settle(rig);
    assert_true(done);
    arena_destroy(&arena);
    return req;
}

static void on_banner(struct banner_put *put, enum result result)
{
    assert_int_equal(result, RESULT_OK);
    *(bool *)put->private_state = true;
}

/* The scripted channel keeps no banners: this one does what the real driver does. */
static void place_banner(struct rig *rig, const char *account, const char *body)
{
    bool done = false;
    for (unsigned i = 0; i < rig->n_sent; i++) {
        if (rig->sent[i].channel != RIG_BANNER || !str_equal(rig->sent[i].to, account))
            continue;
        struct banner_put put = {.account = account,
                                 .token = rig->sent[i].token,
                                 .key = rig->sent[i].key,
                                 .locale = "en",
                                 .title = "Notice",
                                 .line = "Read this",
                                 .body = body,
                                 .cb = on_banner,
                                 .private_state = &done};
        rig->delivery->board.put(&rig->delivery->board, &put);
        rig_settle(rig);
    }
    assert_true(done);
}

static void on_stored(struct store_request *request)
{
    assert_int_equal(request->result, RESULT_OK);
    *(bool *)request->user = true;
}

/* A written request as the desk stores it, with the API's stored reply. */
static void plant_request(struct rig *rig, id incident, int64_t number, const char *given)
{
    bool done = false;
    struct arena *arena = arena_create(1 << 20);
    struct delivery_incident_get get = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident};
    struct buf body, reply;
    struct seal_key key;
    char text[ID_TEXT_SIZE], location[128], bound[64];
    delivery_incident_get(rig->delivery, &get);
    rig_settle(rig);
    json_object_put(get.document);
    struct store_written_request put = {.request = {.cb = on_stored, .user = &done},
                                        .row = {.id = id_new(),
                                                .incident = incident,
                                                .number = number,
                                                .state = REQUEST_CLOSED,
                                                .channel_received = "email",
                                                .received_at = clock_now(&rig->clock.clock),
                                                .changed_at = clock_now(&rig->clock.clock),
                                                .due_at = TIME_NONE}};
    buf_init(&body, SIZE_MAX);
    buf_init(&reply, SIZE_MAX);
    assert_true(delivery_seal(rig->delivery, get.row.key, id_format(text, "req", put.row.id),
                              (struct blob){given, strlen(given)}, &body));
    snprintf(location, sizeof(location), "/v1/written-notice-requests/%s", text);
    snprintf(bound, sizeof(bound), "idempotency:7:%s", text);
    delivery_service_key(rig->delivery, "idempotency", &key);
    seal_add(&reply, &key, bound, given, strlen(given));
    const struct idempotency record = {.principal = 7,
                                       .key = text,
                                       .status = 201,
                                       .location = location,
                                       .reply = {reply.data, reply.length},
                                       .at = put.row.received_at};
    put.idempotency = &record;
    put.row.body = (struct blob){body.data, body.length};
    done = false;
    store_written_request_put(rig->store, &put);
    rig_settle(rig);
    assert_true(done);
    buf_free(&body);
    buf_free(&reply);
    arena_destroy(&arena);
}

/* To the end, with a banner and two written requests, one of them matched to nobody. */
static id told(struct world *world)
{
    id incident = rig_incident(world->rig, roster);
    rig_settle(world->rig);
    place_banner(world->rig, "acct-kanari-4711", "Dear Quintessa Kanari, diagnosis-kanari-X");
    place_banner(world->rig, "acct-a", "Dear Ann Other");
    rig_pass(world->rig, 100 * DAY);
    assert_int_equal(rig_state(world->rig, incident), WAVE_SETTLED);
    plant_request(world->rig, incident, 1,
                  "{\"given\":{\"name\":\"Quintessa Kanari\",\"note\":\"Zaunkoenigweg\"}}");
    plant_request(world->rig, incident, -1,
                  "{\"given\":{\"email\":\"Quintessa@kanari-familie.example\"}}");
    plant_request(world->rig, incident, -1, "{\"given\":{\"email\":\"someone@else.example\"}}");
    return incident;
}

/* All leaves of the incident, one after the other. */
static void read_leaves(struct rig *rig, id incident, struct buf *to)
{
    bool done = false;
    struct arena *arena = arena_create(16 << 20);
    struct store_receipt_list list = {.request = {.cb = on_stored, .user = &done, .arena = arena},
                                      .incident = incident};
    list.limit = 1000;
    store_receipt_list(rig->store, &list);
    rig_settle(rig);
    assert_true(done);
    for (size_t i = 0; i < list.n; i++) {
        buf_add(to, list.rows[i].leaves.data, list.rows[i].leaves.length);
        buf_add(to, list.rows[i].details.data, list.rows[i].details.length);
    }
    arena_destroy(&arena);
}

/* ---- Tests. ---- */

/* If this fails, "we have erased you" is a lie: somebody with the master key still finds the
 * person, or a proof breaks, or somebody else was erased too. */
static void nothing_is_left(void **state)
{
    struct world *world = *state;
    struct buf before, after;
    id incident = told(world);
    dig_learn(world->dig, world->database);
    dig_open(world->dig, world->database);
    for (size_t i = 0; i < CANARIES_N; i++)
        assert_true(dig_finds(world->dig, canaries[i])); /* else the digger is blind */
    assert_true(dig_guesses(world->dig, "recipient_id", "rcp-kanari-4711"));
    assert_true(dig_guesses(world->dig, "account_id", "acct-kanari-4711"));
    assert_int_equal(dig_people(world->dig), 3);
    buf_init(&before, SIZE_MAX);
    buf_init(&after, SIZE_MAX);
    read_leaves(world->rig, incident, &before);

    struct delivery_erase done = erase(world->rig, incident, "rcp-kanari-4711");
    assert_int_equal(done.request.result, RESULT_OK);
    assert_int_equal(done.people, 1);
    assert_true(done.verified);

    dig_learn(world->dig, world->database);
    dig_open(world->dig, world->database);
    for (size_t i = 0; i < CANARIES_N; i++)
        if (dig_finds(world->dig, canaries[i]))
            fail_msg("%s is still there", canaries[i]);
    assert_false(dig_guesses(world->dig, "recipient_id", "rcp-kanari-4711"));
    assert_false(dig_guesses(world->dig, "account_id", "acct-kanari-4711"));
    assert_int_equal(dig_people(world->dig), 2);
    assert_true(dig_finds(world->dig, "Carl Third"));
    assert_true(dig_finds(world->dig, "Dear Ann Other"));
    assert_true(dig_finds(world->dig, "someone@else.example"));
    assert_true(dig_guesses(world->dig, "recipient_id", "rcp-a"));

    read_leaves(world->rig, incident, &after);
    assert_true(after.length > before.length); /* the erasure's own receipt */
    assert_memory_equal(after.data, before.data, before.length);
    assert_int_equal(rig_receipts(world->rig, incident, "erased"), 1);
    buf_free(&before);
    buf_free(&after);
}

/* If this fails, a person is erased who has not been told, or whom a court wants kept. */
static void duties_and_holds_refuse(void **state)
{
    struct world *world = *state;
    struct rig *rig = world->rig;
    id draft = rig_draft(rig, roster);
    assert_int_equal(erase(rig, draft, "rcp-c").request.result, RESULT_CONFLICT);
    id incident = rig_incident(rig, roster);
    rig_settle(rig);
    assert_int_equal(erase(rig, incident, "rcp-c").request.result, RESULT_CONFLICT);
    assert_int_equal(rig_act(rig, VERB_HOLD, incident, 3), RESULT_OK);
    assert_int_equal(erase(rig, incident, "rcp-c").request.result, RESULT_CONFLICT);
    assert_int_equal(rig_act(rig, VERB_RESUME, incident, 3), RESULT_OK);
    rig_pass(rig, 100 * DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);

    bool done = false;
    struct store_keep keep = {.request = {.cb = on_stored, .user = &done},
                              .incident = incident,
                              .months = -1,
                              .legal_hold = 1};
    store_keep_put(rig->store, &keep);
    rig_settle(rig);
    assert_true(done);
    struct delivery_erase held = erase(rig, incident, "rcp-c");
    assert_int_equal(held.request.result, RESULT_CONFLICT);
    assert_non_null(strstr(held.request.error.text, "legal hold"));
    keep.legal_hold = 0;
    store_keep_put(rig->store, &keep);
    rig_settle(rig);
    assert_int_equal(erase(rig, incident, "rcp-c").request.result, RESULT_OK);
    assert_int_equal(erase(rig, incident, "rcp-c").request.result, RESULT_NOT_FOUND);
    assert_int_equal(erase(rig, incident, "nobody").request.result, RESULT_NOT_FOUND);
}

/* If this fails, a person who is in two incidents is forgotten in one. */
static void all_incidents_at_once(void **state)
{
    struct world *world = *state;
    id first = told(world);
    id second = rig_incident(world->rig, roster);
    rig_pass(world->rig, 100 * DAY);
    id open = rig_incident(world->rig, roster);
    rig_settle(world->rig);
    struct delivery_erase done = erase(world->rig, 0, "rcp-kanari-4711");
    assert_int_equal(done.request.result, RESULT_OK);
    assert_int_equal(done.n, 3); /* the open one is refused, and named */
    assert_int_equal(done.people, 2);
    assert_true(done.verified);
    assert_int_equal(rig_receipts(world->rig, first, "erased"), 1);
    assert_int_equal(rig_receipts(world->rig, second, "erased"), 1);
    assert_int_equal(rig_receipts(world->rig, open, "erased"), 0);
}

/* If this fails, an incident outlives the time for which it may be kept, or goes while a court
 * wants it, or leaves something to open. */
static void retention_erases_by_itself(void **state)
{
    struct world *world = *state;
    struct rig *rig = world->rig;
    struct buf before, after;
    id incident = told(world);
    bool done = false;
    struct store_keep keep = {.request = {.cb = on_stored, .user = &done},
                              .incident = incident,
                              .months = 12,
                              .legal_hold = 1};
    store_keep_put(rig->store, &keep);
    rig_settle(rig);
    dig_learn(world->dig, world->database);
    buf_init(&before, SIZE_MAX);
    buf_init(&after, SIZE_MAX);
    read_leaves(rig, incident, &before);
    rig_pass(rig, 400 * DAY);
    assert_int_equal(rig_receipts(rig, incident, "erased"), 0);
    keep.legal_hold = 0;
    store_keep_put(rig->store, &keep);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(rig_receipts(rig, incident, "erased"), 1);
    dig_learn(world->dig, world->database);
    dig_open(world->dig, world->database);
    for (size_t i = 0; i < CANARIES_N; i++)
        assert_false(dig_finds(world->dig, canaries[i]));
    assert_false(dig_finds(world->dig, "Ann Other"));
    assert_false(dig_guesses(world->dig, "account_id", "acct-kanari-4711"));
    assert_int_equal(dig_people(world->dig), 0);
    read_leaves(rig, incident, &after);
    assert_memory_equal(after.data, before.data, before.length);
    assert_int_equal(erase(rig, incident, "rcp-c").request.result, RESULT_DENIED);
    rig_pass(rig, DAY);
    assert_int_equal(rig_receipts(rig, incident, "erased"), 1);
    buf_free(&before);
    buf_free(&after);
}

/* If this fails, a late report about somebody who was erased stops the engine, or brings him back.
 */
static void the_engine_goes_on(void **state)
{
    struct world *world = *state;
    struct rig *rig = world->rig;
    id incident = told(world);
    assert_int_equal(erase(rig, incident, "rcp-kanari-4711").request.result, RESULT_OK);
    unsigned sent = rig->n_sent;
    for (unsigned i = 0; i < sent; i++)
        assert_int_equal(rig_fact(rig, i, EVIDENCE_BOUNCED), RESULT_OK);
    rig_pass(rig, 60 * DAY);
    for (unsigned i = sent; i < rig->n_sent; i++)
        assert_null(strstr(rig->sent[i].to, "Zaunkoenig"));
    /* And after a crash. */
    struct rig *again = rig_after_crash(rig);
    rig_pass(again, DAY);
    assert_int_equal(rig_receipts(again, incident, "erased"), 1);
    rig_destroy(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(duties_and_holds_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(all_incidents_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(retention_erases_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(the_engine_goes_on, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
