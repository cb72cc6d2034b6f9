/* banners.c - what the customer's application shows in a person's account, and what became of it.
 * Texts, never HTML: the page shows them as text. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"

enum { ETAG_BYTES = 16, ETAG_SIZE = 2 * ETAG_BYTES + 3, ACCOUNT_MAX = 128 };

struct banners {
    struct call *call;
    struct delivery_banner_list list;
};

static const char *state_name(int state)
{
    static const char *const names[] = {"placed", "displayed", "acknowledged"};
    return state >= 0 && state < 3 ? names[state] : "placed";
}

static struct json_object *banner_json(const struct delivery_banner *banner)
{
    struct json_object *json = json_object_new_object();
    out_id(json, "id", "ban", banner->banner);
    out_id(json, "incident", "inc", banner->incident);
    out_text(json, "locale", banner->locale);
    out_text(json, "title", banner->title);
    out_text(json, "line", banner->line);
    out_text(json, "body", banner->body);
    out_text(json, "state", state_name(banner->state));
    out_bool(json, "dismissed", banner->dismissed);
    out_time(json, "placed_at", banner->placed_at);
    return json;
}

static void etag_of(char to[ETAG_SIZE], const char *text, size_t length)
{
    uint8_t digest[DIGEST_SIZE];
    sha256(digest, text, length);
    to[0] = '"';
    hex_encode(to + 1, digest, ETAG_BYTES);
    memcpy(to + ETAG_SIZE - 2, "\"", 2);
}

/* If-None-Match is a list; a weak tag matches too (RFC 9110 section 13.1.2). */
static bool known(struct call *call, const char *etag)
{
    const char *header = http_request_header(call->http, "If-None-Match");
    return header && (str_equal(header, "*") || strstr(header, etag));
}

static void listed(struct delivery_request *request)
{
    struct banners *it = container_of(request, struct banners, list.request);
    char etag[ETAG_SIZE];
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->list.n; i++)
        json_object_array_add(items, banner_json(&it->list.items[i]));
    json_object_object_add(json, "banners", items);
    out_int(json, "more", (int64_t)it->list.more);
    size_t length = 0;
    const char *text = str_or(json_text_of(it->call->arena, json, &length), "");
    etag_of(etag, text, length);
    bool same = known(it->call, etag);
    const struct http_field fields[] = {{"ETag", etag}, {"Cache-Control", "private, no-cache"}};
    call_reply(it->call, &(struct call_reply){.status = same ? 304 : 200,
                                              .type = same ? NULL : "application/json",
                                              .bytes = text,
                                              .length = same ? 0 : length,
                                              .fields = fields,
                                              .n_fields = 2});
}

void banners_get(struct call *call)
{
    const char *account = http_request_param(call->http, "account_id");
    if (str_empty(account) || strlen(account) > ACCOUNT_MAX) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "account_id",
                     "An account id has 1 to 128 bytes; correct the path.");
        return;
    }
    struct banners *it = arena_new(call->arena, struct banners);
    it->call = call;
    it->list = (struct delivery_banner_list){.request = {.cb = listed, .arena = call->arena},
                                             .account = account};
    delivery_banner_list(call->api->config.delivery, &it->list);
}

/* ---- Events. ---- */

struct event {
    struct call *call;
    struct delivery_banner_event event;
};

static void told(struct delivery_request *request)
{
    struct event *it = container_of(request, struct event, event.request);
    if (request->result != RESULT_OK && request->result != RESULT_EXISTS)
        call_error(it->call, &request->error);
    else
        call_reply(it->call, &(struct call_reply){.status = 204});
}

static const char *const events[] = {"displayed", "acknowledged", "dismissed", NULL};
static const struct member_rule event_members[] = {{"event", MEMBER_WORD, 0, true, events}};

void banner_event_post(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(event_members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id banner = call_path_id(call, "id", "ban");
    if (!banner)
        return;
    struct event *it = arena_new(call->arena, struct event);
    it->call = call;
    it->event = (struct delivery_banner_event){.request = {.cb = told, .arena = call->arena},
                                               .banner = banner,
                                               .event = json_get_string(call->json, "event")};
    delivery_banner_event(call->api->config.delivery, &it->event);
}
