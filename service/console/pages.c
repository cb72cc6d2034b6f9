/* pages.c - the handlers of pages: each asks the engine for the JSON that the API would give, and
 * gives it to a pure writer. */
/* System. */
#include <string.h>

/* Base. */
#include "base/sm.h"
#include "base/str.h"

/* This module. */
#include "service/api/cursor.h"
#include "service/api/progress.h"
#include "service/console/approval_page.h"
#include "service/console/assets.h"
#include "service/console/console_private.h"
#include "service/console/html.h"
#include "service/console/status_page.h"
#include "service/delivery/plan/summary.h"

enum { INDEX_ROWS = 100 };

/* The incident in the path; 0 after an answer. */
static id incident_of(struct call *call)
{
    id incident = id_parse(str_or(http_request_param(call->http, "id"), ""), "inc");
    if (!incident)
        console_error(call, 404, "There is no such incident; go back to what waits.");
    return incident;
}

/* The wave in the path; 0 after an answer. */
static int64_t wave_of(struct call *call)
{
    int64_t wave;
    if (parse_i64(str_or(http_request_param(call->http, "n"), ""), &wave) && wave > 0 &&
        wave < INT32_MAX)
        return wave;
    console_error(call, 404, "There is no such wave; go back to what waits.");
    return 0;
}

/* ---- What waits. ---- */

struct index {
    struct call *call;
    struct delivery_incident_list list;
};

static void index_rows(struct buf *to, const struct delivery_incident_list *list, bool waiting)
{
    unsigned n = 0;
    html_f(to,
           "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>"
           "<caption>%s</caption><thead><tr><th scope=\"col\">Incident</th>"
           "<th scope=\"col\">State</th><th scope=\"col\">Opened</th></tr></thead><tbody>",
           waiting ? "Waiting" : "Others",
           waiting ? "Drafts that wait for approval" : "All others");
    for (size_t i = 0; i < list->n; i++) {
        char incident[ID_TEXT_SIZE], at[TIME_TEXT_SIZE];
        if ((list->items[i].state == WAVE_DRAFT) != waiting)
            continue;
        html_f(to,
               "<tr><th scope=\"row\"><a href=\"/console/incidents/%s\">%s</a>%s</th><td>%s</td>"
               "<td>%s</td></tr>",
               id_format(incident, "inc", list->items[i].incident), list->items[i].title,
               list->items[i].test ? " (test)" : "", sm_name(&wave_states, list->items[i].state),
               time_format(at, list->items[i].created_at));
        n++;
    }
    html_raw(to, n ? "</tbody></table></div>\n"
                   : "<tr><td colspan=\"3\">None.</td></tr></tbody></table></div>\n");
}

static void indexed(struct delivery_request *request)
{
    struct index *it = container_of(request, struct index, list.request);
    struct buf page;
    if (request->result != RESULT_OK) {
        console_error_of(it->call, &request->error);
        return;
    }
    console_begin(&page, it->call, "What waits");
    html_raw(&page, "<h1>What waits</h1>\n");
    index_rows(&page, &it->list, true);
    html_raw(&page, "<h2>Under way and done</h2>\n");
    index_rows(&page, &it->list, false);
    if (it->list.next) {
        char next[CURSOR_TEXT_SIZE];
        cursor_format(next, &(struct cursor){.order = it->list.next});
        html_f(&page, "<p><a href=\"/console?after=%s\">Older ones</a></p>\n", next);
    }
    console_reply(it->call, 200, &page);
}

void index_page(struct call *call)
{
    struct cursor cursor = {0};
    const char *after = http_request_query(call->http, "after");
    if (after && !cursor_parse(after, &cursor)) {
        console_error(call, 400, "This address is damaged; go back to what waits.");
        return;
    }
    struct index *it = arena_new(call->arena, struct index);
    it->call = call;
    it->list = (struct delivery_incident_list){.request = {.cb = indexed, .arena = call->arena},
                                               .after = cursor.order,
                                               .limit = INDEX_ROWS};
    delivery_incident_list(call->api->config.delivery, &it->list);
}

