/* people.c - GET .../recipients/{recipient_id}: one person's timeline; POST .../decision: what a
 * person decides about a message of which nobody knows whether it was sent. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"

struct person {
    struct call *call;
    struct delivery_timeline timeline;
    struct delivery_note note;
};

/* What was read leaves its receipt before it is shown. */
static void noted(struct delivery_request *request)
{
    struct person *it = container_of(request, struct person, note.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        call_reply(it->call, &(struct call_reply){.status = 200,
                                                  .type = "application/json",
                                                  .bytes = it->timeline.json,
                                                  .length = strlen(it->timeline.json)});
}

static void told(struct delivery_request *request)
{
    struct person *it = container_of(request, struct person, timeline.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    it->note = (struct delivery_note){.request = {.cb = noted, .arena = it->call->arena},
                                      .receipt = {.kind = RECEIPT_READ,
                                                  .at = call_now(it->call),
                                                  .incident = it->timeline.incident,
                                                  .outcome = -1,
                                                  .actor = call_actor(it->call)}};
    delivery_note(it->call->api->config.delivery, &it->note);
}

/* The server leaves %2F as it is, since a path's structure hangs on it; an id may hold a slash. */
static const char *unescape_slashes(struct call *call, const char *text)
{
    char *copy = arena_strdup(call->arena, str_or(text, "")), *to = copy;
    for (const char *from = copy; from && *from; to++) {
        bool slash = strncasecmp(from, "%2f", 3) == 0;
        *to = slash ? '/' : *from;
        from += slash ? 3 : 1;
    }
    if (to)
        *to = 0;
    return copy;
}

void person_get(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct person *it = arena_new(call->arena, struct person);
    it->call = call;
    it->timeline = (struct delivery_timeline){
        .request = {.cb = told, .arena = call->arena},
        .incident = incident,
        .recipient_id = unescape_slashes(call, http_request_param(call->http, "recipient_id"))};
    delivery_timeline(call->api->config.delivery, &it->timeline);
}

/* ---- A decision. ---- */

struct person_decision {
    struct call *call;
    struct delivery_decide decide;
};

static const char *const verbs[] = {[DECISION_SENT] = "sent",
                                    [DECISION_RESEND] = "resend",
                                    [DECISION_NEXT_RUNG] = "next_rung",
                                    NULL};
static const struct member_rule decision_members[] = {
    {"channel", MEMBER_NAME, 24, true, NULL},
    {"decision", MEMBER_WORD, 0, true, verbs},
    {"note", MEMBER_LINE, 500, false, NULL},
    {"wave", MEMBER_INT, INT32_MAX, false, NULL},
};

static void decided(struct delivery_request *request)
{
    struct person_decision *it = container_of(request, struct person_decision, decide.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->decide.incident);
    out_text(json, "recipient_id", it->decide.recipient_id);
    out_text(json, "channel", it->decide.channel);
    out_text(json, "decision", verbs[it->decide.verb]);
    call_reply_json(it->call, 200, json);
}

static enum decision_verb verb_find(const char *word)
{
    for (unsigned i = 0; verbs[i] != NULL; i++)
        if (str_equal(verbs[i], word))
            return (enum decision_verb)i;
    return DECISION_SENT;
}

void person_decide(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(decision_members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct person_decision *it = arena_new(call->arena, struct person_decision);
    it->call = call;
    it->decide = (struct delivery_decide){
        .request = {.cb = decided, .arena = call->arena},
        .incident = incident,
        .principal = call->principal,
        .wave = json_get_int(call->json, "wave", 0),
        .recipient_id = unescape_slashes(call, http_request_param(call->http, "recipient_id")),
        .channel = json_get_string(call->json, "channel"),
        .verb = verb_find(json_get_string(call->json, "decision")),
        .note = json_get_string(call->json, "note")};
    delivery_decide(call->api->config.delivery, &it->decide);
}
