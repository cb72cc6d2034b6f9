/* incident.c - incidents: created, read with their counters, listed. Documents and titles are
 * sealed by the incident key. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/view.h"
#include "service/delivery/delivery_private.h"

static void seal_for(struct buf *to, const struct seal_key *key, const char *what, id incident,
                     struct blob plain)
{
    char bound[64], text[ID_TEXT_SIZE];
    snprintf(bound, sizeof(bound), "%s:%s", what, id_format(text, "inc", incident));
    seal_add(to, key, bound, plain.data, plain.length);
}

/* ---- Create. ---- */

struct creation {
    struct delivery *delivery;
    struct delivery_incident_create *req;
    struct store_incident_put put;
    struct seal_key key;
    struct buf wrapped, document, title;
    struct receipt_batch receipts;
};

static void on_created(struct store_request *request)
{
    struct store_incident_put *put = container_of(request, struct store_incident_put, request);
    struct creation *creation = container_of(put, struct creation, put);
    struct delivery_incident_create *req = creation->req;
    req->request.result = request->result;
    req->request.error = request->error;
    req->incident = put->incident.id;
    seal_key_wipe(&creation->key);
    buf_free(&creation->wrapped);
    buf_free(&creation->document);
    buf_free(&creation->title);
    receipt_batch_free(&creation->receipts);
    mem_free(creation);
    req->request.cb(&req->request);
}

static void add_opened_receipt(struct creation *creation, const struct buf *document)
{
    struct delivery_incident_create *req = creation->req;
    char actor[ID_TEXT_SIZE], hex[DIGEST_TEXT_SIZE];
    uint8_t digest[DIGEST_SIZE];
    struct seal_key salt;
    struct json_object *facts = json_object_new_object();
    /* Keyed: a bare hash of a guessable text would reveal it. */
    seal_derive(&salt, &creation->key, "document-commitment", NULL, 0);
    seal_mac(digest, &salt, document->data, document->length);
    hex_encode(hex, digest, DIGEST_SIZE);
    json_object_object_add(facts, "document", json_object_new_string(hex));
    json_object_object_add(facts, "test", json_object_new_boolean(req->test));
    const struct receipt receipt = {.kind = RECEIPT_INCIDENT_OPENED,
                                    .at = delivery_now(creation->delivery),
                                    .incident = creation->put.incident.id,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .facts = facts};
    receipt_batch_init(&creation->receipts, receipt.incident, 0, 0);
    receipt_batch_add(&creation->receipts, &creation->key, &receipt);
    receipt_batch_finish(&creation->receipts);
    creation->delivery->stats.receipts++;
    seal_key_wipe(&salt);
    json_object_put(facts);
}

void delivery_incident_create(struct delivery *delivery, struct delivery_incident_create *req)
{
    struct creation *creation = mem_new(struct creation);
    struct incident_row *row = &creation->put.incident;
    struct buf text;
    creation->delivery = delivery;
    creation->req = req;
    buf_init(&creation->wrapped, 256);
    buf_init(&creation->document, SIZE_MAX);
    buf_init(&creation->title, SIZE_MAX);
    buf_init(&text, SIZE_MAX);
    row->id = req->incident != 0 ? req->incident : id_new();
    vault_new_incident(&delivery->vault, &creation->key, &creation->wrapped);
    require(json_write(&text, req->document));
    seal_for(&creation->document, &creation->key, "incident", row->id,
             (struct blob){text.data, text.length});
    seal_for(&creation->title, &creation->key, "title", row->id,
             (struct blob){req->title, strlen(req->title)});
    add_opened_receipt(creation, &text);
    buf_wipe(&text);
    row->version = 1;
    row->test = req->test;
    row->created_at = delivery_now(delivery);
    row->author = req->principal;
    row->key = (struct blob){creation->wrapped.data, creation->wrapped.length};
    row->document = (struct blob){creation->document.data, creation->document.length};
    row->title = (struct blob){creation->title.data, creation->title.length};
    creation->put.request.cb = on_created;
    creation->put.idempotency = req->idempotency;
    creation->put.receipts = &creation->receipts;
    store_incident_put(delivery->config.store, &creation->put);
}

/* ---- Get: the dossier, then each wave's counters. ---- */

struct reading {
    struct delivery *delivery;
    struct delivery_incident_get *req;
    struct dossier_load load;
    struct store_counts counts;
    struct store_brake_get brakes;
    size_t at; /* wave being counted */
};