/* ---- How far it has come. ---- */

struct status {
    struct call *call;
    struct progress progress;
    bool live;
};

static void progressed(struct progress *progress)
{
    static const struct page_link links[] = {{"/console", "What waits"}};
    struct status *it = container_of(progress, struct status, progress);
    struct call *call = it->call;
    struct buf page;
    if (progress->result != RESULT_OK) {
        console_error_of(call, &progress->error);
        return;
    }
    buf_init(&page, PAGE_BYTES_MAX);
    page_begin(&page, &(struct page){
                          .title = str_or(json_get_string(progress->json, "title"), "An incident"),
                          .links = links,
                          .n_links = 1,
                          .who = call->name,
                          .csrf = call->csrf,
                          .live = true,
                          .refresh_s = it->live ? 15 : 0});
    status_page_write(&page, &(struct status_page){.progress = progress->json,
                                                   .now = progress->now,
                                                   .reloading = it->live});
    json_object_put(progress->json);
    console_reply(call, 200, &page);
}

void status_get(struct call *call)
{
    id incident = incident_of(call);
    if (!incident)
        return;
    struct status *it = arena_new(call->arena, struct status);
    it->call = call;
    it->live = http_request_query(call->http, "live") != NULL;
    it->progress = (struct progress){.cb = progressed,
                                     .delivery = call->api->config.delivery,
                                     .store = call->api->config.store,
                                     .arena = call->arena,
                                     .incident = incident,
                                     .now = call_now(call)};
    progress_get(&it->progress);
}

/* ---- Approval. ---- */

struct approval {
    struct call *call;
    struct delivery_summary summary;
    struct delivery_act act;
    const char *typed, *problem;
    int status;
    bool done;
};

static void summed_up(struct delivery_request *request)
{
    struct approval *it = container_of(request, struct approval, summary.request);
    struct call *call = it->call;
    struct json_object *json = NULL;
    struct buf page;
    if (request->result != RESULT_OK) {
        console_error_of(call, &request->error);
        return;
    }
    if (json_read(it->summary.json, strlen(it->summary.json), &json, NULL) != RESULT_OK) {
        console_error(call, 500, "The summary is damaged; use tocsin approve.");
        return;
    }
    console_begin(&page, call, "Approval");
    approval_page_write(&page, &(struct approval_page){.summary = json,
                                                       .csrf = call->csrf,
                                                       .may_approve = call->roles & ROLE_APPROVER,
                                                       .typed = it->typed,
                                                       .problem = it->problem,
                                                       .done = it->done});
    json_object_put(json);
    console_reply(call, it->status, &page);
}

static void show_summary(struct approval *it)
{
    it->summary = (struct delivery_summary){
        .request = {.cb = summed_up, .arena = it->call->arena},
        .incident = it->act.incident,
        .principal = it->call->principal,
        .ordinal = it->act.ordinal,
    };
    delivery_summary(it->call->api->config.delivery, &it->summary);
}

static struct approval *approval_make(struct call *call)
{
    id incident = incident_of(call);
    int64_t wave = incident ? wave_of(call) : 0;
    if (!wave)
        return NULL;
    struct approval *it = arena_new(call->arena, struct approval);
    it->call = call;
    it->act.incident = incident;
    it->act.ordinal = (int)wave;
    it->status = 200;
    return it;
}

void approval_get(struct call *call)
{
    struct approval *it = approval_make(call);
    if (!it)
        return;
    it->done = http_request_query(call->http, "done") != NULL;
    show_summary(it);
}

static void refuse(struct approval *it, int status, const char *problem)
{
    it->status = status;
    it->problem = problem;
    show_summary(it);
}

