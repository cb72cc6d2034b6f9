/* rejected.c - GET /v1/incidents/{id}/rejected: the rows of its uploads that were not taken, by
 * line, field and reason, never the values, and what was decided about each. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/accept.h"
#include "service/api/call.h"
#include "service/api/cursor.h"
#include "service/api/resources.h"

enum { LIMIT = 1000, LIMIT_MAX = 5000 };

struct rejected {
    struct call *call;
    bool lines; /* NDJSON */
    struct delivery_incident_get get;
    struct store_reject_list list;
};

static struct json_object *row_json(const struct store_reject_list *list, size_t i)
{
    struct json_object *row = json_object_new_object();
    static const char *const states[] = {[REJECT_UNDECIDED] = "undecided",
                                         [REJECT_REPAIRED] = "repaired",
                                         [REJECT_WAIVED] = "waived"};
    out_int(row, "row", list->rows[i]);
    out_id(row, "upload", "upl", list->uploads[i]);
    out_text(row, "state", states[list->states[i]]);
    out_int(row, "part", list->parts[i]);
    out_int(row, "line", list->rejects[i].line);
    out_text(row, "field", list->rejects[i].field);
    out_text(row, "reason", list->rejects[i].reason);
    return row;
}

static const char *next_of(const struct store_reject_list *list, char text[CURSOR_TEXT_SIZE])
{
    bool more = list->n == list->limit;
    return more ? cursor_format(text, &(struct cursor){.order = list->next}) : NULL;
}

static void reply_page(struct rejected *it)
{
    char text[CURSOR_TEXT_SIZE];
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->list.n; i++)
        json_object_array_add(items, row_json(&it->list, i));
    json_object_object_add(json, "items", items);
    out_text(json, "next", next_of(&it->list, text));
    call_reply_json(it->call, 200, json);
}

static void reply_lines(struct rejected *it)
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
    snprintf(link, sizeof link, "</v1/incidents/%s/rejected?after=%s&limit=%u%s>; rel=\"next\"",
             id_format(id_text, "inc", it->list.incident), next ? next : "", it->list.limit,
             it->list.undecided ? "&undecided=true" : "");
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
    struct rejected *it = container_of(request, struct rejected, list.request);
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
    struct rejected *it = container_of(request, struct rejected, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    json_object_put(it->get.document);
    store_reject_list(it->call->api->config.store, &it->list);
}

void rejected_get(struct call *call)
{
    int64_t limit = LIMIT;
    struct cursor after = {0};
    enum accept_type type = ACCEPT_JSON;
    if (!call_query_number(call, "limit", LIMIT_MAX, &limit) || !call_query_cursor(call, &after) ||
        !call_accept(call, ACCEPT_JSON | ACCEPT_NDJSON, &type))
        return;
    const char *undecided = http_request_query(call->http, "undecided");
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct rejected *it = arena_new(call->arena, struct rejected);
    it->call = call;
    it->lines = type == ACCEPT_NDJSON;
    it->get = (struct delivery_incident_get){.request = {.cb = found, .arena = call->arena},
                                             .incident = incident};
    it->list = (struct store_reject_list){.request = {.cb = listed, .arena = call->arena},
                                          .incident = incident,
                                          .after = after.order,
                                          .undecided = str_equal(undecided, "true"),
                                          .limit = (unsigned)limit};
    delivery_incident_get(call->api->config.delivery, &it->get);
}
