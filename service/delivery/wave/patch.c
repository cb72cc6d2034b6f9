/* patch.c - facts that change. Happy path: the newest document is opened, merged with the patch
 * (RFC 7396), looked at as a whole, sealed anew; one receipt a member that changed keeps its name
 * in the leaf, and old value, new value and reason sealed. A note among ourselves changes nothing
 * that is sent: no version, no approval. Failure modes: see wave.h. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/wave/wave.h"

enum { CHANGES_MOST = 900 }; /* receipts of one change: a batch takes 1,000 */

struct patching {
    struct delivery *delivery;
    struct delivery_incident_patch *req;
    struct dossier_load load;
    struct store_incident_patch put;
    struct json_object *fresh;
    struct buf document, title;
    struct receipt_batch receipts;
    unsigned changes;
};

static void patching_finish(struct patching *it, enum result result, const struct error *error)
{
    struct delivery_incident_patch *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    if (result == RESULT_OK)
        req->document = json_object_get(it->fresh);
    json_object_put(it->fresh);
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->receipts);
    buf_free(&it->document);
    buf_free(&it->title);
    mem_free(it);
    req->request.cb(&req->request);
}

static void patching_refuse(struct patching *it, enum result result, const char *field,
                            const char *text)
{
    struct error error;
    error_set(&error, result, field, "%s", text);
    patching_finish(it, result, &error);
}

/* ---- RFC 7396. ---- */
static struct json_object *merged(struct json_object *target, struct json_object *patch)
{
    if (patch == NULL || !json_object_is_type(patch, json_type_object))
        return json_object_get(patch);
    struct json_object *result = json_object_new_object();
    if (target != NULL && json_object_is_type(target, json_type_object)) {
        json_object_object_foreach(target, name, value)
        {
            json_object_object_add(result, name, json_object_get(value));
        }
    }
    json_object_object_foreach(patch, key, change)
    {
        if (change == NULL)
            json_object_object_del(result, key);
        else
            json_object_object_add(result, key, merged(json_get(result, key), change));
    }
    return result;
}

/* ---- What changed. ---- */
static void write_value(struct buf *to, struct json_object *value)
{
    if (value == NULL)
        buf_puts(to, "null");
    else
        json_write(to, value);
}

/* One receipt holds so much of a note; a long text goes over several, none of them cut inside a
 * character. */
enum { NOTE_PART = 8000 };

