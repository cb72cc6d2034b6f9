/* body.c - what a person gave when asking: canonical JSON, sealed by the incident's key, bound to
 * the request, so that it goes when the incident's key goes. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/requests/desk.h"

enum { BODY_MAX = 32768, BOUND_SIZE = 64 };

static void add(struct json_object *to, const char *name, const char *text)
{
    if (text)
        json_object_object_add(to, name, json_object_new_string(text));
}

static struct json_object *address_json(const struct postal_address *address)
{
    struct json_object *json = json_object_new_object();
    add(json, "line1", address->line1);
    add(json, "line2", address->line2);
    add(json, "city", address->city);
    add(json, "region", address->region);
    add(json, "postal_code", address->postal_code);
    add(json, "country", address->country);
    return json;
}

static struct json_object *given_json(const struct request_given *given)
{
    struct json_object *json = json_object_new_object();
    add(json, "recipient_id", given->recipient_id);
    add(json, "name", given->name);
    add(json, "email", given->email);
    add(json, "phone", given->phone);
    add(json, "account_id", given->account_id);
    add(json, "postal_code", given->postal_code);
    add(json, "note", given->note);
    if (given->address)
        json_object_object_add(json, "address", address_json(given->address));
    return json;
}

static const char *bound_of(char to[BOUND_SIZE], id request)
{
    char text[ID_TEXT_SIZE];
    require(str_copy(to, BOUND_SIZE, id_format(text, "req", request)));
    return to;
}

bool body_seal(struct requests *desk, const struct request_row *row,
               const struct request_given *given, const char *reason, struct buf *to)
{
    struct json_object *json = json_object_new_object();
    struct buf plain;
    char bound[BOUND_SIZE];
    buf_init(&plain, BODY_MAX);
    json_object_object_add(json, "given", given_json(given));
    add(json, "reason", reason);
    bool good = json_write(&plain, json) &&
                delivery_seal(desk->config.delivery, row->incident_key, bound_of(bound, row->id),
                              (struct blob){plain.data, plain.length}, to);
    json_object_put(json);
    buf_wipe(&plain);
    return good;
}

static void read_body(struct arena *arena, struct json_object *json, struct request_view *view)
{
    struct buf text;
    buf_init(&text, BODY_MAX);
    const char *reason = json_get_string(json, "reason");
    if (json_write(&text, json_get(json, "given")))
        view->given = arena_strndup(arena, text.data, text.length);
    view->reason = reason ? arena_strdup(arena, reason) : NULL;
    buf_wipe(&text);
}

void body_open(struct requests *desk, struct arena *arena, const struct request_row *row,
               struct request_view *view)
{
    struct json_object *json = NULL;
    struct buf plain;
    char bound[BOUND_SIZE];
    buf_init(&plain, BODY_MAX);
    if (row->incident_key.length && row->body.length &&
        delivery_open(desk->config.delivery, row->incident_key, bound_of(bound, row->id), row->body,
                      &plain) &&
        json_read(plain.data, plain.length, &json, NULL) == RESULT_OK)
        read_body(arena, json, view);
    json_object_put(json);
    buf_wipe(&plain);
}

struct request_view view_of(const struct request_row *row)
{
    return (struct request_view){.id = row->id,
                                 .incident = row->incident,
                                 .state = row->state,
                                 .number = row->number,
                                 .channel_received = row->channel_received,
                                 .received_at = row->received_at,
                                 .changed_at = row->changed_at,
                                 .due_at = row->due_at,
                                 .duplicate_of = row->duplicate_of};
}
