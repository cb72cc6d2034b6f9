/* test_law.c - worked examples of the law as files, every record once, and what must be refused. */
/* System. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/law/law.h"

static struct law_rules *rules;
static unsigned differences; /* of the cases: all are named before the test fails */

#define differ(...) (print_error(__VA_ARGS__), differences++)

static struct json_object *file_json(const char *path)
{
    struct json_object *json = json_object_from_file(path);
    if (json == NULL)
        fail_msg("%s: %s", path, json_util_get_last_err());
    return json;
}

static struct json_object *evaluate(struct json_object *in, struct error *error)
{
    struct arena *arena = arena_create(64 << 20);
    struct law_facts facts;
    struct law_result result;
    struct json_object *out = NULL;
    if (law_facts_read(in, arena, &facts, error) == RESULT_OK &&
        law_evaluate(rules, &facts, arena, &result)) {
        out = law_result_json(rules, &result);
        law_result_free(&result);
    }
    arena_destroy(&arena);
    return out;
}

/* ---- Cases. ---- */

/* Is every member of `wanted` in `have`? Texts of `name`, `why`, `standard` need only contain it;
 * a wanted list must be contained. */
static bool matches(struct json_object *have, struct json_object *wanted)
{
    json_object_object_foreach(wanted, key, value)
    {
        struct json_object *mine = json_get(have, key);
        bool partly = str_equal(key, "name") || str_equal(key, "why") ||
                      str_equal(key, "standard") || str_equal(key, "condition");
        if (partly) {
            if (mine == NULL ||
                strstr(json_object_get_string(mine), json_object_get_string(value)) == NULL)
                return false;
        } else if (json_object_is_type(value, json_type_array)) {
            for (size_t i = 0; i < json_object_array_length(value); i++) {
                bool found = false;
                for (size_t j = 0; mine != NULL && j < json_object_array_length(mine); j++)
                    found = found ||
                            strstr(json_object_get_string(json_object_array_get_idx(mine, j)),
                                   json_object_get_string(json_object_array_get_idx(value, i)));
                if (!found)
                    return false;
            }
        } else if (!json_object_equal(mine, value)) {
            return false;
        }
    }
    return true;
}

static void expect_in_list(const char *name, struct json_object *list, struct json_object *wanted)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (matches(json_object_array_get_idx(list, i), wanted))
            return;
    differ("%s: nothing is like %s in %s\n", name, json_object_to_json_string(wanted),
           json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY));
}

static void expect(const char *name, struct json_object *out, struct json_object *wanted)
{
    json_object_object_foreach(wanted, key, value)
    {
        struct json_object *have = json_get(out, key);
        if (json_object_is_type(value, json_type_array)) {
            for (size_t i = 0; i < json_object_array_length(value); i++)
                expect_in_list(name, have, json_object_array_get_idx(value, i));
            continue;
        }
        json_object_object_foreach(value, place, inner)
        {
            struct json_object *there = json_get(have, place);
            if (!json_object_is_type(inner, json_type_array)) {
                if (!matches(there, inner))
                    differ("%s: %s of %s is %s, not like %s\n", name, key, place,
                           json_object_to_json_string(there), json_object_to_json_string(inner));
                continue;
            }
            for (size_t i = 0; i < json_object_array_length(inner); i++)
                expect_in_list(name, there, json_object_array_get_idx(inner, i));
        }
    }
}

static void run_case(const char *path)
{
    struct json_object *file = file_json(path);
    for (size_t i = 0; i < json_object_array_length(file); i++) {
        struct json_object *one = json_object_array_get_idx(file, i);
        const char *name = json_get_string(one, "name");
        struct error error = {0};
        assert_non_null(json_get_string(one, "if_this_fails"));
        struct json_object *out = evaluate(json_get(one, "in"), &error);
        if (out == NULL)
            fail_msg("%s: %s: %s", name, error.field, error.text);
        expect(name, out, json_get(one, "out"));
        json_object_put(out);
    }
    json_object_put(file);
}

/* If this fails, somebody is told too late, by a way that does not count, or not at all: the case
 * that is named says which law. */
static void test_cases(void **state)
{
    struct dirent **entries;
    int n = scandir("tests/unit/law/cases", &entries, NULL, alphasort);
    (void)state;
    assert_true(n > 3);
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "tests/unit/law/cases/%s", entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            run_case(path);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(differences, 0);
}

/* ---- Every record. ---- */

static struct json_object *facts_for(const char *place, const char *sector, int64_t n)
{
    char text[1024];
    struct json_object *json = NULL;
    snprintf(
        text, sizeof text,
        "{\"incident\":{\"data_types\":[\"name\",\"ssn\",\"health\",\"credentials\"],"
        "\"discovered_at\":\"2027-06-01\",\"determined_at\":\"2027-06-02\",\"aware_at\":"
        "\"2027-06-01T08:00:00+00:00\",\"encrypted\":false,\"risk\":\"high\",\"malicious\":true,"
        "\"sectors\":[%s%s%s]},\"people\":{\"%s\":%lld}}",
        sector ? "\"" : "", sector ? sector : "", sector ? "\"" : "", place, (long long)n);
    assert_int_equal(json_read(text, strlen(text), &json, NULL), RESULT_OK);
    return json;
}

