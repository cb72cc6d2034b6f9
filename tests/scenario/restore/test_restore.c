/* A copy of the store comes back into a world that has gone on: see README.md. */
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
#include "base/str.h"

/* This module. */
#include "service/delivery/restore/restore.h"
#include "tests/support/engine_rig.h"

enum { PEOPLE = 6, APPROVER = 2 };

/* Everybody by SMS, whose provider can be asked. */
static const char by_phone[] =
    "{\"recipient_id\":\"p0\",\"jurisdiction\":\"US-CA\",\"phone\":\"+12015550140\"}\n"
    "{\"recipient_id\":\"p1\",\"jurisdiction\":\"US-CA\",\"phone\":\"+12015550150\"}\n"
    "{\"recipient_id\":\"p2\",\"jurisdiction\":\"US-CA\",\"phone\":\"+12015550160\"}\n"
    "{\"recipient_id\":\"p3\",\"jurisdiction\":\"US-CA\",\"phone\":\"+12015550170\"}\n"
    "{\"recipient_id\":\"p4\",\"jurisdiction\":\"US-CA\",\"phone\":\"+12015550180\"}\n"
    "{\"recipient_id\":\"p5\",\"jurisdiction\":\"US-CA\",\"phone\":\"+12015550190\"}\n";
/* Two by email, who cannot be asked about. */
static const char by_email[] = "{\"recipient_id\":\"e0\",\"name\":\"Eve "
                               "E\",\"jurisdiction\":\"US-CA\",\"email\":\"e0@example.org\"}\n"
                               "{\"recipient_id\":\"e1\",\"name\":\"Eve "
                               "E\",\"jurisdiction\":\"US-CA\",\"email\":\"e1@example.org\"}\n";

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static enum result approve(struct rig *rig)
{
    bool done = false;
    struct delivery_restore_approve req = {.request = {.cb = on_request, .private_state = &done},
                                           .principal = APPROVER,
                                           .reason = "scenario"};
    delivery_restore_approve(rig->delivery, &req);
    rig_settle(rig);
    assert_true(done);
    return req.request.result;
}

static struct json_object *standing(struct rig *rig)
{
    bool done = false;
    struct delivery_restore_standing req = {.request = {.cb = on_request, .private_state = &done}};
    delivery_restore_standing(rig->delivery, &req);
    rig_settle(rig);
    assert_true(done && req.request.result == RESULT_OK);
    return req.json;
}

/* A number of the first wave's channel. */
static int64_t stands(struct rig *rig, const char *channel, const char *member)
{
    struct json_object *json = standing(rig);
    struct json_object *wave = json_object_array_get_idx(json_get(json, "waves"), 0);
    struct json_object *list = json_get(wave, "channels");
    int64_t value = -1;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        if (str_equal(json_get_string(row, "channel"), channel))
            value = json_get_int(row, member, -1);
    }
    json_object_put(json);
    return value;
}

static unsigned people_listed(struct rig *rig, const char *channel)
{
    unsigned n = 0;
    int64_t after = 0;
    do {
        bool done = false;
        struct arena *arena = arena_create(1 << 20);
        struct delivery_restore_people req = {
            .request = {.cb = on_request, .private_state = &done, .arena = arena}, .after = after};
        delivery_restore_people(rig->delivery, &req);
        rig_settle(rig);
        assert_true(done && req.request.result == RESULT_OK);
        for (size_t i = 0; i < req.n; i++)
            n += str_equal(req.items[i].channel, channel) && req.items[i].wave == 1;
        after = req.next;
        arena_destroy(&arena);
    } while (after != 0);
    return n;
}

static unsigned sent_by(const struct rig *rig, int channel)
{
    unsigned n = 0;
    for (unsigned i = 0; i < rig->n_sent; i++)
        n += rig->sent[i].channel == channel;
    return n;
}

/* A copy of an incident that is released but not under way, as in an outage; then the outage ends
 * when `send` says so, and the machine is lost. */
struct world {
    struct rig_dice dice;
    struct rig_copy copy;
    struct rig *rig;
    id incident;
};

static void make(struct world *world, const char *roster, bool send)
{
    memset(world, 0, sizeof(*world));
    world->rig = rig_create_random(&world->dice);
    for (int i = 0; i < RIG_CHANNELS; i++)
        world->rig->provider_down[i] = true;
    world->incident = rig_incident(world->rig, roster);
    rig_pass(world->rig, 1000);
    rig_backup(world->rig, &world->copy);
    assert_int_equal(world->rig->n_sent, 0);
    for (int i = 0; i < RIG_CHANNELS; i++)
        world->rig->provider_down[i] = false;
    if (send)
        rig_pass(world->rig, HOUR);
}

static void put_back(struct world *world)
{
    struct rig *lost = world->rig;
    world->rig = rig_put_back(lost, &world->copy);
    rig_destroy(&lost);
}

static void unmake(struct world *world)
{
    rig_destroy(&world->rig);
    rig_copy_remove(&world->copy);
}

/* If this fails, a restored store tells people a second time what its provider could have said, or
 * sends before anybody looked. */
