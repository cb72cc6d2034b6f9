/* incidents.c - POST and GET /v1/incidents.
 *
 * The happy path of POST: the document is checked as a whole, recipients[] is taken out of it, the
 * incident is created with its receipt, then the people go through intake like an upload. The
 * stored answer of an Idempotency-Key is written by the last of these steps. A crash between the
 * two leaves an empty draft, which nobody can release; the same request sent again makes a whole
 * one. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/cursor.h"
#include "service/api/incident_json.h"
#include "service/api/incident_view.h"
#include "service/api/resources.h"
#include "service/api/roster_inline.h"

struct post {
    struct call *call;
    struct delivery_incident_create create;
    struct roster_inline roster;
    struct json_object *recipients; /* owned; NULL: none were sent */
    const char *location, *answer;
    size_t answer_length;
};

/* The 201's body; counts NULL: without recipients. */
static bool make_answer(struct post *post, const struct intake_counts *counts)
{
    struct json_object *json = json_object_new_object();
    out_id(json, "id", "inc", post->create.incident);
    out_text(json, "state", "draft");
    out_bool(json, "test", post->create.test);
    if (counts) {
        struct json_object *recipients = json_object_new_object();
        out_int(recipients, "accepted", counts->accepted);
        out_int(recipients, "duplicates", counts->duplicates);
        out_int(recipients, "rejected", counts->rejected);
        json_object_object_add(json, "recipients", recipients);
    }
    post->answer = json_text_of(post->call->arena, json, &post->answer_length);
    return post->answer != NULL;
}

static const struct idempotency *record_of(struct post *post)
{
    return idempotency_record(post->call, &(struct idempotency_reply){
                                              .status = 201,
                                              .location = post->location,
                                              .body = post->answer,
                                              .length = post->answer_length,
                                          });
}

static void reply_created(struct post *post)
{
    struct http_field location = {"Location", post->location};
    struct json_object *recipients = post->recipients;
    call_reply(post->call, &(struct call_reply){.status = 201,
                                                .type = "application/json",
                                                .bytes = post->answer,
                                                .length = post->answer_length,
                                                .fields = &location,
                                                .n_fields = 1});
    json_object_put(recipients);
}

static void fail(struct post *post, const struct error *error)
{
    struct json_object *recipients = post->recipients;
    if (error->code == RESULT_EXISTS)
        call_problem(post->call, HTTP_PROBLEM_CONFLICT, "Idempotency-Key",
                     "This key was used meanwhile; send the request again to get its answer.");
    else
        call_error(post->call, error);
    json_object_put(recipients);
}

static const struct idempotency *roster_answer(void *context, const struct intake_counts *counts)
{
    struct post *post = context;
    return make_answer(post, counts) ? record_of(post) : NULL;
}

static void roster_done(void *context, enum result result, const struct intake_counts *counts,
                        const struct error *error)
{
    struct post *post = context;
    if (result != RESULT_OK)
        fail(post, error);
    else if (make_answer(post, counts))
        reply_created(post);
    else
        fail(post, &(struct error){.code = RESULT_TOO_LARGE,
                                   .text = "The answer is too large; "
                                           "read the incident instead."});
}

static void created(struct delivery_request *request)
{
    struct post *post = container_of(request, struct post, create.request);
    if (request->result != RESULT_OK) {
        fail(post, &request->error);
        return;
    }
    if (!post->recipients) {
        reply_created(post);
        return;
    }
    post->roster = (struct roster_inline){
        .delivery = post->call->api->config.delivery,
        .recipients = post->recipients,
        .incident = post->create.incident,
        .principal = post->call->principal,
        .idempotency = post->call->idempotency.used ? roster_answer : NULL,
        .done = roster_done,
        .context = post,
    };
    roster_inline_start(&post->roster);
}

/* The document is kept without the people: they are sealed one by one. */
static void take_recipients(struct post *post)
{
    struct json_object *recipients = json_get(post->call->json, "recipients");
    if (recipients && json_object_array_length(recipients) > 0)
        post->recipients = json_object_get(recipients);
    json_object_object_del(post->call->json, "recipients");
}

