/* test_incident_json.c - which incidents are taken, and what is said of those that are not. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/incident_json.h"

#define GOOD                                                                                       \
    "\"title\":\"t\",\"kind\":\"breach\",\"organisation\":{\"name\":\"n\"},\"data_types\":["       \
    "\"ssn\"]"

struct row {
    const char *json;
    const char *pointer; /* NULL: it is taken */
};

static const struct row rows[] = {
    {"{" GOOD "}", NULL},
    {"{" GOOD ",\"risk\":null}", NULL},
    {"{" GOOD ",\"occurred_from\":\"2026-05-03T10:00:00Z\",\"occurred_to\":\"2026-05-03\"}", NULL},
    {"{" GOOD ",\"occurred_from\":\"2026-05-03T23:30:00-02:00\",\"occurred_to\":\"2026-05-03\"}",
     "/occurred_to"},
    {"{" GOOD ",\"occurred_from\":\"2026-05-04\",\"aware_at\":\"2026-05-03\"}", "/aware_at"},
    {"{" GOOD ",\"discovered_at\":\"2026-11-24T11:00:00Z\"}", NULL},
    {"{" GOOD ",\"discovered_at\":\"2026-11-24T13:00:00Z\"}", "/discovered_at"},
    {"{" GOOD ",\"channels\":[\"email\"]}", NULL},
    {"{" GOOD ",\"channels\":[\"pigeon\"]}", "/channels/0"},
    {"{" GOOD ",\"channels\":\"email\"}", "/channels"},
    {"{" GOOD ",\"facts\":{\"what_happened\":\"a\\nb\\t{{name}}\"}}", NULL},
    {"{" GOOD ",\"facts\":{\"what_happened\":\"a {{{name}}}\"}}", "/facts/what_happened"},
    {"{" GOOD ",\"facts\":{\"what_happened\":\"a\\u0007b\"}}", "/facts/what_happened"},
    {"{" GOOD ",\"facts\":{\"what_happened\":null}}", "/facts/what_happened"},
    {"{" GOOD ",\"establishment\":\"EU-IE\"}", NULL},
    {"{" GOOD ",\"establishment\":\"IE\"}", NULL},
    {"{" GOOD ",\"consent_required\":\"no\"}", "/consent_required"},
    {"{" GOOD ",\"recipients\":[{},{}]}", NULL},
    {"{" GOOD ",\"recipients\":[{},[]]}", "/recipients/1"},
    {"{" GOOD ",\"Title\":1}", "/Title"},
    {"{\"kind\":\"breach\"}", "/title"},
    {"{\"title\":\"t\",\"kind\":\"policy_change\",\"organisation\":{\"name\":\"n\"}}", NULL},
    {"{\"title\":\"t\",\"kind\":\"breach\",\"organisation\":{\"name\":\"n\"}}", "/data_types"},
    {"{\"title\":\"a\\u202e\\nb\"}", "/title"},
    {"[]", ""},
    {"3", ""},
};

static bool has(const struct findings *findings, const char *pointer)
{
    for (size_t i = 0; i < findings->n; i++) {
        if (str_equal(findings->items[i].pointer, pointer))
            return true;
    }
    return false;
}

static void check_row(const struct row *row)
{
    static const char *const channels[] = {"email", "postal"};
    struct incident_rules rules = {.channels = channels, .n_channels = 2};
    struct json_object *json = NULL;
    struct findings findings;
    struct arena *arena = arena_create(65536);
    assert_true(time_or_day_parse("2026-11-23T12:00:00Z", &rules.now));
    assert_int_equal(json_read(row->json, strlen(row->json), &json, NULL), RESULT_OK);
    findings_init(&findings, arena);
    bool good = incident_json_check(json, &rules, &findings);
    if (good != (row->pointer == NULL) || (!good && !has(&findings, row->pointer)))
        fail_msg("%s: %s, first %s", row->json, good ? "taken" : "refused",
                 findings.n ? findings.items[0].pointer : "-");
    json_object_put(json);
    arena_destroy(&arena);
}

/* A malformed incident is taken, or a good one refused, when this fails. */
static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

/* One bad document could fill memory with complaints when this fails. */
static void test_findings_are_bounded(void **state)
{
    (void)state;
    struct findings findings;
    struct arena *arena = arena_create(16384);
    struct json_object *json = json_object_new_object();
    char name[200];
    memset(name, '~', sizeof name - 1);
    for (int i = 0; i < 100; i++) {
        name[sizeof name - 1] = 0;
        name[0] = (char)(i + 1);
        json_object_object_add(json, name, json_object_new_int(i));
    }
    findings_init(&findings, arena);
    assert_false(incident_json_check(json, &(struct incident_rules){.now = TIME_NONE}, &findings));
    assert_int_equal(findings.n, FINDINGS_MAX);
    assert_true(findings.total > 100);
    assert_true(strlen(findings.items[0].pointer) <= 129);
    json_object_put(json);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_findings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
