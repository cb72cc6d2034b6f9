/* written_requests.c - /v1/written-notice-requests: the notice on paper, free of charge.
 *
 * The answer to POST is the same whoever asked, known or not: a case number, and that it costs
 * nothing. An application (role app) gets no more than that, so that nobody learns from it who is
 * affected. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/sm.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/cursor.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"

enum { STAFF = ROLE_RESPONDER | ROLE_OPERATOR | ROLE_COMPLIANCE };

static struct json_object *view_json(struct call *call, const struct request_view *view)
{
    struct json_object *json = json_object_new_object();
    out_id(json, "id", "req", view->id);
    out_id(json, "incident", "inc", view->incident);
    out_time(json, "received_at", view->received_at);
    out_int(json, "fee", 0);
    out_text(json, "message",
             "The request was received. The notice comes by post, free of charge; we will ask if "
             "something is missing.");
    if (!(call->roles & STAFF))
        return json;
    out_text(json, "state", sm_name(&request_states, view->state));
    out_text(json, "reason", view->reason);
    out_text(json, "channel_received", view->channel_received);
    out_time(json, "changed_at", view->changed_at);
    out_time(json, "due_at", view->due_at);
    out_id(json, "duplicate_of", "req", view->duplicate_of);
    return json;
}

/* ---- Open. ---- */

struct open {
    struct call *call;
    struct requests_open open;
    struct postal_address address;
    const char *answer, *location;
    size_t answer_length;
};

static bool make_answer(struct open *it, const struct request_view *view)
{
    char id_text[ID_TEXT_SIZE];
    it->location = arena_printf(it->call->arena, "/v1/written-notice-requests/%s",
                                id_format(id_text, "req", view->id));
    it->answer = json_text_of(it->call->arena, view_json(it->call, view), &it->answer_length);
    return it->answer && it->location;
}

static const struct idempotency *stored_answer(void *context, const struct request_view *view)
{
    struct open *it = context;
    if (!make_answer(it, view))
        return NULL;
    return idempotency_record(it->call, &(struct idempotency_reply){.status = 201,
                                                                    .location = it->location,
                                                                    .body = it->answer,
                                                                    .length = it->answer_length});
}

static void opened(struct requests_open *open)
{
    struct open *it = container_of(open, struct open, open);
    if (open->result != RESULT_OK || !make_answer(it, &open->view)) {
        call_error(it->call, &open->error);
        return;
    }
    call_reply(it->call,
               &(struct call_reply){.status = 201,
                                    .type = "application/json",
                                    .bytes = it->answer,
                                    .length = it->answer_length,
                                    .fields = &(struct http_field){"Location", it->location},
                                    .n_fields = 1});
}

static const char *const received_by[] = {"web",  "email",     "phone", "post",
                                          "chat", "in_person", "other", NULL};
static const struct member_rule open_members[] = {
    {"incident", MEMBER_LINE, 24, true, NULL},
    {"recipient_id", MEMBER_LINE, 128, false, NULL},
    {"name", MEMBER_LINE, 200, false, NULL},
    {"email", MEMBER_LINE, 254, false, NULL},
    {"phone", MEMBER_LINE, 40, false, NULL},
    {"account_id", MEMBER_LINE, 128, false, NULL},
    {"postal_code", MEMBER_LINE, 20, false, NULL},
    {"address", MEMBER_OBJECT, 0, false, NULL},
    {"channel_received", MEMBER_WORD, 0, true, received_by},
    {"note", MEMBER_TEXT, 2000, false, NULL},
};
static const struct member_rule address_members[] = {
    {"line1", MEMBER_LINE, 200, true, NULL},       {"line2", MEMBER_LINE, 200, false, NULL},
    {"city", MEMBER_LINE, 100, true, NULL},        {"region", MEMBER_LINE, 100, false, NULL},
    {"postal_code", MEMBER_LINE, 20, false, NULL}, {"country", MEMBER_PLACE, 2, true, NULL},
};

