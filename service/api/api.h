/* api.h - the resources of /v1: what a caller may ask, who may ask it, and how it is answered.
 *
 *   api_create(&config, &api, &error);
 *   http.routes = api_routes(&http.n_routes), http.context = api;    every route's context
 *   http_server_create(...); api_set_server(api, server);
 *   delivery_start(...) -> api_set_state(api, API_READY)
 *
 * Loop thread only. Stateless but for a small cache of tokens and the keys that are in flight:
 * after a restart everything is read from the store again. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/result.h"

struct api;
struct backups;
struct delivery;
struct http_route;
struct http_server;
struct law_rules;
struct log_newest_compare;
struct loop;
struct preflight;
struct receipt_log;
struct store;

struct api_config {
    struct delivery *delivery; /* all outlive the API */
    struct store *store;
    struct loop *loop;
    struct receipt_log *log;               /* NULL: none is kept */
    const struct log_newest_compare *seen; /* what others know of the log; NULL: nothing */
    struct backups *backups;               /* NULL: none are made */
    struct preflight *preflight;           /* NULL: none can be made */
    const char *public_url; /* without trailing slash: what providers signed their callbacks for */
    const char *version;
    const char *data_dir;        /* its disk is watched by /readyz; NULL: none is */
    size_t disk_min_mib;         /* red below this much free space; 0: 64 */
    const char *const *channels; /* names of the configured channels, copied */
    size_t n_channels;
    const struct law_rules *rules; /* NULL: none, /v1/law answers 503 */
    int64_t written_due_ms;        /* by when a written notice should be mailed; 0: 10 days */
};

/* Strings are copied. RESULT_INVALID: a member is missing. The caller owns *ret_api. */
enum result api_create(const struct api_config *config, struct api **ret_api, struct error *error);
/* After http_server_destroy(). Sets *api to NULL. */
void api_destroy(struct api **api);

/* The whole table, static storage; each handler's context is the struct api. */
const struct http_route *api_routes(size_t *ret_n);

/* For /metrics; NULL: none. */
void api_set_server(struct api *api, const struct http_server *server);

enum api_state { API_STARTING, API_READY, API_DRAINING };
/* What /readyz says of the engine; starts as API_STARTING. */
void api_set_state(struct api *api, enum api_state state);
