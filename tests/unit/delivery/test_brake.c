/* test_brake.c - the pure part of brakes: documents, money, hours, zones, caps, stops, the ETA. */
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
#include "service/delivery/brake/brake.h"
#include "service/delivery/brake/places.h"
#include "service/delivery/brake/zone.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static time_ms at(const char *text)
{
    time_ms ms = 0;
    assert_true(time_parse(text, &ms));
    return ms;
}

static enum result read_text(struct brakes *ret, const char *text, struct error *error)
{
    struct brakes defaults;
    struct json_object *json;
    brakes_default(&defaults);
    assert_int_equal(json_read(text, strlen(text), &json, NULL), RESULT_OK);
    enum result result = brakes_read(ret, json, &defaults, error);
    json_object_put(json);
    return result;
}

/* If this fails, what was approved and what brakes the night are two things. */
static void document_comes_back(void **state)
{
    static const char text[] =
        "{\"budget\":\"1200.50\",\"call_centre\":false,\"canary\":7,\"per_domain_hour\":4,"
        "\"per_hour\":5,\"per_provider_hour\":6,\"ramp\":[1,2],\"seeds\":false,"
        "\"start_at\":\"2026-11-23T06:00:00.000Z\",\"stop\":{\"bounces\":1,\"complaints\":2,"
        "\"policy_blocks\":3,\"sample\":4,\"silence\":false},\"urgent\":true}";
    struct brakes brakes;
    struct error error;
    struct buf out;
    (void)state;
    buf_init(&out, SIZE_MAX);
    assert_int_equal(read_text(&brakes, text, &error), RESULT_OK);
    assert_true(brakes_write(&out, &brakes));
    assert_string_equal(out.data, text);
    buf_free(&out);
    assert_int_equal(read_text(&brakes, "{}", &error), RESULT_OK);
    assert_int_equal(brakes.canary, 100);
    assert_int_equal(brakes.n_ramp, 3);
}

/* If this fails, a typing error in a document means no brakes at all. */
static void bad_documents_are_refused(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"{\"canary\":-1}", "/brakes/canary"},
        {"{\"canary\":\"5\"}", "/brakes/canary"},
        {"{\"canarry\":5}", "/brakes"},
        {"{\"ramp\":[0]}", "/brakes/ramp"},
        {"{\"ramp\":[1,2,3,4,5,6,7,8,9,10,11,12,13]}", "/brakes/ramp"},
        {"{\"budget\":12}", "/brakes/budget"},
        {"{\"budget\":\"1,5\"}", "/brakes/budget"},
        {"{\"start_at\":\"soon\"}", "/brakes/start_at"},
        {"{\"stop\":{\"bounces\":1001}}", "/brakes/stop"},
        {"{\"stop\":{\"bounce\":1}}", "/brakes/stop"},
        {"{\"stop\":[]}", "/brakes/stop"},
        {"{\"urgent\":\"\"}", "/brakes/urgent"},
        {"{\"seeds\":1}", "/brakes/seeds"},
        {"[]", "/brakes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct brakes brakes;
        struct error error;
        assert_int_equal(read_text(&brakes, rows[i].text, &error), RESULT_INVALID);
        assert_string_equal(error.field, rows[i].field);
    }
}

/* If this fails, a budget is read as another one. */
static void money_is_exact(void **state)
{
    static const struct {
        const char *text;
        int64_t money;
        const char *shown;
    } rows[] = {{"0", 0, "0.00"},
                {"12", 12000000, "12.00"},
                {"0.0079", 7900, "0.0079"},
                {"1200.5", 1200500000, "1200.50"},
                {"0.000001", 1, "0.000001"}};
    static const char *const bad[] = {"", ".", "1.", ".5", "-1", "1e3", "0x1", "1 ", "9000000001"};
    char shown[32];
    int64_t money;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(money_parse(rows[i].text, &money));
        assert_int_equal(money, rows[i].money);
        assert_string_equal(money_format(shown, money), rows[i].shown);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(money_parse(bad[i], &money));
}

