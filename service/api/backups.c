/* backups.c - POST /v1/backups: a copy of the store, now, into the configured directory. GET
 * /v1/backups: the copies there are. GET /v1/backups/{name}: the bytes of one. The receipt of a
 * download is on disk before the first byte. */

/* System. */
#include <stdio.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"
#include "service/backup/manifest.h"
#include "service/backup/reader.h"

static const char no_backups[] = "No directory for backups is configured; set backup.directory.";

static bool has_directory(struct call *call)
{
    if (call->api->config.backups != NULL && backups_directory(call->api->config.backups) != NULL)
        return true;
    call_problem(call, HTTP_PROBLEM_CONFLICT, NULL, no_backups);
    return false;
}

/* ---- Made. ---- */

struct making {
    struct call *call;
    struct backup_make make;
};

static void made(struct backup_make *make)
{
    struct making *it = container_of(make, struct making, make);
    if (make->result != RESULT_OK) {
        call_error(it->call, &make->error);
        return;
    }
    call_reply_json(it->call, 201, make->manifest);
}

void backups_post(struct call *call)
{
    if (!has_directory(call))
        return;
    struct making *it = arena_new(call->arena, struct making);
    it->call = call;
    it->make = (struct backup_make){.cb = made, .principal = call->principal};
    backups_make(call->api->config.backups, &it->make);
}

/* ---- Listed. ---- */

void backups_get_all(struct call *call)
{
    struct backup_entry *entries = NULL;
    size_t n = 0;
    if (!has_directory(call))
        return;
    const char *directory = backups_directory(call->api->config.backups);
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    if (directory_list(directory, &entries, &n))
        for (size_t i = 0; i < n; i++) {
            char path[4096];
            snprintf(path, sizeof(path), "%s/%s.json", directory, entries[i].name);
            struct json_object *manifest = manifest_read(path);
            if (manifest != NULL)
                json_object_array_add(items, manifest);
        }
    mem_free(entries);
    json_object_object_add(json, "items", items);
    call_reply_json(call, 200, json);
}

/* ---- Given away. ---- */

struct giving {
    struct call *call;
    struct backup_reader *reader;
    struct delivery_note note;
    struct json_object *facts;
};

static long pull(void *context, char *to, size_t size)
{
    struct giving *it = context;
    const long n = backup_reader_pull(it->reader, to, size);
    if (n > 0)
        return n;
    if (n == BACKUP_FAIL)
        return HTTP_STREAM_FAIL;
    return n == BACKUP_WAIT ? HTTP_STREAM_WAIT : HTTP_STREAM_END;
}

static void stream_end(void *context, bool complete)
{
    struct giving *it = context;
    (void)complete;
    backup_reader_close(&it->reader);
    call_end(it->call);
}

static void more(void *context)
{
    struct giving *it = context;
    http_resume(it->call->http);
}

static void noted(struct delivery_request *request)
{
    struct giving *it = container_of(request, struct giving, note.request);
    json_object_put(it->facts);
    if (request->result != RESULT_OK) {
        backup_reader_close(&it->reader);
        call_error(it->call, &request->error);
        return;
    }
    http_reply_stream(it->call->http,
                      &(struct http_reply){.status = 200, .type = "application/vnd.sqlite3"},
                      &(struct http_reply_source){.pull = pull, .end = stream_end, .context = it});
}

void backup_get(struct call *call)
{
    if (!has_directory(call))
        return;
    const char *name = http_request_param(call->http, "name");
    struct giving *it = arena_new(call->arena, struct giving);
    it->call = call;
    it->reader = backup_reader_open(call->api->config.backups, name, more, it);
    if (it->reader == NULL) {
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "There is no copy of this name; list them with GET /v1/backups.");
        return;
    }
    it->facts = json_object_new_object();
    out_text(it->facts, "what", "backup");
    it->note = (struct delivery_note){.request = {.cb = noted, .arena = call->arena},
                                      .receipt = {.kind = RECEIPT_EXPORTED,
                                                  .at = call_now(call),
                                                  .outcome = -1,
                                                  .actor = call_actor(call),
                                                  .facts = it->facts}};
    delivery_note(call->api->config.delivery, &it->note);
}
