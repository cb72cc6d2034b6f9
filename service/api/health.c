/* health.c - /healthz: the loop turns. /readyz: requests can be taken; red with the reasons. */

/* System. */
#include <sys/statvfs.h>

/* This module. */
#include "service/api/call.h"
#include "service/api/health.h"
#include "service/api/resources.h"
#include "service/backup/backups.h"
#include "service/receipts/log_newest.h"
#include "service/receipts/receipt_log.h"

enum { DISK_MIN_MIB = 64 };

static bool disk_low(const struct api *api)
{
    struct statvfs disk;
    size_t least = api->config.disk_min_mib ? api->config.disk_min_mib : DISK_MIN_MIB;
    if (!api->config.data_dir || statvfs(api->config.data_dir, &disk) != 0)
        return false;
    return (uint64_t)disk.f_bavail * disk.f_frsize < (uint64_t)least << 20;
}

size_t health_reasons(const struct api *api, const char *reasons[HEALTH_REASONS_MAX])
{
    size_t n = 0;
    if (store_health(api->config.store) != RESULT_OK)
        reasons[n++] = "store: it stopped accepting writes after an error of the disk; free the "
                       "disk and restart tocsind.";
    if (disk_low(api))
        reasons[n++] = "disk: little space is left; free some.";
    if (api->state == API_STARTING)
        reasons[n++] = "engine: it is starting; wait.";
    if (api->state == API_READY && delivery_stats(api->config.delivery)->restored)
        reasons[n++] =
            "restored: the store is a copy and sends nothing; tocsin restore status, then "
            "tocsin restore approve.";
    if (api->config.seen != NULL && (api->config.seen->behind || api->config.seen->forked))
        reasons[n++] = "log: others have seen receipts that this store does not have; tocsin "
                       "restore status says how many.";
    if (api->state == API_DRAINING)
        reasons[n++] = "engine: it is stopping; use another node or wait for the restart.";
    if (api->config.log != NULL && api->state == API_READY)
        n += receipt_log_problems(api->config.log, reasons + n, HEALTH_REASONS_MAX - n);
    return n;
}

void healthz_get(struct call *call)
{
    struct json_object *json = json_object_new_object();
    out_text(json, "status", "ok");
    out_text(json, "version", call->api->config.version);
    call_reply_json(call, 200, json);
}

/* An old copy is no reason to send no traffic here: it is a warning, with its age. */
static void warn_backups(const struct api *api, struct json_object *json,
                         struct json_object *warnings)
{
    const char *sentences[2];
    const struct backups_stats stats = backups_stats(api->config.backups);
    const size_t n = backups_problems(api->config.backups, sentences, 2);
    for (size_t i = 0; i < n; i++)
        json_object_array_add(warnings, json_object_new_string(sentences[i]));
    if (stats.configured)
        out_time(json, "newest_backup_at", stats.newest_at);
}

void readyz_get(struct call *call)
{
    const char *reasons[HEALTH_REASONS_MAX];
    size_t n = health_reasons(call->api, reasons);
    struct json_object *json = json_object_new_object(), *array = json_object_new_array();
    struct json_object *warnings = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(array, json_object_new_string(reasons[i]));
    out_text(json, "status", n ? "unready" : "ready");
    json_object_object_add(json, "reasons", array);
    if (call->api->config.log != NULL && !receipt_log_signs(call->api->config.log))
        json_object_array_add(
            warnings, json_object_new_string("log: no key is configured, so checkpoints are not "
                                             "signed; make one with tocsin log keygen and set "
                                             "log.key_file."));
    /* No reason to take the service out of its load balancer in the very night it is needed. */
    if (call->api->state == API_READY &&
        delivery_stats(call->api->config.delivery)->break_glass_open > 0)
        json_object_array_add(
            warnings, json_object_new_string("break_glass: one person released a wave alone; have "
                                             "another review it: tocsin review."));
    if (call->api->state == API_READY &&
        delivery_stats(call->api->config.delivery)->brakes_stops > 0)
        json_object_array_add(
            warnings,
            json_object_new_string("brakes: a wave stopped by itself; look at its figures, then "
                                   "tocsin wave continue."));
    if (call->api->state == API_READY &&
        delivery_stats(call->api->config.delivery)->brakes_waiting > 0)
        json_object_array_add(
            warnings, json_object_new_string("brakes: a canary is out and waits for a person; look "
                                             "at its results, then tocsin wave continue."));
    if (call->api->config.backups != NULL)
        warn_backups(call->api, json, warnings);
    json_object_object_add(json, "warnings", warnings);
    call_reply_json(call, n ? 503 : 200, json);
}
