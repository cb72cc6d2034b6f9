/* test_router.c - the route table. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/http/router.h"
#include "tests/unit/http/tests.h"

static void nothing(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
}

#define ROUTE(m, p)                                                                                \
    {                                                                                              \
        .method = (m), .path = (p), .handler = nothing                                             \
    }
static const struct http_route routes[] = {
    ROUTE("GET", "/"),
    ROUTE("GET", "/v1/incidents"),
    ROUTE("POST", "/v1/incidents"),
    ROUTE("GET", "/v1/incidents/{id}"),
    ROUTE("DELETE", "/v1/incidents/{id}"),
    ROUTE("POST", "/v1/incidents/search"),
    ROUTE("PUT", "/v1/incidents/{id}/recipients/{part}"),
    ROUTE("GET", "/tile/{rest...}"),
};
enum { N_ROUTES = sizeof(routes) / sizeof(routes[0]) };

static const struct {
    const char *method, *path;
    int route; /* -1: none */
    const char *allow, *name, *value;
} cases[] = {
    {"GET", "/", 0, "GET, HEAD", NULL, NULL},
    {"GET", "/v1/incidents", 1, "GET, HEAD, POST", NULL, NULL},
    {"HEAD", "/v1/incidents", 1, "GET, HEAD, POST", NULL, NULL},
    {"POST", "/v1/incidents", 2, "GET, HEAD, POST", NULL, NULL},
    {"PATCH", "/v1/incidents", -1, "GET, HEAD, POST", NULL, NULL},
    {"get", "/v1/incidents", -1, "GET, HEAD, POST", NULL, NULL},
    {"GET", "/v1/incidents/", -1, "", NULL, NULL},
    {"GET", "/v1/incidents/inc_1", 3, "GET, HEAD, DELETE", "id", "inc_1"},
    {"DELETE", "/v1/incidents/a%2Fb", 4, "GET, HEAD, DELETE", "id", "a%2Fb"},
    {"POST", "/v1/incidents/search", 5, "POST", NULL, NULL},
    {"GET", "/v1/incidents/search", -1, "POST", NULL, NULL},
    {"PUT", "/v1/incidents/i/recipients/7", 6, "PUT", "part", "7"},
    {"PUT", "/v1/incidents/i/recipients", -1, "", NULL, NULL},
    {"PUT", "/v1/incidents//recipients/7", -1, "", NULL, NULL},
    {"GET", "/tile/0/x001/002", 7, "GET, HEAD", "rest", "0/x001/002"},
    {"GET", "/tile", -1, "", NULL, NULL},
    {"GET", "/v2", -1, "", NULL, NULL},
};

/* If it fails, a request reaches the wrong handler, or 404 and 405 are mixed up. */
static void finds_routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_match match;
        router_find(routes, N_ROUTES, cases[i].method, cases[i].path, &match);
        assert_ptr_equal(match.route, cases[i].route < 0 ? NULL : &routes[cases[i].route]);
        assert_string_equal(match.allow, cases[i].allow);
        bool named = !cases[i].name;
        for (size_t k = 0; k < match.n_params; k++)
            named = named || (slice_equal(match.params[k].name, cases[i].name) &&
                              slice_equal(match.params[k].raw, cases[i].value));
        assert_true(named);
    }
}

/* If it fails, a broken or doubled pattern is only noticed in production. */
static void checks_table(void **state)
{
    static const struct http_route bad[][2] = {
        {ROUTE("GET", "/a"), ROUTE("GET", "/a")},
        {ROUTE("GET", "/a"), ROUTE("GET", "b")},
        {ROUTE("GET", "/a"), ROUTE("GET", "/{x")},
        {ROUTE("GET", "/a"), ROUTE("GET", "/x{y}")},
        {ROUTE("GET", "/a"), ROUTE("GET", "/{}")},
        {ROUTE("GET", "/a"), ROUTE("GET", "/{rest...}/b")},
        {ROUTE("GET", "/a"), ROUTE("GET", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}")},
        {ROUTE("GET", "/a"), {.method = "GET", .path = "/b"}},
    };
    struct error error;
    (void)state;
    assert_int_equal(router_check(routes, N_ROUTES, &error), RESULT_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(router_check(bad[i], 2, &error), RESULT_INVALID);
}

int run_router(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_routes),
                                       cmocka_unit_test(checks_table)};
    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