/* If this fails, telephones ring an hour too early on the two Sundays when the clocks change. */
static void clocks_that_change(void **state)
{
    static const struct {
        const char *zone, *at, *next;
    } rows[] = {
        /* 2026-03-08 2:00 -> 3:00 in the United States. */
        {"America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T12:00:00.000Z"},
        {"America/New_York", "2026-03-07T02:30:00Z", "2026-03-07T13:00:00.000Z"},
        {"America/Phoenix", "2026-03-08T04:30:00Z", "2026-03-08T15:00:00.000Z"},
        /* 2026-11-01 2:00 -> 1:00. */
        {"America/Los_Angeles", "2026-11-01T05:00:00Z", "2026-11-01T16:00:00.000Z"},
        {"America/Los_Angeles", "2026-10-31T05:00:00Z", "2026-10-31T15:00:00.000Z"},
        /* 2026-03-29 in Europe; half-hours; beyond the table of transitions. */
        {"Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T06:00:00.000Z"},
        {"America/St_Johns", "2026-07-01T02:00:00Z", "2026-07-01T10:30:00.000Z"},
        {"Asia/Kolkata", "2026-07-01T20:00:00Z", "2026-07-02T02:30:00.000Z"},
        {"America/New_York", "2077-07-01T02:30:00Z", "2077-07-01T12:00:00.000Z"},
        {"Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-04T21:30:00.000Z"},
    };
    struct hours quiet;
    char text[TIME_TEXT_SIZE];
    (void)state;
    assert_true(hours_parse("08:00-21:00", &quiet));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        time_ms next = hours_opens(&quiet, &rows[i].zone, 1, at(rows[i].at));
        assert_string_equal(time_format(text, next), rows[i].next);
        assert_true(hours_open(&quiet, rows[i].zone, next));
        assert_false(hours_open(&quiet, rows[i].zone, next - MINUTE));
    }
}

/* If this fails, the call centre is thought open on a Sunday. */
static void days_of_the_week(void **state)
{
    static const char *const bad[] = {
        "9-17",        "mon 9:00-17:00",      "mon-fri",  "25:00-26:00",
        "08:00-21:61", "mon-fry 08:00-10:00", "08:00-21", ""};
    struct hours hours;
    const char *zone = "Europe/London";
    char text[TIME_TEXT_SIZE];
    (void)state;
    assert_true(hours_parse("mon-fri 09:00-17:00", &hours));
    /* Friday 2026-11-20 17:00 -> Monday 9:00. */
    time_ms next = hours_opens(&hours, &zone, 1, at("2026-11-20T17:00:00Z"));
    assert_string_equal(time_format(text, next), "2026-11-23T09:00:00.000Z");
    assert_true(hours_parse("sat,sun 22:00-02:00", &hours));
    assert_true(hours_open(&hours, zone, at("2026-11-23T01:00:00Z"))); /* Sunday's night */
    assert_false(hours_open(&hours, zone, at("2026-11-21T01:00:00Z")));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(hours_parse(bad[i], &hours));
}

/* If this fails, a state with two zones is rung by the later clock. */
static void places_have_zones(void **state)
{
    const char *zones[PLACE_ZONES_MAX];
    struct hours quiet;
    char place[PLACE_SIZE], text[TIME_TEXT_SIZE];
    (void)state;
    assert_true(hours_parse("08:00-21:00", &quiet));
    assert_int_equal(place_zones("US-TX", zones), 2);
    /* 8:00 in El Paso is the later one; 21:00 in Houston the earlier end. */
    time_ms next = hours_opens(&quiet, zones, 2, at("2026-07-01T03:00:00Z"));
    assert_string_equal(time_format(text, next), "2026-07-01T14:00:00.000Z");
    assert_int_equal(hours_open_ms(&quiet, zones, 2, next, 24 * HOUR), 12 * HOUR);
    assert_true(place_zones("US", zones) > 20);    /* unknown state: all of the country */
    assert_int_equal(place_zones("DE", zones), 2); /* Berlin and Büsingen */
    assert_true(place_zones("US-ZZ", zones) > 20);
    assert_int_equal(place_zones("-", zones), 0);
    const struct recipient here = {
        .jurisdiction = "US-CA", .has_address = true, .address = {.country = "US", .region = "NY"}};
    place_of(place, &here);
    assert_string_equal(place, "US-NY");
    const struct recipient law = {.jurisdiction = "EU-DE"};
    place_of(place, &law);
    assert_string_equal(place, "DE");
}

static struct brake_facts facts_of(const struct brakes *brakes)
{
    return (struct brake_facts){.brakes = brakes,
                                .wave = 7,
                                .stage = BRAKE_OPEN,
                                .since = 0,
                                .people = 1000000,
                                .channel = "email",
                                .provider = "smtp",
                                .domain = "gmail.com",
                                .ladder = true,
                                .balance = -1};
}

static uint32_t roll(uint64_t *state, uint32_t sides)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % sides;
}

static void draw(struct book *book, const struct brake_facts *facts, int64_t n, time_ms now)
{
    struct brake_caps caps;
    brake_caps_make(&caps, facts, now);
    for (unsigned i = 0; i < caps.n; i++)
        book_add(book, caps.list[i].scope, caps.list[i].bucket, n);
}