/* Who asks must be said somehow: an id, or two data points at least. */
static void check_who(struct json_object *json, struct findings *findings)
{
    static const char *const points[] = {"name", "email", "phone", "account_id", "postal_code"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        n += json_get_string(json, points[i]) != NULL;
    if (!json_get_string(json, "recipient_id") && n < 2)
        findings_add(findings, "", "recipient_id",
                     "Say who asks: recipient_id, or two of name, email, phone, account_id and "
                     "postal_code.");
}

static id check_request(struct call *call, struct findings *findings)
{
    struct json_object *address = json_get(call->json, "address");
    json_check(call->json, "", MEMBER_RULES(open_members), findings);
    if (json_object_is_type(address, json_type_object))
        json_check(address, "/address", MEMBER_RULES(address_members), findings);
    check_who(call->json, findings);
    const char *text = json_get_string(call->json, "incident");
    id incident = text ? id_parse(text, "inc") : 0;
    if (text && !incident)
        findings_add(findings, "", "incident", "It is no incident's id; correct it.");
    return incident;
}

static const struct postal_address *read_address(struct open *it)
{
    struct json_object *json = json_get(it->call->json, "address");
    if (!json)
        return NULL;
    it->address = (struct postal_address){.line1 = json_get_string(json, "line1"),
                                          .line2 = json_get_string(json, "line2"),
                                          .city = json_get_string(json, "city"),
                                          .region = json_get_string(json, "region"),
                                          .postal_code = json_get_string(json, "postal_code"),
                                          .country = json_get_string(json, "country")};
    return &it->address;
}

static void open_request(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    id incident = check_request(call, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct json_object *json = call->json;
    struct open *it = arena_new(call->arena, struct open);
    it->call = call;
    it->open = (struct requests_open){
        .cb = opened,
        .arena = call->arena,
        .incident = incident,
        .given = {.recipient_id = json_get_string(json, "recipient_id"),
                  .name = json_get_string(json, "name"),
                  .email = json_get_string(json, "email"),
                  .phone = json_get_string(json, "phone"),
                  .account_id = json_get_string(json, "account_id"),
                  .postal_code = json_get_string(json, "postal_code"),
                  .address = read_address(it),
                  .channel_received = json_get_string(json, "channel_received"),
                  .note = json_get_string(json, "note")},
        .principal = call->principal,
        .answer = call->idempotency.used ? stored_answer : NULL,
        .context = it};
    requests_open(call->api->requests, &it->open);
}

void written_requests_post(struct call *call)
{
    idempotency_guard(call, open_request);
}

/* ---- One. ---- */

struct get {
    struct call *call;
    struct requests_get get;
};

static void got(struct requests_get *get)
{
    struct get *it = container_of(get, struct get, get);
    if (get->result != RESULT_OK) {
        call_error(it->call, &get->error);
        return;
    }
    struct json_object *json = view_json(it->call, &get->view);
    out_json(json, "given", get->view.given);
    call_reply_json(it->call, 200, json);
}

void written_request_get(struct call *call)
{
    id request = call_path_id(call, "id", "req");
    if (!request)
        return;
    struct get *it = arena_new(call->arena, struct get);
    it->call = call;
    it->get =
        (struct requests_get){.cb = got, .arena = call->arena, .request = request, .given = true};
    requests_get(call->api->requests, &it->get);
}

/* ---- The list. ---- */

struct list_requests {
    struct call *call;
    struct requests_list list;
};

static void listed(struct requests_list *list)
{
    struct list_requests *it = container_of(list, struct list_requests, list);
    char next[CURSOR_TEXT_SIZE];
    if (list->result != RESULT_OK) {
        call_error(it->call, &list->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < list->n; i++)
        json_object_array_add(items, view_json(it->call, &list->views[i]));
    json_object_object_add(json, "items", items);
    out_text(json, "next",
             list->next ? cursor_format(next, &(struct cursor){.order = list->next}) : NULL);
    call_reply_json(it->call, 200, json);
}

void written_requests_list(struct call *call)
{
    id incident = 0;
    int64_t limit = 50;
    struct cursor after = {0};
    if (!call_query_id(call, "incident", "inc", &incident) ||
        !call_query_number(call, "limit", 200, &limit) || !call_query_cursor(call, &after))
        return;
    struct list_requests *it = arena_new(call->arena, struct list_requests);
    it->call = call;
    it->list = (struct requests_list){.cb = listed,
                                      .arena = call->arena,
                                      .incident = incident,
                                      .after = after.order,
                                      .limit = (unsigned)limit};
    requests_list(call->api->requests, &it->list);
}

/* ---- A person decides. ---- */

struct decide {
    struct call *call;
    struct requests_decide decide;
};

static void decided(struct requests_decide *decide)
{
    struct decide *it = container_of(decide, struct decide, decide);
    if (decide->result != RESULT_OK)
        call_error(it->call, &decide->error);
    else
        call_reply_json(it->call, 200, view_json(it->call, &decide->view));
}

static const char *const close_reasons[] = {"not_affected", "not_identified",     "withdrawn",
                                            "no_address",   "answered_otherwise", NULL};
static const struct member_rule decide_members[] = {
    {"recipient_id", MEMBER_LINE, 128, false, NULL},
    {"close", MEMBER_WORD, 0, false, close_reasons},
};

void written_request_decide(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(decide_members), &findings);
    const char *recipient = json_get_string(call->json, "recipient_id");
    const char *reason = json_get_string(call->json, "close");
    if (!findings.total && (recipient != NULL) == (reason != NULL))
        findings_add(&findings, "", NULL,
                     "Give either recipient_id (whose address on file gets the letter) or close.");
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id request = call_path_id(call, "id", "req");
    if (!request)
        return;
    struct decide *it = arena_new(call->arena, struct decide);
    it->call = call;
    it->decide = (struct requests_decide){.cb = decided,
                                          .arena = call->arena,
                                          .request = request,
                                          .principal = call->principal,
                                          .recipient_id = recipient,
                                          .close_reason = reason};
    requests_decide(call->api->requests, &it->decide);
}
