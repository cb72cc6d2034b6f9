/* console.h - the pages for people: sign in, what waits, approve, how far it has come. Every page
 * works without script. Loop thread only. */
#pragma once
#include <stddef.h>

struct http_route;

/* The pages' routes behind those of the API: static storage, valid until the next call. Each
 * handler's context is the struct api. */
const struct http_route *console_routes(const struct http_route *api, size_t n_api, size_t *ret_n);
