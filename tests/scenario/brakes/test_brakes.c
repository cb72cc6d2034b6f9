/* A wave under its brakes: what may leave when, and what stops by itself. */
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
#include "service/delivery/brake/braking.h"
#include "service/delivery/brake/desk.h"
#include "tests/support/engine_rig.h"

#define MINUTE INT64_C(60000)

enum { APPROVER = 2 };

/* No brakes but those that a test sets. */
static struct rig_brakes bare(void)
{
    return (struct rig_brakes){.braking.defaults = {.on = true, .start_at = TIME_NONE}};
}

/* `n` people; "%s" of the format is the number. */
static char *roster(unsigned from, unsigned n, const char *format)
{
    struct buf text;
    char number[16], line[512];
    buf_init(&text, SIZE_MAX);
    for (unsigned i = from; i < from + n; i++) {
        snprintf(number, sizeof(number), "%04u", i);
        const char *at = format;
        char *to = line;
        for (; *at != 0; at++) {
            if (*at == '#') {
                memcpy(to, number, 4);
                to += 4;
            } else {
                *to++ = *at;
            }
        }
        *to = 0;
        buf_puts(&text, line);
        buf_puts(&text, "\n");
    }
    return buf_take(&text);
}

static const char mail_only[] =
    "{\"recipient_id\":\"r#\",\"name\":\"P\",\"email\":\"ok#@gmail.com\"}";
static const char phone_and_paper[] =
    "{\"recipient_id\":\"r#\",\"name\":\"P\",\"phone\":\"+1415555#5\",\"jurisdiction\":\"US-"
    "CA\"," ADDRESS("# Elm St") "}";

static id release(struct rig *rig, unsigned n, const char *format)
{
    char *text = roster(0, n, format);
    id incident = rig_incident(rig, text);
    mem_free(text);
    return incident;
}

static void on_done(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static enum result go_on(struct rig *rig, id incident, const char *scope)
{
    bool done = false;
    struct delivery_continue it = {.request = {.cb = on_done, .private_state = &done},
                                   .incident = incident,
                                   .principal = APPROVER,
                                   .ordinal = 1,
                                   .scope = scope,
                                   .note = "looked at it",
                                   .may_lift = true};
    delivery_continue(rig->delivery, &it);
    rig_settle(rig);
    require(done);
    return it.request.result;
}

static const struct braking *braking_of(struct rig *rig)
{
    require(!list_empty(&rig->delivery->waves));
    return &container_of(rig->delivery->waves.next, struct active_wave, node)->braking;
}

static unsigned sent_by(const struct rig *rig, int channel)
{
    unsigned n = 0;
    for (unsigned i = 0; i < rig->n_sent; i++)
        n += rig->sent[i].channel == channel;
    return n;
}

/* The most that left in any `ms`. */
static unsigned most_in(const struct rig *rig, int64_t ms)
{
    unsigned most = 0, from = 0;
    for (unsigned to = 0; to < rig->n_sent; to++) {
        while (rig->sent[to].at - rig->sent[from].at >= ms)
            from++;
        most = to - from + 1 > most ? to - from + 1 : most;
    }
    return most;
}

/* If this fails, the canary is no canary: more people get the notice while nobody has looked. */
static void canary_waits_for_days(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.canary = 20;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 300, mail_only);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 20);
    rig_pass(rig, 4 * DAY);
    assert_int_equal(rig->n_sent, 20);
    assert_int_equal(braking_of(rig)->stage, BRAKE_WAITING);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 20); /* they are judged all the same */
    assert_int_equal(rig_receipts(rig, incident, "brake_waiting"), 1);
    assert_int_equal(go_on(rig, incident, NULL), RESULT_OK);
    rig_pass(rig, 2 * MINUTE);
    assert_int_equal(rig->n_sent, 300);
    assert_int_equal(go_on(rig, incident, NULL), RESULT_CONFLICT); /* nothing waits any more */
    assert_int_equal(rig_receipts(rig, incident, "brake_resumed"), 1);
    rig_pass(rig, 4 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 300);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    rig_destroy(&rig);
}

