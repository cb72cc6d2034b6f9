/* warnings.c - GET /v1/incidents/{id}/warnings: fields that were repaired or left out of rows that
 * were taken, by line, field and reason, never the values. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/api/accept.h"
#include "service/api/call.h"
#include "service/api/cursor.h"
#include "service/api/resources.h"

enum { LIMIT = 1000, LIMIT_MAX = 5000 };

struct warnings {
    struct call *call;
    bool lines; /* NDJSON */
    struct delivery_incident_get get;
    struct store_warning_list list;
};

static struct json_object *row_json(const struct store_warning_list *list, size_t i)
{
    struct json_object *row = json_object_new_object();
    out_id(row, "upload", "upl", list->uploads[i]);
    out_int(row, "part", list->parts[i]);
    out_int(row, "line", list->warnings[i].line);
    out_text(row, "field", list->warnings[i].field);
    out_text(row, "action", list->warnings[i].repaired ? "repaired" : "left_out");
    out_text(row, "reason", list->warnings[i].reason);
    return row;
}

static const char *next_of(const struct store_warning_list *list, char text[CURSOR_TEXT_SIZE])
{
    bool more = list->n == list->limit;
    return more ? cursor_format(text, &(struct cursor){.order = list->next}) : NULL;
}

static void reply_page(struct warnings *it)
{
    char text[CURSOR_TEXT_SIZE];
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->list.n; i++)
        json_object_array_add(items, row_json(&it->list, i));
    json_object_object_add(json, "items", items);
    out_text(json, "next", next_of(&it->list, text));
    call_reply_json(it->call, 200, json);
}

static void reply_lines(struct warnings *it)
{
    struct buf lines;
    char text[CURSOR_TEXT_SIZE], id_text[ID_TEXT_SIZE], link[160];
    buf_init(&lines, 8 << 20);
    for (size_t i = 0; i < it->list.n; i++) {
        struct json_object *row = row_json(&it->list, i);
        json_write(&lines, row);
        buf_putc(&lines, '\n');
        json_object_put(row);
    }
    const char *next = next_of(&it->list, text);
    snprintf(link, sizeof link, "</v1/incidents/%s/warnings?after=%s&limit=%u>; rel=\"next\"",
             id_format(id_text, "inc", it->list.incident), next ? next : "", it->list.limit);
    call_reply(it->call, &(struct call_reply){.status = 200,
                                              .type = "application/x-ndjson",
                                              .bytes = lines.data,
                                              .length = lines.length,
                                              .fields = &(struct http_field){"Link", link},
                                              .n_fields = next != NULL});
    buf_free(&lines);
}

static void listed(struct store_request *request)
{
    struct warnings *it = container_of(request, struct warnings, list.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else if (it->lines)
        reply_lines(it);
    else
        reply_page(it);
}

/* First whether the incident is there: no rows of an unknown one would look like a clean upload. */
static void found(struct delivery_request *request)
{
    struct warnings *it = container_of(request, struct warnings, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    json_object_put(it->get.document);
    store_warning_list(it->call->api->config.store, &it->list);
}

void warnings_get(struct call *call)
{
    int64_t limit = LIMIT;
    struct cursor after = {0};
    enum accept_type type = ACCEPT_JSON;
    if (!call_query_number(call, "limit", LIMIT_MAX, &limit) || !call_query_cursor(call, &after) ||
        !call_accept(call, ACCEPT_JSON | ACCEPT_NDJSON, &type))
        return;
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct warnings *it = arena_new(call->arena, struct warnings);
    it->call = call;
    it->lines = type == ACCEPT_NDJSON;
    it->get = (struct delivery_incident_get){.request = {.cb = found, .arena = call->arena},
                                             .incident = incident};
    it->list = (struct store_warning_list){.request = {.cb = listed, .arena = call->arena},
                                           .incident = incident,
                                           .after = after.order,
                                           .limit = (unsigned)limit};
    delivery_incident_get(call->api->config.delivery, &it->get);
}
