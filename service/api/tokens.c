/* tokens.c - POST, GET, DELETE /v1/tokens. The secret is in one answer, once; after that there is
 * only its hash. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"

/* By enum token_kind. */
static const char *const kinds[] = {"program", "person", NULL};

/* By enum token_claim. */
static const char *const claims[] = {"minted", "invitation", "claimed"};

static void add_roles(struct json_object *to, unsigned roles)
{
    struct json_object *array = json_object_new_array();
    for (unsigned bit = 1; bit <= ROLES_ALL; bit <<= 1) {
        if (roles & bit)
            json_object_array_add(array, json_object_new_string(access_role_name(bit)));
    }
    json_object_object_add(to, "roles", array);
}

/* ---- Mint. ---- */

struct mint {
    struct call *call;
    struct access_mint mint;
};

static void minted(struct access_mint *minted_token)
{
    struct mint *it = container_of(minted_token, struct mint, mint);
    if (minted_token->result != RESULT_OK) {
        access_mint_wipe(minted_token);
        call_error(it->call, &minted_token->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "id", "tok", minted_token->id);
    out_text(json, "name", minted_token->name);
    add_roles(json, minted_token->roles);
    out_text(json, "kind", kinds[minted_token->kind]);
    out_id(json, "person", "tok", minted_token->put.token.person);
    out_text(json, minted_token->invite ? "invitation" : "token", minted_token->text);
    out_time(json, "created_at", minted_token->at);
    out_id(json, "minted_by", "tok", minted_token->minted_by);
    access_mint_wipe(minted_token);
    call_reply_json(it->call, 201, json);
}

static const struct member_rule token_members[] = {
    {"name", MEMBER_LINE, 100, true, NULL},  {"roles", MEMBER_ARRAY, 6, true, NULL},
    {"kind", MEMBER_WORD, 16, false, kinds}, {"person", MEMBER_LINE, ID_TEXT_SIZE - 1, false, NULL},
    {"invite", MEMBER_BOOL, 0, false, NULL},
};

static unsigned read_roles(struct json_object *json, struct findings *findings)
{
    struct json_object *array = json_get(json, "roles");
    unsigned roles = 0;
    if (!json_object_is_type(array, json_type_array))
        return 0;
    size_t n = json_object_array_length(array);
    for (size_t i = 0; i < n && i < 6; i++) {
        struct json_object *item = json_object_array_get_idx(array, i);
        unsigned bit = json_object_is_type(item, json_type_string)
                           ? access_role_find(json_object_get_string(item))
                           : 0;
        if (!bit)
            findings_add(findings, findings_index(findings, "/roles", i), NULL,
                         "It is no role; use responder, approver, compliance, operator, app or "
                         "admin.");
        roles |= bit;
    }
    if (n == 0)
        findings_add(findings, "/roles", NULL, "A token needs at least one role; name it.");
    return roles;
}

/* Approvers are people; others are programs unless it is said. */
static int read_kind(struct json_object *json, unsigned roles, struct findings *findings)
{
    const char *kind = json_get_string(json, "kind");
    bool approver = (roles & ROLE_APPROVER) != 0;
    bool person = kind ? str_equal(kind, kinds[TOKEN_PERSON]) : approver;
    if (approver && !person)
        findings_add(findings, "/kind", NULL,
                     "Approvers are people: leave kind out, or mint a token without approver.");
    return person ? TOKEN_PERSON : TOKEN_PROGRAM;
}

static id read_person(struct json_object *json, struct findings *findings)
{
    const char *text = json_get_string(json, "person");
    id person = text ? id_parse(text, "tok") : 0;
    if (text && !person)
        findings_add(findings, "/person", NULL,
                     "It must be the id of the holder's first token, tok_...; list the tokens.");
    return person;
}

void tokens_post(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(token_members), &findings);
    unsigned roles = read_roles(call->json, &findings);
    int kind = read_kind(call->json, roles, &findings);
    id person = read_person(call->json, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct mint *it = arena_new(call->arena, struct mint);
    it->call = call;
    it->mint = (struct access_mint){.name = json_get_string(call->json, "name"),
                                    .roles = roles,
                                    .kind = kind,
                                    .invite = json_get_bool(call->json, "invite", false),
                                    .person = person,
                                    .minted_by = call->principal,
                                    .at = call_now(call),
                                    .cb = minted};
    access_mint(call->api->config.store, &it->mint);
}

/* ---- List. ---- */

struct list_tokens {
    struct call *call;
    struct store_token_list list;
};

static void listed(struct store_request *request)
{
    struct list_tokens *it = container_of(request, struct list_tokens, list.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->list.n; i++) {
        const struct access_token *token = &it->list.tokens[i];
        struct json_object *item = json_object_new_object();
        out_id(item, "id", "tok", token->id);
        out_text(item, "name", token->name);
        add_roles(item, token->roles);
        out_text(item, "kind", kinds[token->kind == TOKEN_PERSON]);
        out_id(item, "person", "tok", token->person);
        out_text(item, "claim", claims[token->claim <= TOKEN_CLAIMED ? token->claim : 0]);
        out_time(item, "created_at", token->created_at);
        out_time(item, "revoked_at", token->revoked_at);
        out_id(item, "minted_by", "tok", token->minted_by);
        json_object_array_add(items, item);
    }
    json_object_object_add(json, "items", items);
    call_reply_json(it->call, 200, json);
}

void tokens_list(struct call *call)
{
    struct list_tokens *it = arena_new(call->arena, struct list_tokens);
    it->call = call;
    it->list = (struct store_token_list){.request = {.cb = listed, .arena = call->arena}};
    store_token_list(call->api->config.store, &it->list);
}

/* ---- Revoke. ---- */

struct revoke {
    struct call *call;
    struct store_token revoke;
    struct receipt_batch receipts;
};

static void revoked(struct store_request *request)
{
    struct revoke *it = container_of(request, struct revoke, revoke.request);
    receipt_batch_free(&it->receipts);
    access_forget(it->call->api->access, it->revoke.token.id);
    if (request->result == RESULT_OK || request->result == RESULT_EXISTS)
        call_reply(it->call, &(struct call_reply){.status = 204});
    else
        call_error(it->call, &request->error);
}

static void revoke_receipt(struct revoke *it, time_ms at)
{
    char about[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    out_text(facts, "token", id_format(about, "tok", it->revoke.token.id));
    receipt_batch_init(&it->receipts, 0, 0, 0);
    receipt_batch_add(&it->receipts, NULL,
                      &(struct receipt){.kind = RECEIPT_TOKEN_REVOKED,
                                        .at = at,
                                        .outcome = -1,
                                        .actor = call_actor(it->call),
                                        .facts = facts});
    receipt_batch_finish(&it->receipts);
    json_object_put(facts);
}

void token_delete(struct call *call)
{
    id token = call_path_id(call, "id", "tok");
    if (!token)
        return;
    struct revoke *it = arena_new(call->arena, struct revoke);
    it->call = call;
    it->revoke = (struct store_token){
        .request = {.cb = revoked, .arena = call->arena}, .token.id = token, .at = call_now(call)};
    revoke_receipt(it, it->revoke.at);
    it->revoke.receipts = &it->receipts;
    store_token_revoke(call->api->config.store, &it->revoke);
}