/* If this fails, the ramp is a wish: an hour carries more than it may, or less than it could. */
static void ramp_is_exact(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.canary = 10;
    brakes.braking.defaults.n_ramp = 2;
    brakes.braking.defaults.ramp[0] = 30;
    brakes.braking.defaults.ramp[1] = 100;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 400, mail_only);
    rig_pass(rig, 5 * HOUR);
    assert_int_equal(rig->n_sent, 10);
    assert_int_equal(go_on(rig, incident, NULL), RESULT_OK);
    rig_pass(rig, 59 * MINUTE);
    assert_int_equal(rig->n_sent, 40);
    rig_pass(rig, 60 * MINUTE);
    assert_int_equal(rig->n_sent, 140);
    rig_pass(rig, 3 * MINUTE);
    assert_int_equal(rig->n_sent, 400);
    rig_destroy(&rig);
}

/* If this fails, a kill -9 forgets what an hour has carried already, and the cap is passed. */
static void caps_outlive_a_kill(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.per_hour = 50;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 200, mail_only);
    rig_pass(rig, 10 * MINUTE);
    assert_int_equal(rig->n_sent, 50);
    for (int i = 0; i < 4; i++) {
        struct rig *next = rig_after_crash(rig);
        rig_destroy(&rig);
        rig = next;
        rig_pass(rig, 10 * MINUTE);
        assert_int_equal(rig->n_sent, 50);
    }
    rig_pass(rig, 6 * HOUR);
    assert_int_equal(rig->n_sent, 200);
    assert_true(most_in(rig, HOUR) <= 50);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), 200);
    rig_destroy(&rig);
}

/* If this fails, people of our own do not see the notice first, or are counted as told. */
static void seeds_go_first(void **state)
{
    static const struct delivery_seed seeds[] = {
        {.label = "counsel", .email = "ok.counsel@own.example", .phone = "+14155550105"}};
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.seeds = true;
    brakes.braking.seeds = seeds;
    brakes.braking.n_seeds = 1;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    rig->provider_down[RIG_SMS] = true;
    id incident = release(rig, 30, mail_only);
    rig_pass(rig, 10000);
    assert_int_equal(rig->n_sent, 1); /* the other seed's text message has not gone yet */
    assert_string_equal(rig->sent[0].to, "ok.counsel@own.example");
    rig->provider_down[RIG_SMS] = false;
    rig_pass(rig, 5 * MINUTE);
    assert_int_equal(rig->n_sent, 32);
    assert_string_equal(rig->sent[1].to, "+14155550105");
    assert_int_equal(rig_receipts(rig, incident, "seed_sent"), 2);
    assert_int_equal(rig_people(rig, incident, PEOPLE_PLANNED), 30);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), 30);
    rig_pass(rig, 4 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 30);
    rig_destroy(&rig);
}

/* If this fails, a text that cannot reach our own people goes to everybody else. */
static void refused_seed_stops(void **state)
{
    static const struct delivery_seed seeds[] = {{.label = "counsel", .email = "perm@own.example"}};
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.seeds = true;
    brakes.braking.seeds = seeds;
    brakes.braking.n_seeds = 1;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 30, mail_only);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 0);
    assert_string_equal(braking_of(rig)->stops[0].reason, "seed_failed");
    assert_int_equal(go_on(rig, incident, NULL), RESULT_OK);
    rig_pass(rig, MINUTE);
    assert_int_equal(rig->n_sent, 30);
    rig_destroy(&rig);
}