static void reading_finish(struct reading *reading, enum result result, const struct error *error)
{
    struct delivery_incident_get *req = reading->req;
    req->request.result = result;
    if (result != RESULT_OK && error != NULL)
        req->request.error = *error;
    if (result == RESULT_OK) {
        req->document = json_object_get(reading->load.dossier->document);
        req->spec = json_object_get(reading->load.dossier->spec);
    }
    dossier_destroy(&reading->load.dossier);
    mem_free(reading);
    req->request.cb(&req->request);
}

static void view_names(struct reading *reading, struct delivery_wave_view *view,
                       const struct wave_row *wave)
{
    struct arena *arena = reading->req->request.arena;
    struct policy policy = reading->load.dossier->policy;
    if (wave->policy.length > 0)
        dossier_policy(reading->delivery, wave, &policy);
    const char **names = arena_alloc(arena, POLICY_CHANNELS_MAX * sizeof(*names));
    if (names == NULL)
        return;
    for (unsigned i = 0; i < policy.n_channels; i++)
        names[i] = arena_strdup(arena, policy.channels[i].channel);
    view->channel_names = names;
    view->n_channels = policy.n_channels;
}

static int64_t waiting_members(const struct delivery_wave_view *view)
{
    int64_t n = 0;
    for (size_t i = 0; i < view->n_counters; i++)
        if (view->counters[i].channel != 0xff &&
            (view->counters[i].key == MEMBER_PENDING || view->counters[i].key == MEMBER_DEFERRED))
            n += view->counters[i].value;
    return n;
}

static void view_rate(struct reading *reading, struct delivery_wave_view *view)
{
    const struct active_wave *active = schedule_find(reading->delivery, view->row.id);
    view->rate_per_second = active == NULL ? 0 : wave_rate(active);
    view->eta_at = TIME_NONE;
    if (view->brakes == NULL && view->rate_per_second > 0.01)
        view->eta_at = delivery_now(reading->delivery) +
                       (int64_t)((double)waiting_members(view) * 1000.0 / view->rate_per_second);
}

static void count_next(struct reading *reading);

static struct policy policy_of(const struct reading *reading, const struct wave_row *wave)
{
    struct policy policy = reading->load.dossier->policy;
    if (wave->policy.length > 0)
        dossier_policy(reading->delivery, wave, &policy);
    return policy;
}

static void on_brakes(struct store_request *request)
{
    struct store_brake_get *get = container_of(request, struct store_brake_get, request);
    struct reading *reading = container_of(get, struct reading, brakes);
    struct delivery_wave_view *view = &reading->req->waves[reading->at];
    if (request->result != RESULT_OK) {
        reading_finish(reading, request->result, &request->error);
        return;
    }
    const struct policy policy = policy_of(reading, &reading->load.dossier->waves[reading->at]);
    view_rate(reading, view);
    const struct brake_showing showing = {.delivery = reading->delivery,
                                          .policy = &policy,
                                          .wave = &view->row,
                                          .stored = get,
                                          .remaining = waiting_members(view),
                                          .rate = view->rate_per_second};
    view->brakes = brake_show(&showing, reading->req->request.arena);
    if (view->brakes != NULL)
        view->eta_at = brake_show_eta(&showing);
    reading->at++;
    count_next(reading);
}

static void brakes_next(struct reading *reading)
{
    struct delivery_wave_view *view = &reading->req->waves[reading->at];
    const struct policy policy = policy_of(reading, &reading->load.dossier->waves[reading->at]);
    if (!policy.brakes.on) {
        view_rate(reading, view);
        reading->at++;
        count_next(reading);
        return;
    }
    memset(&reading->brakes, 0, sizeof(reading->brakes));
    reading->brakes.request.cb = on_brakes;
    reading->brakes.request.arena = reading->req->request.arena;
    reading->brakes.wave = view->row.id;
    store_brake_get(reading->delivery->config.store, &reading->brakes);
}

static void on_counts(struct store_request *request)
{
    struct store_counts *counts = container_of(request, struct store_counts, request);
    struct reading *reading = container_of(counts, struct reading, counts);
    struct delivery_wave_view *view = &reading->req->waves[reading->at];
    if (request->result != RESULT_OK) {
        reading_finish(reading, request->result, &request->error);
        return;
    }
    view->counters = counts->counters;
    view->n_counters = counts->n;
    brakes_next(reading);
}