/* If this fails, some hour carries more than its cap: messages are drawn at random moments by
 * random amounts, and every window of sixty minutes is counted. */
static void no_window_passes_its_cap(void **state)
{
    enum { EVENTS = 4000 };
    static struct {
        time_ms at;
        int64_t n;
    } sent[EVENTS];
    uint64_t dice = 42;
    (void)state;
    for (int round = 0; round < 8; round++) {
        struct brakes brakes = {.on = true, .start_at = TIME_NONE};
        brakes.per_hour = 1 + roll(&dice, 500);
        struct brake_facts facts = facts_of(&brakes);
        facts.provider_hour = 1 + roll(&dice, 700);
        struct book *book = book_create();
        time_ms now = at("2026-01-01T00:00:00Z");
        unsigned n = 0;
        for (; n < EVENTS; n++) {
            struct brake_verdict verdict;
            brake_judge(&verdict, &facts, book, now);
            int64_t take = verdict.room == 0 ? 0 : 1 + roll(&dice, (uint32_t)verdict.room);
            if (verdict.room == 0) {
                assert_true(verdict.next > now && verdict.next <= now + 61 * MINUTE);
                if (roll(&dice, 2) == 0)
                    now = verdict.next;
            }
            draw(book, &facts, take, now);
            sent[n].at = now;
            sent[n].n = take;
            now += roll(&dice, 3) == 0 ? roll(&dice, 20 * 60000) : roll(&dice, 2000);
        }
        int64_t most =
            brakes.per_hour < facts.provider_hour ? brakes.per_hour : facts.provider_hour;
        int64_t sum = 0;
        for (unsigned to = 0, from = 0; to < n; to++) {
            sum += sent[to].n;
            while (sent[to].at - sent[from].at >= HOUR)
                sum -= sent[from++].n;
            assert_true(sum <= most);
        }
        book_destroy(&book);
    }
}

/* If this fails, a wall that says "not now" names the wrong moment. */
static void walls_say_when(void **state)
{
    struct brakes brakes = {.on = true, .start_at = TIME_NONE};
    struct brake_facts facts = facts_of(&brakes);
    struct brake_verdict verdict;
    struct book *book = book_create();
    time_ms now = at("2026-01-01T10:30:00Z");
    (void)state;
    brake_judge(&verdict, &facts, book, now);
    assert_true(verdict.room == INT64_MAX && verdict.reason == NULL);
    brakes.start_at = now + 5;
    brake_judge(&verdict, &facts, book, now);
    assert_true(verdict.room == 0 && verdict.next == now + 5);
    brakes.start_at = TIME_NONE;
    facts.quota = 10;
    draw(book, &facts, 10, now);
    brake_judge(&verdict, &facts, book, now);
    assert_string_equal(verdict.reason, "quota");
    assert_true(verdict.next == at("2026-01-02T00:00:00Z"));
    facts.quota = 0;
    facts.balance = 0;
    brake_judge(&verdict, &facts, book, now);
    assert_string_equal(verdict.reason, "out_of_funds");
    facts.balance = 3;
    brake_judge(&verdict, &facts, book, now);
    assert_int_equal(verdict.room, 3);
    facts.balance = -1;
    brakes.ramp[0] = 100;
    brakes.n_ramp = 1;
    facts.since = now - 20 * MINUTE;
    draw(book, &facts, 100, now);
    brake_judge(&verdict, &facts, book, now);
    assert_true(verdict.room == 0 && verdict.next == now + 40 * MINUTE);
    brake_judge(&verdict, &facts, book, now + 40 * MINUTE);
    assert_true(verdict.room == INT64_MAX); /* the ramp is over */
    facts.stage = BRAKE_WAITING;
    brake_judge(&verdict, &facts, book, now);
    assert_true(verdict.room == 0 && verdict.next == TIME_NONE);
    facts.stage = BRAKE_CANARY;
    brakes.canary = 5;
    facts.ladder = false;
    brake_judge(&verdict, &facts, book, now);
    assert_int_equal(verdict.room, 0);
    facts.people = 5; /* no more people than the canary: nothing to wait for */
    brake_judge(&verdict, &facts, book, now + 2 * HOUR);
    assert_true(verdict.room > 0);
    book_destroy(&book);
}

