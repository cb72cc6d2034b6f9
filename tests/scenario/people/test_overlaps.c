/* test_overlaps.c - people who stand in two open incidents: seen before a release, not flooded, and
 * not buried under banners. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "tests/support/engine_rig.h"

#define PERSON(id, rest) "{\"recipient_id\":\"" id "\",\"name\":\"Ann A\"," rest "}\n"

static const char first_roster[] =
    PERSON("a1", "\"account_id\":\"acct\",\"email\":\"ok@one.example\"")
        PERSON("b1", "\"email\":\"ok@two.example\"," ADDRESS("1 Elm St"))
            PERSON("c1", "\"phone\":\"+14155550108\"," ADDRESS("2 Elm St"))
                PERSON("d1", ADDRESS("3 Elm St")) PERSON("e1", "\"email\":\"ok@five.example\"");
static const char second_roster[] =
    PERSON("a2", "\"account_id\":\"acct\",\"email\":\"ok@new.example\"")
        PERSON("b2", "\"email\":\"OK@two.Example\"")
            PERSON("c2", "\"email\":\"ok@three.example\",\"phone\":\"+14155550108\"")
                PERSON("d2", ADDRESS("3 elm st."))
                    PERSON("x2", "\"email\":\"ok@alone.example\"," ADDRESS("1 Elm St"));

static struct json_object *overlaps(struct rig *rig, id incident, struct json_object **ret_all)
{
    *ret_all = rig_rehearse(rig, incident);
    return json_get(*ret_all, "overlaps");
}

/* If this fails, nobody knows before a release that its people hear of a second breach in a week.
 */
static void overlaps_are_shown(void **state)
{
    struct rig *rig = *state;
    struct json_object *all;
    id first = rig_draft(rig, first_roster);
    struct json_object *found = overlaps(rig, first, &all);
    assert_int_equal(json_get_int(found, "people", -1), 0);
    json_object_put(all);
    id second = rig_draft(rig, second_roster);
    found = overlaps(rig, second, &all);
    assert_int_equal(json_get_int(found, "people", -1), 4); /* x2 shares a street only */
    assert_int_equal(json_get_int(found, "spaced", -1), 0);
    assert_true(json_get_bool(found, "complete", false));
    struct json_object *who = json_object_array_get_idx(json_get(found, "list"), 0);
    assert_string_equal(json_get_string(who, "recipient_id"), "a2");
    struct json_object *other = json_object_array_get_idx(json_get(found, "incidents"), 0);
    assert_int_equal(id_parse(json_get_string(other, "incident"), "inc"), first);
    assert_int_equal(json_get_int(other, "people", -1), 4);
    json_object_put(all);
    assert_int_equal(rig_act(rig, VERB_CANCEL, first, 2), RESULT_OK);
    found = overlaps(rig, second, &all);
    assert_int_equal(json_get_int(found, "people", -1), 0); /* it is not open any more */
    json_object_put(all);
}

static void release(struct rig *rig, id incident)
{
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 2), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 2), RESULT_OK);
}

/* If this fails, a person gets two breach notices in one minute, or the others wait for him. */
static void notices_are_spaced(void **state)
{
    struct rig *rig = *state;
    struct json_object *all;
    rig->delivery->config.spacing_ms = DAY;
    rig_incident(rig, first_roster);
    rig_pass(rig, HOUR);
    unsigned before = rig->n_sent;
    id second = rig_draft(rig, second_roster);
    struct json_object *found = overlaps(rig, second, &all);
    assert_int_equal(json_get_int(found, "people", -1), 4);
    assert_int_equal(json_get_int(found, "spaced", -1), 3); /* c2 is told by mail, c1 was by SMS */
    json_object_put(all);
    release(rig, second);
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@alone.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@three.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@new.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "OK@two.Example"), 0);
    assert_int_equal(rig->n_sent, before + 3); /* and the banner, which rings nowhere */
    rig_pass(rig, DAY);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@new.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "OK@two.Example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "3 elm st."), 1);
    rig_pass(rig, 30 * DAY);
    assert_int_equal(rig_people(rig, second, PEOPLE_TOLD), 5);
}

/* If this fails, an urgent warning waits for yesterday's news. */
static void urgent_ones_do_not_wait(void **state)
{
    struct rig *rig = *state;
    rig->delivery->config.spacing_ms = DAY;
    rig_incident(rig, first_roster);
    rig_pass(rig, HOUR);
    rig->urgent = true;
    rig_incident(rig, second_roster);
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@new.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "3 elm st."), 1);
}

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static struct delivery_banner_list banners(struct rig *rig, struct arena *arena)
{
    bool done = false;
    struct delivery_banner_list list = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena}, .account = "acct"};
    delivery_banner_list(rig->delivery, &list);
    rig_settle(rig);
    assert_true(done);
    assert_int_equal(list.request.result, RESULT_OK);
    return list;
}

static void on_banner_put(struct banner_put *put, enum result result)
{
    (void)put;
    assert_int_equal(result, RESULT_OK);
}

/* What the real banner driver does with what the scripted one was given last. */
static void put_banner(struct rig *rig)
{
    const struct rig_sent *sent = &rig->sent[rig->n_sent - 1];
    while (sent->channel != RIG_BANNER)
        sent--;
    struct banner_put put = {.account = sent->to,
                             .token = sent->token,
                             .key = sent->key,
                             .locale = "en",
                             .title = "t",
                             .line = "l",
                             .body = "b",
                             .cb = on_banner_put};
    rig->delivery->board.put(&rig->delivery->board, &put);
    rig_settle(rig);
}

/* If this fails, the seventh notice hides the first, which nobody has read. */
static void banners_stack(void **state)
{
    struct rig *rig = *state;
    struct arena *arena = arena_create(1 << 20);
    id incidents[7];
    for (unsigned i = 0; i < 7; i++) {
        incidents[i] =
            rig_incident(rig, PERSON("a", "\"account_id\":\"acct\",\"email\":\"ok@one.example\""));
        rig_pass(rig, 1000);
        put_banner(rig);
        rig_pass(rig, HOUR);
    }
    struct delivery_banner_list list = banners(rig, arena);
    assert_int_equal(list.n, DELIVERY_BANNERS_MAX);
    assert_int_equal(list.more, 2);
    for (unsigned i = 0; i < list.n; i++)
        assert_int_equal(list.items[i].incident, incidents[i]);
    bool done = false;
    struct delivery_banner_event read = {.request = {.cb = on_request, .private_state = &done},
                                         .banner = list.items[0].banner,
                                         .event = "acknowledged"};
    delivery_banner_event(rig->delivery, &read);
    rig_settle(rig);
    assert_true(done);
    list = banners(rig, arena);
    for (unsigned i = 0; i < list.n; i++)
        assert_int_equal(list.items[i].incident, incidents[i + 1]); /* the next one came up */
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(overlaps_are_shown, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(notices_are_spaced, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(urgent_ones_do_not_wait, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(banners_stack, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