static bool any_required(struct json_object *out, const char *place)
{
    struct json_object *list = json_get(out, "obligations");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        assert_non_null(json_get_string(o, "why"));
        assert_non_null(json_get_string(o, "standard"));
        if (str_equal(json_get_string(o, "jurisdiction"), place) &&
            json_get_bool(o, "required", false)) {
            assert_non_null(json_get_string(o, "citation"));
            return true;
        }
    }
    return false;
}

/* Records in which even the worst breach binds nobody: what they say is no law, or not yet. */
static bool binds_nobody(const char *id)
{
    static const char *const ids[] = {"AR", "HK", "AE", "IL", NULL};
    for (size_t i = 0; ids[i] != NULL; i++)
        if (str_equal(ids[i], id))
            return true;
    return false;
}

/* If this fails, a record is in the set but no incident can ever come to it. */
static void test_every_record(void **state)
{
    (void)state;
    assert_int_equal(law_rules_count(rules), 95);
    for (size_t i = 0; i < law_rules_count(rules); i++) {
        const char *id = law_rule_id(law_rules_at(rules, i));
        const char *sector =
            json_get_string(json_get(law_rule_json(law_rules_at(rules, i)), "scope"), "sector");
        const char *place = sector != NULL || str_equal(id, "US-ESIGN") ? "US-TX"
                            : str_equal(id, "EU")                       ? "EU-DE"
                                                                        : id;
        struct json_object *in = facts_for(place, sector, 2000000);
        if (str_equal(sector, "sec"))
            json_object_object_add(json_get(in, "incident"), "material_at",
                                   json_object_new_string("2027-06-03"));
        struct json_object *out = evaluate(in, NULL);
        assert_non_null(out);
        if (!any_required(out, sector != NULL ? id : place) && !binds_nobody(id))
            fail_msg("%s: nothing is required of the worst breach", id);
        json_object_put(out);
        json_object_put(in);
    }
}

/* If this fails, a notice goes to the very mailbox whose password was taken. */
static void test_exposed_mailbox(void **state)
{
    const struct law_person with = {.consented = true};
    struct law_facts facts = {.facts[LAW_FURNISHED_MAILBOX] = LAW_YES};
    const char *why;
    (void)state;
    facts.data = UINT64_C(1) << law_data_find("credentials");
    for (size_t i = 0; i < law_rules_count(rules); i++)
        assert_int_equal(law_method_counts(law_rules_at(rules, i), &facts, LAW_EMAIL, &with, &why),
                         LAW_COUNTS_BARRED);
    assert_int_equal(law_method_counts(NULL, &facts, LAW_EMAIL, &with, &why), LAW_COUNTS_BARRED);
}

/* If this fails, accepted terms of service pass for consent to electronic notice. */
static void test_terms_are_no_consent(void **state)
{
    const struct law_person terms = {.consent_terms = true};
    const struct law_person forced = {.consented = true, .consent_forced = true};
    struct law_facts facts = {.data = UINT64_C(1) << law_data_find("ssn")};
    const char *why;
    (void)state;
    assert_int_equal(
        law_method_counts(law_rules_get(rules, "US-CA"), &facts, LAW_EMAIL, &terms, &why),
        LAW_COUNTS_SUPPLEMENT);
    assert_non_null(strstr(why, "terms of service"));
    assert_int_equal(
        law_method_counts(law_rules_get(rules, "US-NY"), &facts, LAW_EMAIL, &forced, &why),
        LAW_COUNTS_SUPPLEMENT);
}

/* ---- What must be refused. ---- */