static size_t part_length(const char *text, size_t length)
{
    size_t n = length < NOTE_PART ? length : NOTE_PART;
    while (n > 0 && n < length && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void add_part(struct patching *it, const char *member, const char *note, int part)
{
    char actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "member", json_object_new_string(member));
    json_object_object_add(facts, "version", json_object_new_int64(it->req->version + 1));
    if (part > 0)
        json_object_object_add(facts, "part", json_object_new_int(part));
    const struct receipt receipt = {.kind = RECEIPT_INCIDENT_CHANGED,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .note = note,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->load.dossier->key, &receipt);
    it->delivery->stats.receipts++;
    json_object_put(facts);
}

static void add_receipts(struct patching *it, const char *member, const struct buf *note)
{
    char part[NOTE_PART + 1];
    int n = 0;
    for (size_t at = 0; at < note->length && it->receipts.n < CHANGES_MOST; n++) {
        size_t length = part_length(note->data + at, note->length - at);
        memcpy(part, note->data + at, length);
        part[length] = 0;
        add_part(it, member, part, note->length > NOTE_PART ? n + 1 : 0);
        at += length;
    }
    explicit_bzero(part, sizeof(part));
    it->changes++;
}

static bool same(struct json_object *a, struct json_object *b)
{
    struct buf x, y;
    buf_init(&x, SIZE_MAX);
    buf_init(&y, SIZE_MAX);
    write_value(&x, a);
    write_value(&y, b);
    bool equal = x.length == y.length && memcmp(x.data, y.data, x.length) == 0;
    buf_wipe(&x);
    buf_wipe(&y);
    return equal;
}

static void compare_member(struct patching *it, const char *name, struct json_object *old,
                           struct json_object *fresh)
{
    struct buf note;
    if (same(old, fresh))
        return;
    it->put.said = it->put.said || !str_equal(name, "internal_notes");
    buf_init(&note, SIZE_MAX);
    buf_puts(&note, "{\"new\":");
    write_value(&note, fresh);
    buf_puts(&note, ",\"old\":");
    write_value(&note, old);
    buf_puts(&note, ",\"reason\":");
    json_write_string(&note, it->req->reason, strlen(it->req->reason));
    buf_puts(&note, "}");
    add_receipts(it, name, &note);
    buf_wipe(&note);
}

static bool is_object(struct json_object *json)
{
    return json != NULL && json_object_is_type(json, json_type_object);
}

/* Member by member; an object's members one by one: "facts.de.what_happened". */
static void compare(struct patching *it, const char *prefix, struct json_object *old,
                    struct json_object *fresh)
{
    char name[200];
    json_object_object_foreach(fresh, key, value)
    {
        struct json_object *before = json_get(old, key);
        snprintf(name, sizeof(name), "%s%s%s", prefix, prefix[0] != 0 ? "." : "", key);
        if (is_object(before) && is_object(value))
            compare(it, name, before, value);
        else
            compare_member(it, name, before, value);
    }
    json_object_object_foreach(old, gone, was)
    {
        snprintf(name, sizeof(name), "%s%s%s", prefix, prefix[0] != 0 ? "." : "", gone);
        if (json_get(fresh, gone) == NULL)
            compare_member(it, name, was, NULL);
    }
}

/* ---- The steps. ---- */
static void on_put(struct store_request *request)
{
    struct store_incident_patch *put = container_of(request, struct store_incident_patch, request);
    struct patching *it = container_of(put, struct patching, put);
    it->req->version = put->version;
    it->req->notice = put->notice;
    it->req->said = put->said;
    it->req->voided = put->voided;
    patching_finish(it, request->result, &request->error);
}

static void seal_for(struct patching *it, struct buf *to, const char *what, struct blob plain)
{
    char bound[64], text[ID_TEXT_SIZE];
    snprintf(bound, sizeof(bound), "%s:%s", what, id_format(text, "inc", it->req->incident));
    seal_add(to, &it->load.dossier->key, bound, plain.data, plain.length);
}

static void put_patch(struct patching *it)
{
    const char *title = str_or(json_get_string(it->fresh, "title"), "");
    struct buf text;
    buf_init(&text, SIZE_MAX);
    require(json_write(&text, it->fresh));
    seal_for(it, &it->document, "incident", (struct blob){text.data, text.length});
    seal_for(it, &it->title, "title", (struct blob){title, strlen(title)});
    buf_wipe(&text);
    receipt_batch_finish(&it->receipts);
    it->put.request.cb = on_put;
    it->put.incident = it->req->incident;
    it->put.principal = it->req->principal;
    it->put.version = it->req->version;
    it->put.document = (struct blob){it->document.data, it->document.length};
    it->put.title = (struct blob){it->title.data, it->title.length};
    it->put.at = delivery_now(it->delivery);
    it->put.receipts = &it->receipts;
    store_incident_patch(it->delivery->config.store, &it->put);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct patching *it = container_of(load, struct patching, load);
    struct delivery_incident_patch *req = it->req;
    if (request->result != RESULT_OK) {
        patching_finish(it, request->result, &request->error);
        return;
    }
    if (load->dossier->row.version != req->version) {
        patching_refuse(
            it, RESULT_CONFLICT, "version",
            "The incident changed meanwhile; read it again, then send the change anew.");
        return;
    }
    it->fresh = merged(load->dossier->document, req->patch);
    if (req->check != NULL && !req->check(req->context, it->fresh)) {
        patching_refuse(it, RESULT_INVALID, NULL, "The incident would not be whole; see errors.");
        return;
    }
    compare(it, "", load->dossier->document, it->fresh);
    req->notice = load->dossier->row.notice;
    if (it->changes == 0)
        patching_refuse(it, RESULT_EXISTS, NULL, "Nothing changes by it.");
    else
        put_patch(it);
}

void delivery_incident_patch(struct delivery *delivery, struct delivery_incident_patch *req)
{
    struct patching *it = mem_new(struct patching);
    it->delivery = delivery;
    it->req = req;
    req->document = NULL;
    buf_init(&it->document, SIZE_MAX);
    buf_init(&it->title, SIZE_MAX);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.newest = true;
    dossier_load(delivery, &it->load);
}

/* ---- Every version there was. ---- */

struct versions {
    struct delivery_notices *req;
    struct store_notice_list list;
};

static void on_versions(struct store_request *request)
{
    struct store_notice_list *list = container_of(request, struct store_notice_list, request);
    struct versions *it = container_of(list, struct versions, list);
    struct delivery_notices *req = it->req;
    req->rows = list->rows;
    req->n = list->n;
    req->request.result = request->result;
    req->request.error = request->error;
    if (request->result == RESULT_OK && list->n == 0)
        req->request.result =
            error_set(&req->request.error, RESULT_NOT_FOUND, NULL,
                      "There is no such incident; list them with GET /v1/incidents.");
    mem_free(it);
    req->request.cb(&req->request);
}

void delivery_notices(struct delivery *delivery, struct delivery_notices *req)
{
    struct versions *it = mem_new(struct versions);
    it->req = req;
    it->list.request.cb = on_versions;
    it->list.request.arena = req->request.arena;
    it->list.incident = req->incident;
    store_notice_list(delivery->config.store, &it->list);
}