static void acted(struct delivery_request *request)
{
    struct approval *it = container_of(request, struct approval, act.request);
    struct call *call = it->call;
    if (request->result != RESULT_OK) {
        refuse(it, http_problem_type(http_problem_of(request->result))->status,
               request->error.text[0] ? request->error.text : "Try again.");
        return;
    }
    char incident[ID_TEXT_SIZE];
    const char *path =
        arena_printf(call->arena, "/console/incidents/%s/waves/%lld/approval?done=1",
                     id_format(incident, "inc", it->act.incident), (long long)it->act.ordinal);
    console_redirect(call, str_or(path, "/console"), NULL);
}

/* "1,234" is what the page shows: taken as it is read. */
static bool number_of(const char *text, int64_t *ret)
{
    char digits[24];
    size_t n = 0;
    for (; text && *text; text++) {
        if (*text == ',' || *text == ' ' || *text == '.' || *text == '\'')
            continue;
        if (n + 1 == sizeof digits)
            return false;
        digits[n++] = *text;
    }
    digits[n] = 0;
    return n > 0 && parse_i64(digits, ret) && *ret >= 0;
}

void approval_post(struct call *call)
{
    struct fields form;
    struct approval *it;
    if (!console_form(call, &form) || !(it = approval_make(call)))
        return;
    it->typed = fields_get(&form, "people");
    if (!(call->roles & ROLE_APPROVER)) {
        refuse(it, 403, "Your role reads, but does not approve; ask an approver.");
        return;
    }
    it->act.request = (struct delivery_request){.cb = acted, .arena = call->arena};
    it->act.verb = VERB_APPROVE;
    it->act.principal = call->principal;
    it->act.hash = fields_get(&form, "hash");
    it->act.until = TIME_NONE;
    it->act.counted = true;
    if (!it->act.hash || !number_of(it->typed, &it->act.people))
        refuse(it, 422, "Type the number of people, in digits.");
    else
        delivery_act(call->api->config.delivery, &it->act);
}

/* ---- One sample, as a page of its own that may do nothing. ---- */

struct sample {
    struct call *call;
    struct delivery_sample sample;
};

static void sampled(struct delivery_request *request)
{
    struct sample *it = container_of(request, struct sample, sample.request);
    struct json_object *json = NULL;
    if (request->result != RESULT_OK) {
        console_error_of(it->call, &request->error);
        return;
    }
    json_read(it->sample.json, strlen(it->sample.json), &json, NULL);
    const char *html = str_or(json_get_string(json, "html"), "");
    call_reply(it->call, &(struct call_reply){.status = 200,
                                              .type = page_type,
                                              .bytes = html,
                                              .length = strlen(html),
                                              .fields = sample_fields,
                                              .n_fields = sample_fields_n});
    json_object_put(json);
}

void sample_get(struct call *call)
{
    id incident = incident_of(call);
    int64_t wave = incident ? wave_of(call) : 0;
    if (!wave)
        return;
    struct sample *it = arena_new(call->arena, struct sample);
    it->call = call;
    it->sample = (struct delivery_sample){
        .request = {.cb = sampled, .arena = call->arena},
        .incident = incident,
        .ordinal = (int)wave,
        .key = str_or(http_request_query(call->http, "variant"), ""),
    };
    delivery_sample(call->api->config.delivery, &it->sample);
}

/* ---- Static files. ---- */

void asset_get(struct call *call)
{
    static const struct http_field fields[] = {{"Cache-Control", "public, max-age=3600"},
                                               {"Cross-Origin-Resource-Policy", "same-origin"}};
    const struct asset *asset = asset_find(str_or(http_request_param(call->http, "name"), ""));
    if (!asset) {
        console_error(call, 404, "There is no such file.");
        return;
    }
    call_reply(call, &(struct call_reply){.status = 200,
                                          .type = asset->type,
                                          .bytes = asset->bytes,
                                          .length = asset->length,
                                          .fields = fields,
                                          .n_fields = 2});
}
