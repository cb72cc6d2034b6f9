/* hold_list.c - the holds of an incident, with what was sealed about them opened. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/hold/hold_private.h"

struct listing {
    struct delivery *delivery;
    struct delivery_hold_list *req;
    struct dossier_load load;
    struct store_hold_list list;
};

static void listing_finish(struct listing *it, enum result result, const struct error *error)
{
    struct delivery_hold_list *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->load.dossier);
    mem_free(it);
    req->request.cb(&req->request);
}

static const char *word(struct arena *arena, struct json_object *json, const char *name)
{
    const char *text = json_get_string(json, name);
    return text == NULL ? NULL : arena_strdup(arena, text);
}

static void open_body(struct listing *it, struct hold_view *view)
{
    struct arena *arena = it->req->request.arena;
    struct json_object *json = NULL;
    struct buf plain;
    char bound[64];
    buf_init(&plain, SIZE_MAX);
    hold_bound(bound, view->row.incident);
    if (view->row.body.length > 0 &&
        seal_open(&plain, &it->load.dossier->key, bound, view->row.body.data,
                  view->row.body.length) &&
        json_read(plain.data, plain.length, &json, NULL) == RESULT_OK) {
        view->reason = word(arena, json, "reason");
        view->agency = word(arena, json, "agency");
        view->officer = word(arena, json, "officer");
        view->recipient_id = word(arena, json, "recipient_id");
    }
    json_object_put(json);
    buf_wipe(&plain);
}

static void on_list(struct store_request *request)
{
    struct store_hold_list *list = container_of(request, struct store_hold_list, request);
    struct listing *it = container_of(list, struct listing, list);
    const struct dossier *dossier = it->load.dossier;
    struct delivery_hold_list *req = it->req;
    req->n = 0;
    req->items = arena_alloc(req->request.arena, (list->n + 1) * sizeof(*req->items));
    for (size_t i = 0; request->result == RESULT_OK && req->items != NULL && i < list->n; i++) {
        struct hold_view *view = &req->items[req->n++];
        *view = (struct hold_view){.row = list->rows[i]};
        for (size_t k = 0; k < dossier->n_waves; k++)
            if (dossier->waves[k].id == view->row.wave)
                view->ordinal = dossier->waves[k].ordinal;
        open_body(it, view);
    }
    listing_finish(it, request->result, &request->error);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct listing *it = container_of(load, struct listing, load);
    if (request->result != RESULT_OK) {
        listing_finish(it, request->result, &request->error);
        return;
    }
    it->list.request.cb = on_list;
    it->list.request.arena = it->req->request.arena;
    it->list.incident = it->req->incident;
    store_hold_list(it->delivery->config.store, &it->list);
}

void delivery_hold_list(struct delivery *delivery, struct delivery_hold_list *req)
{
    struct listing *it = mem_new(struct listing);
    it->delivery = delivery;
    it->req = req;
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
