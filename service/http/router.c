/* router.c - routes as a const table, matched segment by segment.
 *
 * Happy path: every pattern is tried (there are some dozens), the most literal fitting one wins,
 * its methods decide between 405 and a match. A path that fits none is 404. */

/* System. */
#include <stdint.h>
#include <string.h>

/* This module. */
#include "service/http/router.h"

static struct slice next_segment(const char **at)
{
    size_t length = strcspn(*at, "/");
    struct slice segment = {*at, length};
    *at += length;
    return segment;
}

static bool is_name(struct slice segment)
{
    return segment.length > 2 && segment.data[0] == '{' && segment.data[segment.length - 1] == '}';
}

static bool takes_rest(struct slice segment)
{
    return is_name(segment) && segment.length > 5 &&
           memcmp(segment.data + segment.length - 4, "...}", 4) == 0;
}

static void add_param(struct route_match *match, struct slice segment, struct slice raw)
{
    size_t cut = takes_rest(segment) ? 5 : 2;
    match->params[match->n_params++] =
        (struct route_param){{segment.data + 1, segment.length - cut}, raw};
}

/* Fills the parameters and *literals, a bit per literal segment with the leftmost highest, when the
 * path fits. */
static bool fits(const char *pattern, const char *path, struct route_match *match,
                 uint64_t *literals)
{
    uint64_t bit = UINT64_C(1) << 63;
    match->n_params = 0;
    *literals = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++, path++;
        struct slice want = next_segment(&pattern);
        if (takes_rest(want)) {
            add_param(match, want, slice_of(path));
            return true;
        }
        struct slice have = next_segment(&path);
        if (is_name(want)) {
            if (have.length == 0)
                return false;
            add_param(match, want, have);
        } else {
            if (want.length != have.length || memcmp(want.data, have.data, want.length) != 0)
                return false;
            *literals |= bit;
        }
        bit >>= 1;
    }
    return *pattern == '\0' && *path == '\0';
}

static void allow_add(char allow[HTTP_ALLOW_SIZE], const char *method)
{
    size_t used = strlen(allow), length = strlen(method);
    if (used + length + 3 > HTTP_ALLOW_SIZE)
        return;
    if (used) {
        memcpy(allow + used, ", ", 2);
        used += 2;
    }
    memcpy(allow + used, method, length + 1);
}

static void allow_route(char allow[HTTP_ALLOW_SIZE], const char *method)
{
    allow_add(allow, method);
    if (str_equal(method, "GET"))
        allow_add(allow, "HEAD");
}

static bool method_fits(const char *have, const char *want)
{
    return str_equal(have, want) || (str_equal(have, "HEAD") && str_equal(want, "GET"));
}

void router_find(const struct http_route *routes, size_t n, const char *method, const char *path,
                 struct route_match *match)
{
    struct route_match try;
    uint64_t best = 0, literals;
    bool found = false;
    *match = (struct route_match){0};
    for (size_t i = 0; i < n; i++) {
        if (!fits(routes[i].path, path, &try, &literals) || (found && literals < best))
            continue;
        if (!found || literals > best) {
            *match = (struct route_match){0};
            best = literals;
            found = true;
        }
        allow_route(match->allow, routes[i].method);
        if (!match->route && method_fits(method, routes[i].method)) {
            match->route = &routes[i];
            match->n_params = try.n_params;
            memcpy(match->params, try.params, sizeof(try.params));
        }
    }
}

static bool pattern_ok(const char *pattern)
{
    size_t segments = 0, names = 0;
    if (*pattern != '/')
        return false;
    while (*pattern == '/') {
        pattern++;
        struct slice segment = next_segment(&pattern);
        bool braces = segment.length && (memchr(segment.data, '{', segment.length) ||
                                         memchr(segment.data, '}', segment.length));
        names += is_name(segment);
        if ((braces && !is_name(segment)) || (takes_rest(segment) && *pattern))
            return false;
        segments++;
    }
    return segments <= 63 && names <= HTTP_PARAMS_MAX;
}

enum result router_check(const struct http_route *routes, size_t n, struct error *error)
{
    for (size_t i = 0; i < n; i++) {
        if (!routes[i].method || !routes[i].handler || !routes[i].path ||
            !pattern_ok(routes[i].path))
            return error_set(error, RESULT_INVALID, "routes",
                             "route %zu has no handler or a bad path pattern; correct the table.",
                             i);
        for (size_t k = 0; k < i; k++) {
            if (str_equal(routes[i].method, routes[k].method) &&
                str_equal(routes[i].path, routes[k].path))
                return error_set(error, RESULT_INVALID, "routes",
                                 "routes %zu and %zu are the same; remove one.", k, i);
        }
    }
    return RESULT_OK;
}
