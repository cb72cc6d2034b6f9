/* wave_open.c - one more wave. What it says of people (its audience, its own texts) is sealed by
 * the incident's key; the receipt names kind, ordinal and a keyed digest of the rest. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/wave/wave.h"

struct opening {
    struct delivery *delivery;
    struct delivery_wave_open *req;
    struct dossier_load load;
    struct store_wave_open put;
    struct receipt_batch receipts;
    struct buf spec;
    struct arena *arena;
};

static void opening_finish(struct opening *it, enum result result, const struct error *error)
{
    struct delivery_wave_open *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->receipts);
    buf_free(&it->spec);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_put(struct store_request *request)
{
    struct store_wave_open *put = container_of(request, struct store_wave_open, request);
    struct opening *it = container_of(put, struct opening, put);
    it->req->row = put->row;
    opening_finish(it, request->result, &request->error);
}

/* Keyed: the bare hash of a guessable text would reveal it. */
static void digest_spec(struct opening *it, const struct buf *text, char hex[DIGEST_TEXT_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    struct seal_key salt;
    seal_derive(&salt, &it->load.dossier->key, "wave-commitment", NULL, 0);
    seal_mac(digest, &salt, text->data, text->length);
    hex_encode(hex, digest, DIGEST_SIZE);
    seal_key_wipe(&salt);
}

static void add_receipt(struct opening *it, const struct buf *text)
{
    const struct delivery_wave_open *req = it->req;
    char actor[ID_TEXT_SIZE], hex[DIGEST_TEXT_SIZE], at[TIME_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "kind", json_object_new_string(wave_kind_name(req->kind)));
    if (req->notice != 0)
        json_object_object_add(facts, "notice_version", json_object_new_int64(req->notice));
    if (req->not_before != TIME_NONE)
        json_object_object_add(facts, "not_before",
                               json_object_new_string(time_format(at, req->not_before)));
    if (text->length > 0) {
        digest_spec(it, text, hex);
        json_object_object_add(facts, "spec", json_object_new_string(hex));
    }
    const struct receipt receipt = {.kind = RECEIPT_WAVE_OPENED,
                                    .at = delivery_now(it->delivery),
                                    .incident = req->incident,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->load.dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    json_object_put(facts);
}

static void put_wave(struct opening *it)
{
    const struct delivery_wave_open *req = it->req;
    struct wave_row *row = &it->put.row;
    struct buf text;
    char bound[64], incident[ID_TEXT_SIZE];
    buf_init(&text, SIZE_MAX);
    if (req->spec != NULL)
        require(json_write(&text, req->spec));
    add_receipt(it, &text);
    snprintf(bound, sizeof(bound), "wave:%s", id_format(incident, "inc", req->incident));
    if (text.length > 0)
        seal_add(&it->spec, &it->load.dossier->key, bound, text.data, text.length);
    buf_wipe(&text);
    *row = (struct wave_row){.incident = req->incident,
                             .kind = req->kind,
                             .author = req->principal,
                             .notice = req->notice,
                             .not_before = req->not_before,
                             .caps = req->caps,
                             .spec = {it->spec.data, it->spec.length}};
    row->ordinal = it->load.dossier->waves[it->load.dossier->n_waves - 1].ordinal + 1;
    it->put.idempotency = req->answer == NULL ? NULL : req->answer(req->context, row);
    it->put.receipts = &it->receipts;
    it->put.request.cb = on_put;
    it->put.request.arena = req->request.arena;
    store_wave_open(it->delivery->config.store, &it->put);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct opening *it = container_of(load, struct opening, load);
    if (request->result != RESULT_OK)
        opening_finish(it, request->result, &request->error);
    else
        put_wave(it);
}

void delivery_wave_open(struct delivery *delivery, struct delivery_wave_open *req)
{
    struct opening *it = mem_new(struct opening);
    it->delivery = delivery;
    it->req = req;
    buf_init(&it->spec, SIZE_MAX);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.newest = true;
    dossier_load(delivery, &it->load);
}
