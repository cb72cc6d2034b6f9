/* preflight.h - is everything there that the night of a breach needs? Loop thread only; what blocks
 * runs on a lane of its own.
 *
 *   preflight_create -> preflight_begin(ask) ... ask->cb -> preflight_last()
 *
 * One run at a time. A check that could not be made is "not_checked", never "ok". No personal data
 * stands in a result. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "service/delivery/delivery.h"

struct backups;
struct http_client;
struct loop;
struct preflight;
struct receipt_log;

struct preflight_config { /* all outlive it */
    struct loop *loop;
    struct delivery *delivery;
    struct http_client *http;
    const struct backups *backups;         /* NULL: none */
    const struct receipt_log *log;         /* NULL: none */
    const char *public_url;                /* no trailing slash */
    const char *data_dir;                  /* the store's */
    size_t disk_min_mib;                   /* 0: 64 */
    const char *master_key;                /* "env:NAME" or a path; NULL: not looked at */
    const char *log_key;                   /* a path; NULL: none */
    const char *resolver;                  /* "127.0.0.53:53"; NULL: the system's */
    const struct delivery_seed *addresses; /* of our own */
};
struct preflight *preflight_create(const struct preflight_config *config);
/* What is under way is cut short and answered; `done` comes once, never from inside. After the
 * engine has stopped, so that no message is open. */
void preflight_stop(struct preflight *preflight, void (*done)(void *context), void *context);
void preflight_destroy(struct preflight **preflight); /* NULL is fine */

struct preflight_ask {
    void (*cb)(struct preflight_ask *ask); /* once, never from inside; see preflight_last() */
    bool messages;                         /* test messages are sent too */
};
/* CONFLICT: one is under way; cb does not come. */
enum result preflight_begin(struct preflight *preflight, struct preflight_ask *ask,
                            struct error *error);

/* {"started_at","finished_at","state","counts":{..},"checks":[..]}: the caller puts it; NULL: there
 * was none since the start. */
struct json_object *preflight_last(const struct preflight *preflight);
struct preflight_stats {
    time_ms last_at; /* TIME_NONE: none yet */
    unsigned failed, warnings, not_checked;
};
struct preflight_stats preflight_stats(const struct preflight *preflight);
