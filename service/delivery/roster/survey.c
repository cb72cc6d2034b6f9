/* survey.c - what the roster is made of: people by jurisdiction and language, how they can be
 * reached, who shares an address with whom. Happy path: the answer of this version is stored, or a
 * pass over the roster on the lane makes it, which is then kept, sealed. Failure modes: the store.
 */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

/* This module. */
#include "service/delivery/roster/alike.h"
#include "service/delivery/roster/roster.h"
#include "service/delivery/roster/walk.h"

#define SURVEY_BOUND "roster-survey/1"
enum { NAMES_MAX = 400, NAME_SIZE = 12 };

struct tally {
    struct {
        char name[NAME_SIZE];
        int64_t n, derived;
    } rows[NAMES_MAX + 1]; /* the last one: all others */
    size_t n;
};

struct survey {
    struct delivery *delivery;
    struct delivery_roster_view *req;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_survey stored;
    struct roster_walk walk;
    struct alike alike;
    struct arena *arena;
    struct tally jurisdictions, locales;
    int64_t people, email, phone, address, account, nobody;
    struct buf text, sealed;
};

static void finish(struct survey *it, enum result result, const struct error *error)
{
    struct delivery_roster_view *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    if (result == RESULT_OK)
        req->json = arena_strndup(req->request.arena, it->text.data, it->text.length);
    if (result == RESULT_OK && req->json == NULL)
        req->request.result = error_set(&req->request.error, RESULT_TOO_LARGE, NULL,
                                        "The answer is too large; ask for fewer.");
    dossier_destroy(&it->dossier);
    alike_free(&it->alike);
    arena_destroy(&it->arena);
    buf_wipe(&it->text);
    buf_free(&it->sealed);
    mem_free(it);
    req->request.cb(&req->request);
}

/* ---- Counting, on the lane. ---- */

static void count(struct tally *tally, const char *name, bool derived)
{
    size_t i = 0;
    while (i < tally->n && strcmp(tally->rows[i].name, name) != 0)
        i++;
    if (i == tally->n && i < NAMES_MAX) {
        str_copy(tally->rows[i].name, NAME_SIZE, name);
        tally->n++;
    } else if (i == tally->n) {
        str_copy(tally->rows[i].name, NAME_SIZE, "other");
    }
    tally->rows[i].n++;
    tally->rows[i].derived += derived;
}

static void on_person(void *context, const struct recipient *r)
{
    struct survey *it = context;
    alike_add(&it->alike, r);
    if (it->alike.part > 0)
        return;
    bool email = !str_empty(r->email), phone = !str_empty(r->phone);
    bool account = !str_empty(r->account_id);
    count(&it->jurisdictions, str_or(r->jurisdiction, ""), r->jurisdiction_derived);
    count(&it->locales, str_or(r->locale, ""), false);
    it->people++;
    it->email += email;
    it->phone += phone;
    it->address += r->has_address;
    it->account += account;
    it->nobody += !email && !phone && !account && !r->has_address;
}

/* ---- The answer. ---- */

static void put(struct json_object *to, const char *name, int64_t n)
{
    json_object_object_add(to, name, json_object_new_int64(n));
}

static struct json_object *tally_json(const struct tally *tally, bool law)
{
    struct json_object *list = json_object_new_array();
    const size_t n = tally->n + (tally->rows[NAMES_MAX].n > 0);
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_new_object();
        const char *name = tally->rows[i].name;
        json_object_object_add(item, "name", name[0] ? json_object_new_string(name) : NULL);
        put(item, "people", tally->rows[i].n);
        if (law) {
            put(item, "derived", tally->rows[i].derived);
            json_object_object_add(
                item, "law",
                json_object_new_string(jurisdiction_on_record(name) ? "on_record" : "no_record"));
        }
        json_object_array_add(list, item);
    }
    return list;
}

static void write_answer(struct survey *it)
{
    struct json_object *json = json_object_new_object(), *reach = json_object_new_object();
    put(reach, "email", it->email);
    put(reach, "phone", it->phone);
    put(reach, "address", it->address);
    put(reach, "account", it->account);
    put(reach, "none", it->nobody);
    put(json, "people", it->people);
    put(json, "unopened", it->walk.unopened);
    put(json, "version", it->dossier->row.version);
    json_object_object_add(json, "reach", reach);
    json_object_object_add(json, "jurisdictions", tally_json(&it->jurisdictions, true));
    json_object_object_add(json, "locales", tally_json(&it->locales, false));
    json_object_object_add(json, "shared", alike_json(&it->alike));
    json_write(&it->text, json);
    json_object_put(json);
}

static void on_kept(struct store_request *request)
{
    struct store_survey *stored = container_of(request, struct store_survey, request);
    finish(container_of(stored, struct survey, stored), RESULT_OK, NULL);
}

static void on_walked(struct roster_walk *walk)
{
    struct survey *it = container_of(walk, struct survey, walk);
    if (walk->result != RESULT_OK) {
        finish(it, walk->result, &walk->error);
        return;
    }
    if (alike_next(&it->alike)) { /* too many for one pass: the next part of the hashes */
        roster_walk_start(walk);
        return;
    }
    write_answer(it);
    seal_add(&it->sealed, &it->dossier->key, SURVEY_BOUND, it->text.data, it->text.length);
    it->stored = (struct store_survey){.request.cb = on_kept,
                                       .incident = it->req->incident,
                                       .version = it->dossier->row.version,
                                       .at = delivery_now(it->delivery),
                                       .body = {it->sealed.data, it->sealed.length}};
    store_survey_put(it->delivery->config.store, &it->stored);
}

static void walk(struct survey *it)
{
    struct seal_key salt;
    seal_random(salt.bytes, sizeof(salt.bytes));
    alike_init(&it->alike, &salt, it->dossier->row.accepted);
    seal_key_wipe(&salt);
    it->walk = (struct roster_walk){.delivery = it->delivery,
                                    .dossier = it->dossier,
                                    .person = on_person,
                                    .done = on_walked,
                                    .context = it};
    roster_walk_start(&it->walk);
}

static void on_stored(struct store_request *request)
{
    struct store_survey *stored = container_of(request, struct store_survey, request);
    struct survey *it = container_of(stored, struct survey, stored);
    if (request->result == RESULT_OK && stored->version == it->dossier->row.version &&
        seal_open(&it->text, &it->dossier->key, SURVEY_BOUND, stored->body.data,
                  stored->body.length)) {
        finish(it, RESULT_OK, NULL);
        return;
    }
    buf_clear(&it->text);
    walk(it);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct survey *it = container_of(load, struct survey, load);
    it->dossier = load->dossier;
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    it->stored = (struct store_survey){.request = {.cb = on_stored, .arena = it->arena},
                                       .incident = it->req->incident};
    store_survey_get(it->delivery->config.store, &it->stored);
}

void delivery_roster_view(struct delivery *delivery, struct delivery_roster_view *req)
{
    struct survey *it = mem_new(struct survey);
    it->delivery = delivery;
    it->req = req;
    req->json = NULL;
    it->arena = arena_create(8 << 20);
    buf_init(&it->text, SIZE_MAX);
    buf_init(&it->sealed, SIZE_MAX);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
