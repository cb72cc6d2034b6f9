/* claim.c - POST /v1/tokens/claim. Happy path: the invitation is checked as a token is (access.h),
 * a new secret is made, and its hash takes the invitation's place in one transaction with the
 * receipt. From then on the invitation opens nothing, and who minted it has never seen the
 * credential. Failure modes: one answer for what is unknown, revoked, or no invitation. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/json.h"
#include "base/seal.h"

/* This module. */
#include "service/api/claim.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"

static void claim_end(struct claim *claim, enum result result)
{
    claim->result = result;
    if (result != RESULT_OK)
        explicit_bzero(claim->text, sizeof claim->text);
    claim->cb(claim);
}

static void put(struct store_request *request)
{
    struct claim *claim = container_of(request, struct claim, put.request);
    receipt_batch_free(&claim->receipts);
    access_forget(claim->call->api->access, claim->token);
    claim->error = request->error;
    claim_end(claim, request->result);
}

static void claim_receipt(struct claim *claim)
{
    char actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    id_format(actor, "tok", claim->token);
    out_text(facts, "token", actor);
    receipt_batch_init(&claim->receipts, 0, 0, 0);
    receipt_batch_add(&claim->receipts, NULL,
                      &(struct receipt){.kind = RECEIPT_TOKEN_CLAIMED,
                                        .at = call_now(claim->call),
                                        .outcome = -1,
                                        .actor = actor,
                                        .facts = facts});
    receipt_batch_finish(&claim->receipts);
    json_object_put(facts);
}

static void exchange(struct claim *claim)
{
    struct access_parts parts = {.id = claim->token};
    seal_random(parts.secret, sizeof parts.secret);
    access_format(claim->text, &parts);
    claim_receipt(claim);
    claim->put = (struct store_token){.request = {.cb = put, .arena = claim->call->arena},
                                      .token.id = claim->token,
                                      .receipts = &claim->receipts};
    sha256(claim->put.token.hash, parts.secret, sizeof parts.secret);
    explicit_bzero(&parts, sizeof parts);
    store_token_claim(claim->call->api->config.store, &claim->put);
}

static void judged(struct claim *claim)
{
    const struct access_check *check = &claim->check;
    if (check->result != RESULT_OK) {
        claim->error = check->error;
        claim_end(claim, check->result);
        return;
    }
    if (!check->invited) {
        error_set(&claim->error, RESULT_DENIED, "/invitation",
                  "This is no invitation, or it was claimed already; if it was not you, tell an "
                  "admin at once.");
        claim_end(claim, RESULT_DENIED);
        return;
    }
    claim->token = check->principal;
    exchange(claim);
}

static void checked(struct access_check *check)
{
    judged(container_of(check, struct claim, check));
}

void claim_start(struct claim *claim)
{
    const char *header = strlen(claim->invitation) < 200
                             ? arena_printf(claim->call->arena, "Bearer %s", claim->invitation)
                             : NULL;
    claim->check.cb = checked;
    if (access_check(claim->call->api->access, header, &claim->check))
        judged(claim);
}

/* ---- The route. ---- */

static void claimed(struct claim *claim)
{
    if (claim->result != RESULT_OK) {
        call_error(claim->call, &claim->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "id", "tok", claim->token);
    out_text(json, "token", claim->text);
    explicit_bzero(claim->text, sizeof claim->text);
    call_reply_json(claim->call, 200, json);
}

void token_claim_post(struct call *call)
{
    static const struct member_rule members[] = {{"invitation", MEMBER_LINE, 200, true, NULL}};
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct claim *claim = arena_new(call->arena, struct claim);
    claim->call = call;
    claim->invitation = json_get_string(call->json, "invitation");
    claim->cb = claimed;
    claim_start(claim);
}