static void create(struct call *call)
{
    char id_text[ID_TEXT_SIZE];
    struct post *post = arena_new(call->arena, struct post);
    post->call = call;
    take_recipients(post);
    post->create = (struct delivery_incident_create){
        .request = {.cb = created, .arena = call->arena},
        .document = call->json,
        .title = json_get_string(call->json, "title"),
        .test = json_get_bool(call->json, "test", false),
        .principal = call->principal,
        .incident = id_new(),
    };
    post->location = arena_printf(call->arena, "/v1/incidents/%s",
                                  id_format(id_text, "inc", post->create.incident));
    make_answer(post, NULL);
    if (!post->recipients)
        post->create.idempotency = record_of(post);
    delivery_incident_create(call->api->config.delivery, &post->create);
}

static void check_and_create(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    const struct incident_rules rules = {.channels = call->api->config.channels,
                                         .n_channels = call->api->config.n_channels,
                                         .now = call_now(call)};
    if (incident_json_check(call->json, &rules, &findings))
        create(call);
    else
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
}

void incidents_post(struct call *call)
{
    idempotency_guard(call, check_and_create);
}

/* ---- One incident. ---- */

struct get {
    struct call *call;
    struct delivery_incident_get get;
    struct store_break_glass_list glass;
};

/* Who released a wave alone belongs to what is known of it. */
static void glass_listed(struct store_request *request)
{
    struct get *get = container_of(request, struct get, glass.request);
    struct json_object *json = incident_view(&get->get);
    for (size_t i = 0; request->result == RESULT_OK && i < get->glass.n; i++)
        incident_view_glass(json, &get->glass.rows[i]);
    const char *etag = arena_printf(get->call->arena, "\"%lld\"", (long long)get->get.row.version);
    size_t length = 0;
    const char *text = json_text_of(get->call->arena, json, &length);
    json_object_put(get->get.document);
    json_object_put(get->get.spec);
    if (!text || !etag)
        call_problem(get->call, HTTP_PROBLEM_INTERNAL, NULL,
                     "The answer is too large; read its waves one by one.");
    else
        call_reply(get->call, &(struct call_reply){.status = 200,
                                                   .type = "application/json",
                                                   .bytes = text,
                                                   .length = length,
                                                   .fields = &(struct http_field){"ETag", etag},
                                                   .n_fields = 1});
}

static void got(struct delivery_request *request)
{
    struct get *get = container_of(request, struct get, get.request);
    if (request->result != RESULT_OK) {
        call_error(get->call, &request->error);
        return;
    }
    get->glass = (struct store_break_glass_list){
        .request = {.cb = glass_listed, .arena = get->call->arena}, .incident = get->get.incident};
    store_break_glass_list(get->call->api->config.store, &get->glass);
}

void incidents_get(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct get *get = arena_new(call->arena, struct get);
    get->call = call;
    get->get = (struct delivery_incident_get){.request = {.cb = got, .arena = call->arena},
                                              .incident = incident};
    delivery_incident_get(call->api->config.delivery, &get->get);
}

/* ---- The list. ---- */

struct list_call {
    struct call *call;
    struct delivery_incident_list list;
};

static struct json_object *list_json(const struct delivery_incident_list *list)
{
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    char next[CURSOR_TEXT_SIZE];
    for (size_t i = 0; i < list->n; i++) {
        struct json_object *item = json_object_new_object();
        out_id(item, "id", "inc", list->items[i].incident);
        out_text(item, "title", list->items[i].title);
        out_text(item, "state", sm_name(&wave_states, list->items[i].state));
        out_bool(item, "test", list->items[i].test);
        out_time(item, "created_at", list->items[i].created_at);
        out_id(item, "author", "tok", list->items[i].author);
        json_object_array_add(items, item);
    }
    json_object_object_add(json, "items", items);
    out_text(json, "next",
             list->next ? cursor_format(next, &(struct cursor){.order = list->next}) : NULL);
    return json;
}

static void listed(struct delivery_request *request)
{
    struct list_call *it = container_of(request, struct list_call, list.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        call_reply_json(it->call, 200, list_json(&it->list));
}

void incidents_list(struct call *call)
{
    int64_t limit = 50;
    struct cursor after = {0};
    if (!call_query_number(call, "limit", 200, &limit) || !call_query_cursor(call, &after))
        return;
    struct list_call *it = arena_new(call->arena, struct list_call);
    it->call = call;
    it->list = (struct delivery_incident_list){.request = {.cb = listed, .arena = call->arena},
                                               .after = after.order,
                                               .limit = (unsigned)limit};
    delivery_incident_list(call->api->config.delivery, &it->list);
}