/* If this fails, facts that contradict themselves, or a slip of the pen, give a plan. */
static void test_bad_facts(void **state)
{
    static const char *const bad[][2] = {
        {"{}", "/incident"},
        {"{\"incident\":{\"discovered_at\":\"2026-02-30\"}}", "/incident/discovered_at"},
        {"{\"incident\":{\"risk\":\"low\"}}", "/incident/risk"},
        {"{\"incident\":{\"encrypted\":\"no\"}}", "/incident/encrypted"},
        {"{\"incident\":{\"data_types\":[\"shoe_size\"]}}", "/incident/data_types/shoe_size"},
        {"{\"incident\":{\"sectors\":[\"bank\"]}}", "/incident/sectors/bank"},
        {"{\"incident\":{\"colour\":1}}", "/incident/colour"},
        {"{\"incident\":{\"occurred_from\":\"2026-02-02\",\"occurred_to\":\"2026-02-01\"}}",
         "/incident/occurred_to"},
        {"{\"incident\":{\"encrypted\":false,\"key_compromised\":true}}",
         "/incident/key_compromised"},
        {"{\"incident\":{},\"people\":{\"us-ca\":1}}", "/people/us-ca"},
        {"{\"incident\":{},\"people\":{\"US-CA\":-1}}", "/people/US-CA"},
        {"{\"incident\":{},\"people\":{\"US-CA\":9},\"contact\":{\"US-CA\":{\"email\":1,"
         "\"email_consented\":2}}}",
         "/contact/US-CA"},
        {"{\"incident\":{},\"events\":[{\"type\":\"party\",\"at\":\"2026-01-01\"}]}",
         "/events/type"},
        {"{\"incident\":{},\"events\":[{\"type\":\"letters_sent\"}]}", "/events/at"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json_object *in = NULL;
        struct error error = {0};
        assert_int_equal(json_read(bad[i][0], strlen(bad[i][0]), &in, NULL), RESULT_OK);
        assert_null(evaluate(in, &error));
        assert_int_equal(error.code, RESULT_INVALID);
        assert_string_equal(error.field, bad[i][1]);
        json_object_put(in);
    }
}

static enum result overlay(const char *text, struct law_rules **ret, struct error *error)
{
    char path[] = "/tmp/tocsin-overlay-XXXXXX";
    const char *paths[] = {path};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    enum result result = law_rules_load("templates/rules", paths, 1, ret, error);
    remove(path);
    return result;
}

/* If this fails, a slip in counsel's own file passes for silence of the law. */
static void test_bad_overlay(void **state)
{
    static const char *const bad[][2] = {
        {"{\"id\":\"US-CA\",\"peoples\":{}}", "US-CA.peoples"},
        {"{\"id\":\"US-CA\",\"people\":{\"when\":{},\"clock\":{\"n\":30,\"unit\":\"moons\","
         "\"from\":"
         "\"discovery\"}}}",
         "US-CA.people.clock.unit"},
        {"{\"id\":\"US-CA\",\"people\":{\"when\":{},\"clock\":{\"n\":0,\"unit\":\"days\",\"from\":"
         "\"discovery\"}}}",
         "US-CA.people.clock.n"},
        {"{\"id\":\"US-CA\",\"people\":{\"standard\":\"soon\"}}", "US-CA.people.when"},
        {"{\"id\":\"US-CA\",\"people\":{\"when\":{\"moon\":\"full\"}}}", "US-CA.people.when.moon"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct law_rules *mine = NULL;
        struct error error = {0};
        assert_int_equal(overlay(bad[i][0], &mine, &error), RESULT_INVALID);
        assert_string_equal(error.field, bad[i][1]);
        assert_null(mine);
    }
}

/* If this fails, counsel's own figure is not used, or cannot be told from ours. */
static void test_overlay(void **state)
{
    struct law_rules *mine = NULL, *ours = rules;
    struct error error = {0};
    (void)state;
    assert_int_equal(
        overlay("{\"id\":\"US-TX\",\"people\":{\"when\":{},\"clock\":{\"n\":20,\"unit\":"
                "\"days\",\"from\":\"discovery\"},\"standard\":\"our counsel\"}}",
                &mine, &error),
        RESULT_OK);
    assert_memory_not_equal(law_rules_digest(mine), law_rules_digest(ours), DIGEST_SIZE);
    rules = mine;
    struct json_object *in = facts_for("US-TX", NULL, 3), *out = evaluate(in, NULL);
    rules = ours;
    assert_non_null(strstr(json_object_to_json_string(out), "\"due\": \"2027-06-21\""));
    json_object_put(in);
    json_object_put(out);
    law_rules_destroy(&mine);
}

/* If this fails, a rule that nobody has looked at for months is used without a word. */
static void test_stale(void **state)
{
    struct law_time then, soon;
    (void)state;
    assert_true(law_time_read("2027-06-01", &then) && law_time_read("2026-12-01", &soon));
    assert_true(law_rule_stale(rules, law_rules_get(rules, "US-CA"), &then));
    assert_false(law_rule_stale(rules, law_rules_get(rules, "US-CA"), &soon));
}

static int load(void **state)
{
    struct error error = {0};
    (void)state;
    if (law_rules_load("templates/rules", NULL, 0, &rules, &error) != RESULT_OK) {
        print_error("%s: %s\n", error.field, error.text);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    law_rules_destroy(&rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),           cmocka_unit_test(test_every_record),
        cmocka_unit_test(test_exposed_mailbox), cmocka_unit_test(test_terms_are_no_consent),
        cmocka_unit_test(test_bad_facts),       cmocka_unit_test(test_bad_overlay),
        cmocka_unit_test(test_overlay),         cmocka_unit_test(test_stale),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