static void count_next(struct reading *reading)
{
    struct delivery_incident_get *req = reading->req;
    if (reading->at == req->n_waves) {
        reading_finish(reading, RESULT_OK, NULL);
        return;
    }
    memset(&reading->counts, 0, sizeof(reading->counts));
    reading->counts.request.cb = on_counts;
    reading->counts.request.arena = req->request.arena;
    reading->counts.wave = req->waves[reading->at].row.id;
    store_counts_get(reading->delivery->config.store, &reading->counts);
}

/* The dossier ends with the call; the wrapped key is what delivery_seal() wants later. */
static struct blob copy_blob(struct arena *arena, struct blob from)
{
    void *to = arena_alloc(arena, from.length + 1);
    if (to == NULL)
        return (struct blob){NULL, 0};
    memcpy(to, from.data, from.length);
    return (struct blob){to, from.length};
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct reading *reading = container_of(load, struct reading, load);
    struct delivery_incident_get *req = reading->req;
    if (request->result != RESULT_OK) {
        reading_finish(reading, request->result, &request->error);
        return;
    }
    const struct dossier *dossier = load->dossier;
    req->row = dossier->row;
    req->row.document = req->row.title = (struct blob){NULL, 0};
    req->row.key = copy_blob(req->request.arena, dossier->row.key);
    req->n_waves = dossier->n_waves;
    req->waves = arena_alloc(req->request.arena, (dossier->n_waves + 1) * sizeof(*req->waves));
    if (req->waves == NULL) {
        reading_finish(reading, RESULT_TOO_LARGE, &request->error);
        return;
    }
    for (size_t i = 0; i < dossier->n_waves; i++) {
        req->waves[i].row = dossier->waves[i];
        req->waves[i].row.policy = req->waves[i].row.spec = (struct blob){NULL, 0};
        if (req->waves[i].row.caps != NULL)
            req->waves[i].row.caps = arena_strdup(req->request.arena, req->waves[i].row.caps);
        view_names(reading, &req->waves[i], &dossier->waves[i]);
    }
    count_next(reading);
}

void delivery_incident_get(struct delivery *delivery, struct delivery_incident_get *req)
{
    struct reading *reading = mem_new(struct reading);
    reading->delivery = delivery;
    reading->req = req;
    req->document = req->spec = NULL;
    reading->load.request.cb = on_dossier;
    reading->load.incident = req->incident;
    reading->load.ordinal = req->ordinal;
    reading->load.notice = req->notice;
    reading->load.newest = req->notice == 0;
    dossier_load(delivery, &reading->load);
}

/* ---- List. ---- */

struct listing {
    struct delivery *delivery;
    struct delivery_incident_list *req;
    struct store_incident_list list;
};

static const char *open_title(struct listing *listing, const struct incident_row *row)
{
    char bound[64], text[ID_TEXT_SIZE];
    struct buf plain;
    const char *title = NULL;
    buf_init(&plain, 4096);
    snprintf(bound, sizeof(bound), "title:%s", id_format(text, "inc", row->id));
    if (delivery_open(listing->delivery, row->key, bound, row->title, &plain))
        title = arena_strndup(listing->req->request.arena, plain.data, plain.length);
    buf_wipe(&plain);
    return str_or(title, "(erased)");
}

static void on_listed(struct store_request *request)
{
    struct store_incident_list *list = container_of(request, struct store_incident_list, request);
    struct listing *listing = container_of(list, struct listing, list);
    struct delivery_incident_list *req = listing->req;
    req->request.result = request->result;
    req->request.error = request->error;
    req->n = 0;
    req->next = 0;
    req->items = arena_alloc(req->request.arena, (list->n + 1) * sizeof(*req->items));
    for (size_t i = 0; request->result == RESULT_OK && req->items != NULL && i < list->n; i++) {
        const struct incident_row *row = &list->rows[i];
        req->items[i].incident = row->id;
        req->items[i].title = open_title(listing, row);
        req->items[i].state = list->waves[i].state;
        req->items[i].test = row->test;
        req->items[i].created_at = row->created_at;
        req->items[i].author = row->author;
        req->n++;
        req->next = list->n == req->limit ? row->created_at : 0;
    }
    mem_free(listing);
    req->request.cb(&req->request);
}

void delivery_incident_list(struct delivery *delivery, struct delivery_incident_list *req)
{
    struct listing *listing = mem_new(struct listing);
    listing->delivery = delivery;
    listing->req = req;
    listing->list.request.cb = on_listed;
    listing->list.request.arena = req->request.arena;
    listing->list.after = req->after;
    listing->list.limit = req->limit;
    store_incident_list(delivery->config.store, &listing->list);
}
