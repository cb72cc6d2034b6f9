/* router.h - finds the route of a path. Pure, thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/result.h"
#include "base/str.h"
#include "service/http/http_server.h"

enum { HTTP_PARAMS_MAX = 8, HTTP_ALLOW_SIZE = 128 };

struct route_param {
    struct slice name, raw; /* both point into the pattern and the path */
};
struct route_match {
    const struct http_route *route; /* NULL: 404, or 405 when `allow` is not empty */
    struct route_param params[HTTP_PARAMS_MAX];
    size_t n_params;
    char allow[HTTP_ALLOW_SIZE]; /* "GET, HEAD, POST": the methods that the path has */
};

/* Are all patterns well-formed and no two the same? RESULT_INVALID names the pattern. */
enum result router_check(const struct http_route *routes, size_t n, struct error *error);
/* `path` has passed uri_path_ok. Where several patterns fit, the one whose literal comes first
 * wins. */
void router_find(const struct http_route *routes, size_t n, const char *method, const char *path,
                 struct route_match *match);
