/* preview.c - GET .../preview: what exactly would be sent to this person, and what would not. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"

struct preview {
    struct call *call;
    struct delivery_preview preview;
};

static void previewed(struct delivery_request *request)
{
    struct preview *it = container_of(request, struct preview, preview.request);
    const struct delivery_preview *p = &it->preview;
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", p->incident);
    out_text(json, "recipient_id", p->recipient_id);
    out_text(json, "channel", p->channel);
    out_json(json, "ladder", p->ladder);
    out_text(json, "to", p->to);
    out_text(json, "locale", p->locale);
    out_text(json, "subject", p->subject);
    out_text(json, "line", p->line);
    out_text(json, "text", p->text);
    out_text(json, "html", p->html);
    out_text(json, "missing", p->missing);
    out_text(json, "notice_digest", p->notice_digest[0] ? p->notice_digest : NULL);
    out_text(json, "approval_hash", p->approval_hash[0] ? p->approval_hash : NULL);
    call_reply_json(it->call, 200, json);
}

void preview_get(struct call *call)
{
    const char *recipient = http_request_query(call->http, "recipient");
    if (!recipient || !*recipient) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "recipient",
                     "Say whose notice is wanted: recipient=<recipient_id>.");
        return;
    }
    int ordinal = 0;
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !call_path_ordinal(call, &ordinal))
        return;
    struct preview *it = arena_new(call->arena, struct preview);
    it->call = call;
    it->preview = (struct delivery_preview){.request = {.cb = previewed, .arena = call->arena},
                                            .incident = incident,
                                            .ordinal = ordinal,
                                            .recipient_id = recipient,
                                            .channel = http_request_query(call->http, "channel")};
    delivery_preview(call->api->config.delivery, &it->preview);
}

/* ---- The rehearsal: what a release would do. ---- */

struct rehearsal {
    struct call *call;
    struct delivery_rehearse rehearse;
};

static void rehearsed(struct delivery_request *request)
{
    struct rehearsal *it = container_of(request, struct rehearsal, rehearse.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        call_reply(it->call, &(struct call_reply){.status = 200,
                                                  .type = "application/json",
                                                  .bytes = it->rehearse.json,
                                                  .length = strlen(it->rehearse.json)});
}

void rehearsal_get(struct call *call)
{
    int64_t limit = 100;
    int ordinal = 0;
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !call_path_ordinal(call, &ordinal) ||
        !call_query_number(call, "limit", 1000, &limit))
        return;
    struct rehearsal *it = arena_new(call->arena, struct rehearsal);
    it->call = call;
    it->rehearse = (struct delivery_rehearse){.request = {.cb = rehearsed, .arena = call->arena},
                                              .incident = incident,
                                              .ordinal = ordinal,
                                              .limit = (unsigned)limit};
    delivery_rehearse(call->api->config.delivery, &it->rehearse);
}
