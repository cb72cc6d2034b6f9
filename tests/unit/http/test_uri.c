/* test_uri.c - paths, percent-decoding, queries. */

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
#include "service/http/uri.h"
#include "tests/unit/http/tests.h"

/* If it fails, a path means one thing to us and another to a proxy in front. */
static void judges_paths(void **state)
{
    static const char *const good[] = {"/",       "/a",           "/a/b/", "/a%20b", "/a%2Fb",
                                       "/%C3%A9", "/a:b@c;d=e,f", "/...",  "/.a",    "/a.",
                                       "//"};
    static const char *const bad[] = {
        "",       "a",     "*",    "http://x/", "/a%00b",  "/a%",    "/a%4",      "/a%zz",
        "/a%0ab", "/a%7f", "/a b", "/..",       "/a/../b", "/./",    "/a/%2e%2E", "/.%2e/b",
        "/%2E",   "/a\\b", "/a#b", "/\xc3\xa9", "/a\tb",   "/a\x7f", "/a|b"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(uri_path_ok(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(uri_path_ok(bad[i], strlen(bad[i])));
    assert_false(uri_path_ok("/a\0b", 4));
}

/* If it fails, a segment grows a separator, is cut at a NUL, or broken UTF-8 comes in. */
static void decodes(void **state)
{
    static const struct {
        const char *text, *kept, *whole; /* NULL: refused */
    } cases[] = {
        {"", "", ""},
        {"abc", "abc", "abc"},
        {"a%20b", "a b", "a b"},
        {"a%2Fb", "a%2Fb", "a/b"},
        {"a%2fb", "a%2fb", "a/b"},
        {"%252F", "%2F", "%2F"},
        {"%C3%A9", "\xc3\xa9", "\xc3\xa9"},
        {"%C3", NULL, NULL},
        {"%ED%A0%80", NULL, NULL},
        {"a%00", NULL, NULL},
        {"a%0d%0a", NULL, NULL},
        {"%", NULL, NULL},
        {"%2", NULL, NULL},
        {"%2g", NULL, NULL},
    };
    struct arena *arena = arena_create(65536);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t length = strlen(cases[i].text);
        assert_true(str_equal(uri_decode(arena, cases[i].text, length, true), cases[i].kept));
        assert_true(str_equal(uri_decode(arena, cases[i].text, length, false), cases[i].whole));
    }
    arena_destroy(&arena);
}

/* If it fails, a parameter given twice has two meanings, or the number of parameters is not
 * bounded. */
static void splits_queries(void **state)
{
    struct arena *arena = arena_create(65536);
    struct query query;
    char many[256] = "";
    (void)state;
    assert_true(uri_query(arena, "a=1&b=x+y%2Bz&c&&d=%2F=", &query));
    assert_int_equal(query.n, 4);
    assert_string_equal(query_get(&query, "a"), "1");
    assert_string_equal(query_get(&query, "b"), "x y+z");
    assert_string_equal(query_get(&query, "c"), "");
    assert_string_equal(query_get(&query, "d"), "/=");
    assert_null(query_get(&query, "e"));
    assert_true(uri_query(arena, NULL, &query));
    assert_int_equal(query.n, 0);
    assert_false(uri_query(arena, "a=1&a=2", &query));
    assert_false(uri_query(arena, "a=1&%61=2", &query));
    assert_false(uri_query(arena, "a=%00", &query));
    assert_false(uri_query(arena, "a=%f", &query));
    for (int i = 0; i < 32; i++)
        memcpy(many + strlen(many), (char[]){(char)('@' + i), '=', '1', '&', 0}, 5);
    assert_true(uri_query(arena, many, &query));
    memcpy(many + strlen(many), "zz=1", 5);
    assert_false(uri_query(arena, many, &query));
    arena_destroy(&arena);
}

int run_uri(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_paths), cmocka_unit_test(decodes),
                                       cmocka_unit_test(splits_queries)};
    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