static void what_was_sent_is_asked_and_not_sent_again(void **state)
{
    struct world world;
    (void)state;
    make(&world, by_phone, true);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    put_back(&world);
    assert_true(delivery_stats(world.rig->delivery)->restored);
    assert_int_equal(stands(world.rig, "sms", "unknown"), PEOPLE);
    rig_pass(world.rig, HOUR);
    assert_true(world.dice.asked >= PEOPLE);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    assert_int_equal(rig_members(world.rig, world.incident, RIG_SMS, MEMBER_ACCEPTED), PEOPLE);
    assert_int_equal(stands(world.rig, "sms", "unknown"), 0);
    assert_false(restore_asking(world.rig->delivery));
    assert_int_equal(approve(world.rig), RESULT_OK);
    rig_pass(world.rig, 2 * HOUR);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    assert_int_equal(approve(world.rig), RESULT_CONFLICT);
    unmake(&world);
}

/* If this fails, people whom the lost machine had not reached are not told after a restore. */
static void what_was_not_sent_goes_once(void **state)
{
    struct world world;
    (void)state;
    make(&world, by_phone, false);
    put_back(&world);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, 0);
    assert_int_equal(stands(world.rig, "sms", "unknown"), 0);
    rig_restart(world.rig); /* while it is held: nothing is forgotten, nothing is let go */
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, 0);
    assert_int_equal(approve(world.rig), RESULT_OK);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    unmake(&world);
}

/* If this fails, whoever approves does not see that people may get an email twice, or the second
 * one has another Message-ID than the first. */
static void who_cannot_be_asked_about_is_listed(void **state)
{
    struct world world;
    (void)state;
    make(&world, by_email, true);
    assert_int_equal(sent_by(world.rig, RIG_EMAIL), 2);
    put_back(&world);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, 2);
    assert_int_equal(stands(world.rig, "email", "unknown"), 2);
    assert_int_equal(people_listed(world.rig, "email"), 2);
    assert_int_equal(approve(world.rig), RESULT_OK);
    rig_pass(world.rig, HOUR);
    assert_int_equal(rig_sent_to(world.rig, RIG_EMAIL, "e0@example.org"), 2);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 2; k < 4; k++)
            if (str_equal(world.rig->sent[i].to, world.rig->sent[k].to))
                assert_string_equal(world.rig->sent[i].key, world.rig->sent[k].key);
    /* Two of the outage, two that say: unknown, two of the sending. */
    assert_int_equal(rig_receipts(world.rig, world.incident, "attempt"), 6);
    unmake(&world);
}

/* If this fails, a wave that was released after the copy reaches everybody twice when it is
 * released again. */
static void a_wave_released_again_is_asked_first(void **state)
{
    struct world world;
    (void)state;
    memset(&world, 0, sizeof(world));
    world.rig = rig_create_random(&world.dice);
    world.incident = rig_draft(world.rig, by_phone);
    rig_backup(world.rig, &world.copy);
    assert_int_equal(rig_act(world.rig, VERB_APPROVE, world.incident, APPROVER), RESULT_OK);
    assert_int_equal(rig_act(world.rig, VERB_RELEASE, world.incident, 1), RESULT_OK);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    put_back(&world);
    assert_int_equal(approve(world.rig), RESULT_OK);
    assert_int_equal(rig_act(world.rig, VERB_APPROVE, world.incident, APPROVER), RESULT_OK);
    assert_int_equal(rig_act(world.rig, VERB_RELEASE, world.incident, 1), RESULT_OK);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    assert_int_equal(rig_members(world.rig, world.incident, RIG_SMS, MEMBER_ACCEPTED), PEOPLE);
    unmake(&world);
}

/* If this fails, a callback about a message of the lost life tells of somebody else, or a provider
 * drops a message because it remembers its key. */
static void names_are_not_given_twice(void **state)
{
    struct world world;
    (void)state;
    memset(&world, 0, sizeof(world));
    world.rig = rig_create_random(&world.dice);
    rig_backup(world.rig, &world.copy);
    rig_incident(world.rig, by_phone);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, PEOPLE);
    put_back(&world);
    assert_int_equal(approve(world.rig), RESULT_OK);
    rig_incident(world.rig, by_phone);
    rig_pass(world.rig, HOUR);
    assert_int_equal(world.rig->n_sent, 2 * PEOPLE);
    for (unsigned i = 0; i < PEOPLE; i++)
        for (unsigned k = PEOPLE; k < 2 * PEOPLE; k++) {
            assert_string_not_equal(world.rig->sent[i].token, world.rig->sent[k].token);
            assert_string_not_equal(world.rig->sent[i].key, world.rig->sent[k].key);
        }
    unmake(&world);
}

/* If this fails, a log that was seen further than the store has it does not hold the store back. */
static void suspicion_holds(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(rig, by_email);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    rig_suspect(rig, "the log had come to 17");
    assert_true(delivery_stats(rig->delivery)->restored);
    struct json_object *json = standing(rig);
    assert_string_equal(json_get_string(json_get(json, "from"), "backup"),
                        "the log had come to 17");
    json_object_put(json);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 1), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(approve(rig), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sent_is_asked_and_not_sent_again),
        cmocka_unit_test(what_was_not_sent_goes_once),
        cmocka_unit_test(who_cannot_be_asked_about_is_listed),
        cmocka_unit_test(a_wave_released_again_is_asked_first),
        cmocka_unit_test(names_are_not_given_twice),
        cmocka_unit_test_setup_teardown(suspicion_holds, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