/* If this fails, a wave stops for three bounces, or not for three thousand. */
static void stops_have_reasons(void **state)
{
    struct brakes brakes;
    static const struct {
        struct brake_tally tally;
        const char *reason;
    } rows[] = {
        {{99, 99, 0, 0}, NULL},
        {{100, 5, 0, 0}, NULL},
        {{100, 6, 0, 0}, "bounce_rate"},
        {{1000, 0, 3, 0}, NULL},
        {{1000, 0, 4, 0}, "complaint_rate"},
        {{0, 0, 0, 4}, NULL},
        {{0, 0, 0, 5}, "policy_block"},
        {{0, 0, 0, 0}, NULL},
    };
    (void)state;
    brakes_default(&brakes);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *reason = brake_stop_reason(&brakes, &rows[i].tally);
        assert_true(str_equal(reason, rows[i].reason));
    }
}

/* If this fails, silence is taken for failure, or a few quiet people for silence. */
static void silence_is_relative(void **state)
{
    static const struct {
        struct brake_reports reports;
        bool silent;
    } rows[] = {
        {{19, 0, 0, 0, 20}, false},
        {{20, 0, 0, 0, 20}, true},
        {{20, 1, 0, 0, 20}, false},
        {{1000, 100, 1000, 900, 20}, true},
        {{1000, 300, 1000, 900, 20}, false},
        {{1000, 5, 1000, 10, 20}, false},
        {{0, 0, 0, 0, 0}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(brake_silent(&rows[i].reports), rows[i].silent);
}

/* If this fails, people are promised an hour that the brakes cannot keep. */
static void eta_knows_the_brakes(void **state)
{
    struct brakes brakes = {.on = true, .start_at = TIME_NONE};
    struct brake_facts facts = facts_of(&brakes);
    struct book *book = book_create();
    time_ms now = at("2026-01-01T00:00:00Z");
    struct brake_course course = {&facts, book, 1000, 10};
    (void)state;
    facts.since = now;
    assert_int_equal(brake_eta(&course, now), now + 100 * 1000);
    brakes.per_hour = 100;
    assert_int_equal(brake_eta(&course, now), now + 10 * HOUR);
    brakes.per_hour = 0;
    brakes.n_ramp = 2;
    brakes.ramp[0] = 100;
    brakes.ramp[1] = 400;
    assert_true(brake_eta(&course, now) == now + 2 * HOUR + 50000);
    brakes.n_ramp = 0;
    facts.quota = 300;
    time_ms eta = brake_eta(&course, now);
    assert_true(eta > now + 72 * HOUR && eta < now + 73 * HOUR);
    facts.quota = 0;
    struct hours quiet;
    const char *zone = "UTC";
    assert_true(hours_parse("08:00-21:00", &quiet));
    facts.quiet = &quiet;
    facts.zones = &zone;
    facts.n_zones = 1;
    eta = brake_eta(&course, now);
    assert_true(eta >= now + 8 * HOUR && eta < now + 9 * HOUR);
    facts.stage = BRAKE_WAITING;
    assert_true(brake_eta(&course, now) == TIME_NONE);
    course.remaining = 0;
    assert_true(brake_eta(&course, now) == now);
    book_destroy(&book);
}

/* If this fails, an hour's counts are forgotten while the hour is not over. */
static void book_keeps_the_newest(void **state)
{
    struct book *book = book_create();
    (void)state;
    for (int64_t minute = 0; minute < 200; minute++)
        book_add(book, "x", minute, 1);
    assert_int_equal(book_sum(book, "x", 139, 199), 61);
    book_add(book, "x", 3, 5); /* too old to matter */
    assert_int_equal(book_sum(book, "x", 0, 199), BOOK_BUCKETS);
    book_add(book, "w1:t0:a:sent", 0, 3);
    book_add(book, "w1:t0:b:sent", 0, 4);
    book_add(book, "w11:t0:b:sent", 0, 9);
    assert_int_equal(book_total(book, "w1:t0:", ":sent"), 7);
    book_drop(book, "w1:");
    assert_int_equal(book_total(book, "w1:", ":sent"), 0);
    assert_int_equal(book_total(book, "w11:", ":sent"), 9);
    book_destroy(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(document_comes_back),      cmocka_unit_test(bad_documents_are_refused),
        cmocka_unit_test(money_is_exact),           cmocka_unit_test(clocks_that_change),
        cmocka_unit_test(days_of_the_week),         cmocka_unit_test(places_have_zones),
        cmocka_unit_test(no_window_passes_its_cap), cmocka_unit_test(walls_say_when),
        cmocka_unit_test(stops_have_reasons),       cmocka_unit_test(silence_is_relative),
        cmocka_unit_test(eta_knows_the_brakes),     cmocka_unit_test(book_keeps_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
