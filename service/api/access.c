/* access.c - bearer tokens: minting, checking. Their text form is access_token.c's.
 *
 * The happy path: the header is taken apart, a token that was good within the last minute answers
 * from the cache, any other is looked up in the store and the SHA-256 of its secret compared in
 * constant time. What is malformed, unknown, revoked or wrong goes the same way: one lookup, one
 * hash, one comparison, one error. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "service/api/access.h"

enum { CACHE_SIZE = 64, CACHE_MS = 60000 };

/* ---- Minting. ---- */

static void minted(struct store_request *request)
{
    struct access_mint *mint = container_of(request, struct access_mint, put.request);
    mint->result = request->result;
    mint->error = request->error;
    receipt_batch_free(&mint->receipts);
    mem_free(mint->name_copy);
    mint->name_copy = NULL;
    mint->cb(mint);
}

static void mint_receipt(struct access_mint *mint)
{
    char actor[ID_TEXT_SIZE], about[ID_TEXT_SIZE];
    id_format(actor, "tok", mint->minted_by);
    id_format(about, "tok", mint->id);
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "token", json_object_new_string(about));
    json_object_object_add(facts, "roles", json_object_new_int64(mint->roles));
    receipt_batch_init(&mint->receipts, 0, 0, 0);
    receipt_batch_add(&mint->receipts, NULL,
                      &(struct receipt){.kind = RECEIPT_TOKEN_MINTED,
                                        .at = mint->at,
                                        .outcome = -1,
                                        .actor = mint->minted_by ? actor : "service",
                                        .facts = facts});
    receipt_batch_finish(&mint->receipts);
    json_object_put(facts);
}

void access_mint(struct store *store, struct access_mint *mint)
{
    struct access_parts parts = {.id = id_new()};
    seal_random(parts.secret, sizeof parts.secret);
    access_format(mint->text, &parts);
    mint->id = parts.id;
    mint->name_copy = mem_strdup(mint->name);
    mint_receipt(mint);
    mint->put =
        (struct store_token){.request.cb = minted,
                             .token = {.id = parts.id,
                                       .name = mint->name_copy,
                                       .roles = mint->roles,
                                       .kind = mint->kind,
                                       .claim = mint->invite ? TOKEN_INVITATION : TOKEN_MINTED,
                                       .person = mint->person,
                                       .created_at = mint->at,
                                       .revoked_at = TIME_NONE,
                                       .minted_by = mint->minted_by},
                             .receipts = &mint->receipts};
    sha256(mint->put.token.hash, parts.secret, sizeof parts.secret);
    explicit_bzero(&parts, sizeof parts);
    store_token_put(store, &mint->put);
}

void access_mint_wipe(struct access_mint *mint)
{
    explicit_bzero(mint->text, sizeof mint->text);
}

/* ---- Checking. ---- */

struct cached {
    id id; /* 0: free */
    uint8_t hash[DIGEST_SIZE];
    unsigned roles;
    id minted_by;
    int64_t until; /* monotonic */
};

struct access {
    struct store *store;
    struct loop *loop;
    struct cached cache[CACHE_SIZE];
    unsigned next;       /* which one is overwritten next */
    uint64_t generation; /* + 1 with every revocation: answers of older lookups are not cached */
};

struct access *access_create(struct store *store, struct loop *loop)
{
    struct access *access = mem_new(struct access);
    access->store = store;
    access->loop = loop;
    return access;
}

void access_destroy(struct access **access)
{
    if (!*access)
        return;
    mem_wipe_free(*access, sizeof **access);
    *access = NULL;
}

void access_forget(struct access *access, id token)
{
    access->generation++;
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        if (access->cache[i].id == token)
            access->cache[i] = (struct cached){0};
    }
}

static struct cached *cache_find(struct access *access, id token)
{
    int64_t now = clock_monotonic(loop_clock(access->loop));
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        if (access->cache[i].id == token && access->cache[i].until > now)
            return &access->cache[i];
    }
    return NULL;
}

static void cache_add(struct access *access, const struct access_token *token)
{
    struct cached *entry = cache_find(access, token->id);
    if (!entry)
        entry = &access->cache[access->next++ % CACHE_SIZE];
    *entry = (struct cached){.id = token->id,
                             .roles = token->roles,
                             .minted_by = token->minted_by,
                             .until = clock_monotonic(loop_clock(access->loop)) + CACHE_MS};
    memcpy(entry->hash, token->hash, DIGEST_SIZE);
}

static void grant(struct access_check *check, unsigned roles, id minted_by)
{
    check->granted = true;
    check->principal = check->parts.id;
    check->roles = roles;
    check->minted_by = minted_by;
}

/* One hash and one comparison, whatever the store said. */
static void judge(struct access_check *check)
{
    uint8_t hash[DIGEST_SIZE];
    const struct access_token *token = &check->find.token;
    sha256(hash, check->parts.secret, sizeof check->parts.secret);
    bool same = secret_equal(hash, token->hash, DIGEST_SIZE);
    if (same && check->well_formed && check->find.request.result == RESULT_OK &&
        token->revoked_at == TIME_NONE && token->id == check->parts.id) {
        check->principal = token->id;
        check->invited = token->claim == TOKEN_INVITATION;
        if (check->invited)
            return;
        grant(check, token->roles, token->minted_by);
        if (check->generation == check->access->generation)
            cache_add(check->access, token);
    }
}

static void looked_up(struct store_request *request)
{
    struct access_check *check = container_of(request, struct access_check, find.request);
    if (request->result == RESULT_NOT_FOUND)
        memset(check->find.token.hash, 0, DIGEST_SIZE);
    if (request->result == RESULT_OK || request->result == RESULT_NOT_FOUND) {
        judge(check);
        check->result = RESULT_OK;
    } else {
        check->result = request->result;
        check->error = request->error;
    }
    explicit_bzero(&check->parts.secret, sizeof check->parts.secret);
    arena_destroy(&check->arena);
    check->cb(check);
}

static bool from_cache(struct access *access, struct access_check *check)
{
    struct cached *entry = check->well_formed ? cache_find(access, check->parts.id) : NULL;
    if (!entry)
        return false;
    uint8_t hash[DIGEST_SIZE];
    sha256(hash, check->parts.secret, sizeof check->parts.secret);
    if (!secret_equal(hash, entry->hash, DIGEST_SIZE))
        return false;
    grant(check, entry->roles, entry->minted_by);
    check->result = RESULT_OK;
    return true;
}

bool access_check(struct access *access, const char *authorization, struct access_check *check)
{
    static const char scheme[] = "Bearer ";
    check->access = access;
    check->granted = check->invited = false;
    check->generation = access->generation;
    const char *text = NULL;
    if (authorization && strncasecmp(authorization, scheme, sizeof scheme - 1) == 0)
        text = authorization + sizeof scheme - 1;
    check->well_formed = access_parse(text, &check->parts);
    if (!check->well_formed)
        check->parts = (struct access_parts){.id = INT64_MAX};
    if (from_cache(access, check))
        return true;
    check->arena = arena_create(16384);
    check->find = (struct store_token){.request = {.cb = looked_up, .arena = check->arena},
                                       .token.id = check->parts.id};
    store_token_find(access->store, &check->find);
    return false;
}
