/* preference.c - read, merge, seal, compare-and-set with the receipt; again when somebody was
 * faster. Failure modes: a body that another service key sealed is taken for none. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/people/preference.h"

enum { BODY_MAX = 4096, ROUNDS = 8, BOUND_SIZE = 64 };

struct preferring {
    struct delivery *delivery;
    struct delivery_preference *req;
    struct arena *arena;
    struct store_preference_find find;
    struct store_preference_put put;
    struct receipt_batch receipts;
    struct buf body;
    unsigned rounds;
};

const char *preference_name(enum preference_word word)
{
    static const char *const names[PREFERENCES_N] = {"paper", "dead", "stop"};
    return names[word];
}

void preference_blind_key(const struct delivery *delivery, struct seal_key *ret_key)
{
    seal_derive(ret_key, &delivery->vault.service, "preference", NULL, 0);
}

void delivery_preference_key(const struct delivery *delivery, unsigned kind, const char *value,
                             struct preference_key *ret_key)
{
    struct seal_key key;
    preference_blind_key(delivery, &key);
    person_key_of(&key, kind, value, ret_key);
    seal_key_wipe(&key);
}

void delivery_preference_street(const struct delivery *delivery,
                                const struct postal_address *street, struct preference_key *ret_key)
{
    struct seal_key key;
    preference_blind_key(delivery, &key);
    person_key_of_street(&key, street, ret_key);
    seal_key_wipe(&key);
}

/* ---- The sealed form: {"dead": {"since": "...", "source": "bounce"}}. ---- */

static const char *bound_of(char to[BOUND_SIZE], const struct preference_key *key)
{
    char hex[2 * BLIND_SIZE + 1];
    hex_encode(hex, key->blind, BLIND_SIZE);
    snprintf(to, BOUND_SIZE, "preference/1:%u:%s", key->kind, hex);
    return to;
}

static void body_key(const struct delivery *delivery, struct seal_key *ret_key)
{
    seal_derive(ret_key, &delivery->vault.service, "preference-body", NULL, 0);
}

static void read_state(struct json_object *json, struct preference_state *ret)
{
    if (json == NULL)
        return;
    ret->set = true;
    if (!time_parse(str_or(json_get_string(json, "since"), ""), &ret->since))
        ret->since = 0;
    str_copy(ret->source, sizeof(ret->source), str_or(json_get_string(json, "source"), ""));
}

bool preference_open(const struct delivery *delivery, const struct preference_key *key,
                     struct blob body, struct preference_state states[PREFERENCES_N])
{
    struct seal_key with;
    struct buf plain;
    struct json_object *json = NULL;
    char bound[BOUND_SIZE];
    memset(states, 0, PREFERENCES_N * sizeof(*states));
    body_key(delivery, &with);
    buf_init(&plain, BODY_MAX);
    bool ok = seal_open(&plain, &with, bound_of(bound, key), body.data, body.length) &&
              json_read(plain.data, plain.length, &json, NULL) == RESULT_OK;
    for (unsigned i = 0; ok && i < PREFERENCES_N; i++)
        read_state(json_get(json, preference_name((enum preference_word)i)), &states[i]);
    if (ok)
        json_object_put(json);
    buf_wipe(&plain);
    seal_key_wipe(&with);
    return ok;
}

/* Empty when nothing is left to be known. */
static void seal_states(struct preferring *it)
{
    const struct delivery_preference *req = it->req;
    struct seal_key with;
    struct buf plain;
    char bound[BOUND_SIZE], time[TIME_TEXT_SIZE];
    const char *comma = "{";
    buf_init(&plain, BODY_MAX);
    for (unsigned i = 0; i < PREFERENCES_N; i++) {
        if (!req->states[i].set)
            continue;
        buf_printf(&plain, "%s\"%s\":{\"since\":\"%s\",\"source\":\"%s\"}", comma,
                   preference_name((enum preference_word)i),
                   time_format(time, req->states[i].since), req->states[i].source);
        comma = ",";
    }
    buf_clear(&it->body);
    if (plain.length > 0) {
        buf_puts(&plain, "}");
        body_key(it->delivery, &with);
        seal_add(&it->body, &with, bound_of(bound, &req->key), plain.data, plain.length);
        seal_key_wipe(&with);
    }
    buf_wipe(&plain);
}

/* ---- One change. ---- */

