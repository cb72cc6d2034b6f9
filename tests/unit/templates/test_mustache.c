/* The Mustache engine against the specification's own tests (tests/spec/mustache). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "templates/engine/mustache.h"

static struct json_object *load(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/spec/mustache/%s.json", name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    static char text[65536];
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    struct json_object *json = NULL;
    struct error error = {0};
    if (json_read(text, n, &json, &error))
        fail_msg("%s: %s", path, error.text);
    return json;
}

static const char *find_partial(void *context, const char *name)
{
    return json_get_string(context, name);
}

static void run_one(struct json_object *test, const char *suite)
{
    const char *source = json_get_string(test, "template");
    struct mustache *template = NULL;
    struct error error = {0};
    if (mustache_parse(slice_of(source), MUSTACHE_FULL, &template, &error))
        fail_msg("%s, %s: %s", suite, json_get_string(test, "name"), error.text);
    struct mustache_partials partials = {find_partial, json_get(test, "partials")};
    struct buf out;
    buf_init(&out, 65536);
    assert_int_equal(mustache_render(template, json_get(test, "data"), &partials, &out), RESULT_OK);
    if (strcmp(out.data, json_get_string(test, "expected")))
        fail_msg("%s, %s: got \"%s\", wanted \"%s\"", suite, json_get_string(test, "name"),
                 out.data, json_get_string(test, "expected"));
    buf_free(&out);
    mustache_destroy(&template);
}

static void run_suite(const char *name, size_t wanted)
{
    struct json_object *suite = load(name);
    struct json_object *tests = json_get(suite, "tests");
    assert_int_equal(json_object_array_length(tests), wanted);
    for (size_t i = 0; i < wanted; i++)
        run_one(json_object_array_get_idx(tests, i), name);
    json_object_put(suite);
}

/* If it fails, placeholders print something else than every other Mustache prints. */
static void test_interpolation(void **state)
{
    (void)state;
    run_suite("interpolation", 42);
}

/* If it fails, conditional and repeated parts come out wrong. */
static void test_sections(void **state)
{
    (void)state;
    run_suite("sections", 34);
    run_suite("inverted", 22);
}

/* If it fails, comments are seen by people. */
static void test_comments(void **state)
{
    (void)state;
    run_suite("comments", 12);
}

/* If it fails, partials lose their indentation or their delimiters. */
static void test_partials_and_delimiters(void **state)
{
    (void)state;
    run_suite("partials", 12);
    run_suite("delimiters", 14);
}

static void assert_refused(const char *source, enum mustache_mode mode)
{
    struct mustache *template = NULL;
    struct error error = {0};
    if (mustache_parse(slice_of(source), mode, &template, &error) != RESULT_INVALID)
        fail_msg("taken: %s", source);
    assert_true(strlen(error.text) > 0);
    assert_null(template);
}

/* If it fails, a broken template renders half a notice. */
static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{a",    "{{}}", "{{a b}}", "{{#a}}{{#b}}{{/a}}{{/b}}",
        "{{=a}}", "{{{a}}", "{{a..}}",      "{{=a=}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i], MUSTACHE_STRICT);
    for (size_t i = 0; i < 4; i++)
        assert_refused(bad[i], MUSTACHE_FULL);
}

/* If it fails, an unescaped value can get into a notice. */
static void test_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"{{{a}}}",     "{{&a}}",    "{{& a}}",      "{{>a}}",
                                      "{{=<% %>=}}", "{{ {a} }}", "{{$a}}{{/a}}", "{{<a}}{{/a}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i], MUSTACHE_STRICT);
}

/* If it fails, a partial that includes itself forever takes the process down. */
static void test_endless_partial(void **state)
{
    (void)state;
    struct json_object *partials = NULL;
    const char *text = "{\"a\": \"x{{>a}}\"}";
    assert_int_equal(json_read(text, strlen(text), &partials, NULL), RESULT_OK);
    struct mustache *template = NULL;
    assert_int_equal(mustache_parse(slice_of("{{>a}}"), MUSTACHE_FULL, &template, NULL), RESULT_OK);
    struct mustache_partials find = {find_partial, partials};
    struct buf out;
    buf_init(&out, 65536);
    assert_int_equal(mustache_render(template, NULL, &find, &out), RESULT_TOO_LARGE);
    buf_free(&out);
    mustache_destroy(&template);
    json_object_put(partials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpolation),   cmocka_unit_test(test_sections),
        cmocka_unit_test(test_comments),        cmocka_unit_test(test_partials_and_delimiters),
        cmocka_unit_test(test_malformed),       cmocka_unit_test(test_strict),
        cmocka_unit_test(test_endless_partial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
