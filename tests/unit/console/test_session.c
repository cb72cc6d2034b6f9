/* test_session.c - which cookie is ours. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/api/session.h"

/* If this fails, a cookie of another name, or a second one put beside ours, is taken for ours. */
static void one_cookie_of_the_name(void **state)
{
    struct arena *arena = arena_create(4096);
    (void)state;
    static const struct {
        const char *header, *value;
    } rows[] = {
        {"__Host-tocsin=abc", "abc"},
        {"a=1; __Host-tocsin=abc; b=2", "abc"},
        {"x__Host-tocsin=abc", NULL},
        {"__Host-tocsinx=abc", NULL},
        {"__Host-tocsin=abc; __Host-tocsin=def", NULL},
        {"", NULL},
        {";;; ", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = session_cookie(rows[i].header, "__Host-tocsin", arena);
        if (rows[i].value == NULL)
            assert_null(value);
        else
            assert_string_equal(value, rows[i].value);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_cookie_of_the_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