/* If this fails, a wrong roster is mailed to its end, and our name with it. */
static void bounces_stop(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.bounces = 50;
    brakes.braking.defaults.sample = 100;
    brakes.braking.defaults.per_hour = 200;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 1000, mail_only);
    rig_pass(rig, 30000);
    assert_int_equal(rig->n_sent, 200);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(rig_fact(rig, i, EVIDENCE_BOUNCED), RESULT_OK);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(braking_of(rig)->n_stops, 0); /* ten of the 200 and more are five percent */
    unsigned sent = rig->n_sent;
    for (unsigned i = 10; i < 40; i++)
        assert_int_equal(rig_fact(rig, i, EVIDENCE_BOUNCED), RESULT_OK);
    rig_pass(rig, 6 * HOUR);
    assert_int_equal(rig->n_sent, sent);
    assert_true(braking_of(rig)->n_stops > 0);
    assert_string_equal(braking_of(rig)->stops[0].reason, "bounce_rate");
    assert_int_equal(rig_receipts(rig, incident, "brake_stopped"), braking_of(rig)->n_stops);
    rig_restart(rig);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(rig->n_sent, sent);
    assert_int_equal(go_on(rig, incident, NULL), RESULT_OK);
    rig_pass(rig, 6 * HOUR);
    assert_int_equal(rig->n_sent, 1000);
    rig_destroy(&rig);
}

/* If this fails, a receiver that blocks us is hammered on. */
static void policy_blocks_stop(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.policy_blocks = 3;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident =
        release(rig, 50, "{\"recipient_id\":\"r#\",\"name\":\"P\",\"email\":\"block#@gmail.com\"}");
    rig_pass(rig, 2 * HOUR);
    assert_string_equal(braking_of(rig)->stops[0].reason, "policy_block");
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 0);
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 0);
    rig_destroy(&rig);
}

/* If this fails, an account without funds costs people their notice, or stays stopped when it is
 * well again. */
static void suspended_provider_fails_nobody(void **state)
{
    struct rig_brakes brakes = bare();
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    rig->provider_refuses[RIG_SMS] = true;
    id incident = release(rig, 40, phone_and_paper);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(rig_members(rig, incident, RIG_SMS, MEMBER_FAILED), 0);
    assert_int_equal(braking_of(rig)->n_stops, 1);
    assert_string_equal(braking_of(rig)->stops[0].reason, "provider_refused");
    rig->provider_refuses[RIG_SMS] = false;
    rig_pass(rig, 3 * MINUTE); /* a probe goes by itself */
    assert_int_equal(sent_by(rig, RIG_SMS), 40);
    assert_int_equal(sent_by(rig, RIG_POST), 0);
    assert_int_equal(braking_of(rig)->n_stops, 0);
    assert_int_equal(rig_receipts(rig, incident, "brake_stopped"), 1);
    assert_int_equal(rig_receipts(rig, incident, "brake_resumed"), 1);
    rig_destroy(&rig);
}

/* If this fails, a broken callback URL mails a letter to everybody. */
static void silence_stops_escalation(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.silence = true;
    brakes.sms_rings = true;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 100, phone_and_paper);
    rig_pass(rig, 3 * DAY);
    assert_int_equal(sent_by(rig, RIG_SMS), 100);
    assert_int_equal(sent_by(rig, RIG_POST), 0);
    assert_string_equal(braking_of(rig)->stops[0].reason, "silence");
    rig_restart(rig);
    rig_pass(rig, 5 * DAY);
    assert_int_equal(sent_by(rig, RIG_POST), 0);
    for (unsigned i = 0; i < 90; i++) /* the URL is mended, the provider says it all again */
        assert_int_equal(rig_fact(rig, i, EVIDENCE_DELIVERED), RESULT_OK);
    assert_int_equal(go_on(rig, incident, NULL), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 90);
    assert_int_equal(sent_by(rig, RIG_POST), 10); /* who got nothing gets paper */
    rig_destroy(&rig);
}

/* If this fails, telephones ring at night: the clocks went forward on 2026-03-08, 2:00. */
static void quiet_hours_keep_the_night(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.sms_rings = true;
    require(hours_parse("08:00-21:00", &brakes.braking.quiet));
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    clock_fake_advance(&rig->clock, 66 * DAY + 5 * HOUR); /* 2026-03-07 21:00 in California */
    release(rig, 30, phone_and_paper);
    rig_pass(rig, 9 * HOUR + 59 * MINUTE); /* 7:59 by the new time: an hour was left out */
    assert_int_equal(rig->n_sent, 0);
    rig_pass(rig, 3 * MINUTE);
    assert_int_equal(rig->n_sent, 30);
    rig_destroy(&rig);
}

