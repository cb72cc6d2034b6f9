/* decisions.c - approve, release, resume, cancel: what people decide about a wave.
 *
 * The engine and the store hold the rules of state and of the author who may not approve. One more
 * is kept here, because tokens are the API's: nobody approves with a token that the author minted,
 * nor approves what was written with a token he minted himself. So the two people are two, unless
 * an admin mints tokens for himself twice; whom tokens are minted for is what TOKEN_MINTED receipts
 * show. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/sm.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"

struct decision {
    struct call *call;
    struct delivery_act act;
    struct delivery_incident_get get; /* who wrote it */
    struct store_token author;
};

static void acted(struct delivery_request *request)
{
    struct decision *it = container_of(request, struct decision, act.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    if (it->act.verb == VERB_RESUME && !it->act.asked)
        requests_wake(it->call->api->requests);
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->act.incident);
    out_int(json, "wave", it->act.wave);
    out_int(json, "ordinal", it->act.ordinal);
    out_text(json, "state", sm_name(&wave_states, it->act.state));
    out_int(json, "approvals", it->act.approvals);
    out_int(json, "approvals_required", it->act.required);
    out_text(json, "approval_hash", it->act.approval_hash[0] ? it->act.approval_hash : NULL);
    if (it->act.verb == VERB_RESUME)
        out_bool(json, "resumed", !it->act.asked);
    call_reply_json(it->call, it->act.asked ? 202 : 200, json);
}

static void act(struct decision *it)
{
    delivery_act(it->call->api->config.delivery, &it->act);
}

static void refuse_minter(struct decision *it)
{
    call_problem(it->call, HTTP_PROBLEM_FORBIDDEN, NULL,
                 "The author's token and this one were minted one by the other; a second person "
                 "with a token of his own must approve.");
}

static void author_found(struct store_request *request)
{
    struct decision *it = container_of(request, struct decision, author.request);
    if (request->result == RESULT_OK && it->author.token.minted_by == it->call->principal)
        refuse_minter(it);
    else if (request->result == RESULT_OK || request->result == RESULT_NOT_FOUND)
        act(it);
    else
        call_error(it->call, &request->error);
}

static void incident_found(struct delivery_request *request)
{
    struct decision *it = container_of(request, struct decision, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    id author = it->get.row.author;
    json_object_put(it->get.document);
    if (author == it->call->minted_by) {
        refuse_minter(it);
        return;
    }
    it->author = (struct store_token){.request = {.cb = author_found, .arena = it->call->arena},
                                      .token.id = author};
    store_token_find(it->call->api->config.store, &it->author);
}

/* ---- Bodies. ---- */

static const struct member_rule plain_members[] = {{"wave", MEMBER_INT, INT64_MAX, false, NULL}};
static const struct member_rule approve_members[] = {
    {"wave", MEMBER_INT, INT64_MAX, false, NULL},
    {"hash", MEMBER_LINE, DIGEST_TEXT_SIZE - 1, false, NULL},
    {"people", MEMBER_INT, INT64_MAX, false, NULL},
};
static const struct member_rule release_members[] = {
    {"wave", MEMBER_INT, INT64_MAX, false, NULL},
    {"break_glass", MEMBER_BOOL, 0, false, NULL},
    {"reason", MEMBER_LINE, 300, false, NULL},
};
static const struct member_rule resume_members[] = {
    {"wave", MEMBER_INT, INT64_MAX, false, NULL},
    {"notice_version", MEMBER_INT, INT32_MAX, false, NULL},
    {"reason", MEMBER_LINE, 300, false, NULL},
};

static void check_hash(struct json_object *json, struct findings *findings)
{
    uint8_t digest[DIGEST_SIZE];
    const char *hash = json ? json_get_string(json, "hash") : NULL;
    if (hash && hex_decode(digest, sizeof digest, hash, strlen(hash)) != DIGEST_SIZE)
        findings_add(findings, "", "hash",
                     "It must be the approval_hash of a preview, 64 hex digits; correct it.");
}

/* NULL: answered already. */
static struct decision *decision_make(struct call *call, enum delivery_verb verb,
                                      struct member_rules rules)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    if (call->json)
        json_check(call->json, "", rules, &findings);
    check_hash(call->json, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return NULL;
    }
    int ordinal = 0;
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !call_path_ordinal(call, &ordinal))
        return NULL;
    struct decision *it = arena_new(call->arena, struct decision);
    it->call = call;
    it->act = (struct delivery_act){.request = {.cb = acted, .arena = call->arena},
                                    .verb = verb,
                                    .incident = incident,
                                    .ordinal = ordinal,
                                    .principal = call->principal,
                                    .until = TIME_NONE};
    if (call->json) {
        it->act.wave = json_get_int(call->json, "wave", 0);
        it->act.hash = json_get_string(call->json, "hash");
        it->act.counted = json_get(call->json, "people") != NULL;
        it->act.people = json_get_int(call->json, "people", 0);
        it->act.break_glass = json_get_bool(call->json, "break_glass", false);
        it->act.reason = json_get_string(call->json, "reason");
        it->act.notice = json_get_int(call->json, "notice_version", 0);
    }
    return it;
}

static void decide(struct call *call, enum delivery_verb verb, struct member_rules rules)
{
    struct decision *it = decision_make(call, verb, rules);
    if (it)
        act(it);
}

void approvals_post(struct call *call)
{
    struct decision *it = decision_make(call, VERB_APPROVE, MEMBER_RULES(approve_members));
    if (!it)
        return;
    it->get = (struct delivery_incident_get){
        .request = {.cb = incident_found, .arena = call->arena}, .incident = it->act.incident};
    delivery_incident_get(call->api->config.delivery, &it->get);
}

void release_post(struct call *call)
{
    struct decision *it = decision_make(call, VERB_RELEASE, MEMBER_RULES(release_members));
    if (it && it->act.break_glass && !(call->roles & ROLE_APPROVER))
        call_problem(call, HTTP_PROBLEM_FORBIDDEN, "/break_glass",
                     "Only an approver may release alone; have the wave approved instead.");
    else if (it)
        act(it);
}

void resume_post(struct call *call)
{
    decide(call, VERB_RESUME, MEMBER_RULES(resume_members));
}

void cancel_post(struct call *call)
{
    decide(call, VERB_CANCEL, MEMBER_RULES(plain_members));
}

/* ---- The second person's look at what one released alone. ---- */

struct review {
    struct call *call;
    struct delivery_review review;
};

static void reviewed(struct delivery_request *request)
{
    struct review *it = container_of(request, struct review, review.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->review.incident);
    out_int(json, "wave", it->review.wave);
    out_text(json, "reviewed_by", call_actor(it->call));
    call_reply_json(it->call, 200, json);
}

void review_post(struct call *call)
{
    static const struct member_rule members[] = {{"wave", MEMBER_INT, INT64_MAX, false, NULL},
                                                 {"note", MEMBER_LINE, 300, false, NULL}};
    struct findings findings;
    findings_init(&findings, call->arena);
    if (call->json)
        json_check(call->json, "", MEMBER_RULES(members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct review *it = arena_new(call->arena, struct review);
    it->call = call;
    it->review = (struct delivery_review){
        .request = {.cb = reviewed, .arena = call->arena},
        .incident = incident,
        .principal = call->principal,
        .wave = call->json ? json_get_int(call->json, "wave", 0) : 0,
        .note = call->json ? json_get_string(call->json, "note") : NULL,
    };
    delivery_review(call->api->config.delivery, &it->review);
}