static void finish(struct preferring *it, enum result result, const struct error *error)
{
    struct delivery_preference *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    receipt_batch_free(&it->receipts);
    buf_wipe(&it->body);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

/* What becomes of the states; false: nothing changes. */
static bool apply(struct preferring *it)
{
    struct delivery_preference *req = it->req;
    bool changed = false;
    for (unsigned i = 0; i < PREFERENCES_N; i++) {
        struct preference_state *state = &req->states[i];
        if (req->want[i] < 0 || (req->want[i] != 0) == state->set)
            continue;
        *state = (struct preference_state){.set = req->want[i] != 0,
                                           .since = delivery_now(it->delivery)};
        str_copy(state->source, sizeof(state->source), str_or(req->source, "operator"));
        changed = true;
    }
    return changed;
}

static void note_newest(struct delivery_preference *req)
{
    req->changed_at = TIME_NONE;
    for (unsigned i = 0; i < PREFERENCES_N; i++)
        if (req->states[i].set &&
            (req->changed_at == TIME_NONE || req->states[i].since > req->changed_at))
            req->changed_at = req->states[i].since;
}

/* What was set and taken back, of which kind of address, and from where; of nobody. */
static void make_receipt(struct preferring *it)
{
    static const char *const kinds[] = {"email", "phone", "postal", "account"};
    const struct delivery_preference *req = it->req;
    char actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "about", json_object_new_string(kinds[req->key.kind]));
    for (unsigned i = 0; i < PREFERENCES_N; i++)
        if (req->want[i] >= 0)
            json_object_object_add(facts, preference_name((enum preference_word)i),
                                   json_object_new_boolean(req->want[i] != 0));
    const struct receipt receipt = {
        .kind = RECEIPT_PREFERENCE,
        .at = delivery_now(it->delivery),
        .incident = req->incident,
        .outcome = -1,
        .reason = str_or(req->source, "operator"),
        .actor = req->principal == 0 ? NULL : delivery_principal(actor, req->principal),
        .facts = facts,
    };
    receipt_batch_free(&it->receipts);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    receipt_batch_add(&it->receipts, NULL, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    json_object_put(facts);
}

static void start(struct preferring *it);

static void on_put(struct store_request *request)
{
    struct store_preference_put *put = container_of(request, struct store_preference_put, request);
    struct preferring *it = container_of(put, struct preferring, put);
    if (request->result == RESULT_CONFLICT && ++it->rounds < ROUNDS)
        start(it);
    else
        finish(it, request->result, &request->error);
}

static void on_found(struct store_request *request)
{
    struct store_preference_find *find =
        container_of(request, struct store_preference_find, request);
    struct preferring *it = container_of(find, struct preferring, find);
    struct delivery_preference *req = it->req;
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    const struct blob was = find->n > 0 ? find->hits[0].body : (struct blob){NULL, 0};
    if (was.length > 0 && !preference_open(it->delivery, &req->key, was, req->states))
        log_error("preference_damaged", LOG_INT("kind", req->key.kind));
    if (!req->change || !apply(it)) {
        note_newest(req);
        finish(it, RESULT_OK, NULL);
        return;
    }
    note_newest(req);
    seal_states(it);
    make_receipt(it);
    it->put = (struct store_preference_put){.request = {.cb = on_put, .arena = it->arena},
                                            .key = req->key,
                                            .was = was,
                                            .body = {it->body.data, it->body.length},
                                            .at = delivery_now(it->delivery),
                                            .receipts = &it->receipts};
    store_preference_put(it->delivery->config.store, &it->put);
}

static void start(struct preferring *it)
{
    memset(it->req->states, 0, sizeof(it->req->states));
    arena_reset(it->arena);
    it->find = (struct store_preference_find){
        .request = {.cb = on_found, .arena = it->arena}, .keys = &it->req->key, .n_keys = 1};
    store_preference_find(it->delivery->config.store, &it->find);
}

void delivery_preference(struct delivery *delivery, struct delivery_preference *req)
{
    struct preferring *it = mem_new(struct preferring);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(1 << 20);
    buf_init(&it->body, BODY_MAX);
    receipt_batch_init(&it->receipts, 0, 0, 0);
    start(it);
}

/* ---- What a message's fate says. ---- */

struct noting {
    struct delivery_preference preference;
};

static void on_noted(struct delivery_request *request)
{
    struct delivery_preference *req = container_of(request, struct delivery_preference, request);
    struct noting *noting = container_of(req, struct noting, preference);
    if (request->result != RESULT_OK)
        log_warn("preference_not_stored", LOG_TEXT("result", result_name(request->result)));
    mem_free(noting);
}

void preference_note(struct delivery *delivery, const struct preference_note *note)
{
    struct noting *noting = mem_new(struct noting);
    struct seal_key key;
    preference_blind_key(delivery, &key);
    noting->preference = (struct delivery_preference){.request.cb = on_noted,
                                                      .change = true,
                                                      .want = {-1, -1, -1},
                                                      .source = note->source,
                                                      .incident = note->incident};
    noting->preference.want[note->word] = 1;
    person_key_of_contact(&key, note->kind, &note->contact, &noting->preference.key);
    seal_key_wipe(&key);
    delivery_preference(delivery, &noting->preference);
}

bool preference_of_blame(enum blame blame, enum evidence evidence, enum preference_word *ret_word)
{
    *ret_word = blame == BLAME_STOPPED ? PREFER_STOP : PREFER_DEAD;
    return blame == BLAME_STOPPED || blame == BLAME_ADDRESS || evidence == EVIDENCE_RETURNED;
}