/* If this fails, more is spent than was approved. */
static void budget_stops(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.budget = 10 * (int64_t)MONEY_UNIT;
    brakes.price_micro[RIG_EMAIL] = MONEY_UNIT / 4;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident = release(rig, 100, mail_only);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 40);
    assert_string_equal(braking_of(rig)->stops[0].reason, "budget");
    assert_int_equal(go_on(rig, incident, NULL), RESULT_OK); /* as much again */
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 80);
    assert_int_equal(rig_receipts(rig, incident, "brake_stopped"), 2);
    rig_destroy(&rig);
}

/* If this fails, a provider's daily quota is run into, and its refusals count as failures. */
static void quota_waits_for_the_day(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.quota[RIG_EMAIL] = 60;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    release(rig, 150, mail_only);
    rig_pass(rig, 23 * HOUR);
    assert_int_equal(rig->n_sent, 60);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(rig->n_sent, 120);
    rig_destroy(&rig);
}

/* If this fails, the call centre is run over, or called when nobody is there. */
static void call_centre_sets_the_pace(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.call_centre = true;
    brakes.braking.centre_hour = 25;
    brakes.braking.centre_zone = "America/New_York";
    require(hours_parse("mon-fri 09:00-17:00", &brakes.braking.centre));
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    release(rig, 120, mail_only); /* 2026-01-01 0:00 UTC is Wednesday evening in New York */
    rig_pass(rig, 13 * HOUR + 59 * MINUTE);
    assert_int_equal(rig->n_sent, 0);
    rig_pass(rig, 3 * HOUR);
    assert_true(rig->n_sent >= 50 && rig->n_sent <= 75);
    rig_pass(rig, 6 * HOUR);
    assert_int_equal(rig->n_sent, 120);
    assert_true(most_in(rig, HOUR) <= 25);
    rig_destroy(&rig);
}

/* If this fails, a wave leaves before the hour that was set for it, or one domain takes it all. */
static void start_and_domain(void **state)
{
    struct rig_brakes brakes = bare();
    brakes.braking.defaults.start_at = 1767225600000 + 2 * HOUR;
    brakes.braking.defaults.per_domain_hour = 15;
    struct rig *rig = rig_create_braked(&brakes);
    (void)state;
    id incident =
        rig_draft(rig, "{\"recipient_id\":\"x\",\"name\":\"P\",\"email\":\"ok@small.example\"}\n");
    char *text = roster(0, 40, mail_only);
    rig_upload(rig, incident, text);
    mem_free(text);
    require(rig_act(rig, VERB_APPROVE, incident, APPROVER) == RESULT_OK);
    require(rig_act(rig, VERB_RELEASE, incident, 1) == RESULT_OK);
    rig_pass(rig, 2 * HOUR - MINUTE);
    assert_int_equal(rig->n_sent, 0);
    rig_pass(rig, 5 * MINUTE);
    assert_int_equal(rig->n_sent, 16);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@small.example"), 1);
    rig_pass(rig, 3 * HOUR);
    assert_int_equal(rig->n_sent, 41);
    rig_destroy(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canary_waits_for_days),
        cmocka_unit_test(ramp_is_exact),
        cmocka_unit_test(caps_outlive_a_kill),
        cmocka_unit_test(seeds_go_first),
        cmocka_unit_test(refused_seed_stops),
        cmocka_unit_test(bounces_stop),
        cmocka_unit_test(policy_blocks_stop),
        cmocka_unit_test(suspended_provider_fails_nobody),
        cmocka_unit_test(silence_stops_escalation),
        cmocka_unit_test(quiet_hours_keep_the_night),
        cmocka_unit_test(budget_stops),
        cmocka_unit_test(quota_waits_for_the_day),
        cmocka_unit_test(call_centre_sets_the_pace),
        cmocka_unit_test(start_and_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
