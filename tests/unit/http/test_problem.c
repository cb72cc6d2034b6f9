/* test_problem.c - the table of problem types. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/http/http_server.h"
#include "tests/unit/http/tests.h"

/* If it fails, clients that switch on `type` meet an empty or ambiguous one, or the documentation
 * has a hole. */
static void has_all_types(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HTTP_PROBLEM_N; i++) {
        const struct http_problem_type *type = http_problem_type(i);
        assert_non_null(type->slug);
        assert_int_equal(strspn(type->slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(type->slug));
        assert_in_range(type->status, 400, 599);
        assert_non_null(type->title);
        assert_null(strpbrk(type->title, "\"\\")); /* written into JSON as it is */
        assert_int_equal(type->help[strlen(type->help) - 1], '.');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(type->slug, http_problem_type(k)->slug);
    }
}

/* If it fails, an internal result reaches the client with a misleading status. */
static void maps_results(void **state)
{
    static const int want[RESULT_N] = {
        [RESULT_OK] = 500,          [RESULT_BUSY] = 503,      [RESULT_CLOSING] = 503,
        [RESULT_CANCELED] = 503,    [RESULT_NOT_FOUND] = 404, [RESULT_EXISTS] = 409,
        [RESULT_CONFLICT] = 409,    [RESULT_INVALID] = 422,   [RESULT_DENIED] = 403,
        [RESULT_TOO_LARGE] = 413,   [RESULT_TIMEOUT] = 503,   [RESULT_UNCERTAIN] = 503,
        [RESULT_UNAVAILABLE] = 503, [RESULT_IO] = 500,        [RESULT_FULL] = 507,
    };
    (void)state;
    for (unsigned i = 0; i < RESULT_N; i++)
        assert_int_equal(http_problem_type(http_problem_of(i))->status, want[i]);
}

int run_problem(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(has_all_types),
                                       cmocka_unit_test(maps_results)};
    return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
