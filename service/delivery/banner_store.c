/* banner_store.c - the banner board over the store, and what an application asks of it.
 *
 * A banner's words are sealed with its incident's key; the account is a blind index of the service
 * key, so that one look-up serves all incidents. What the application reports (displayed,
 * acknowledged) is evidence of the attempt. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/facts.h"

static void account_blind(const struct delivery *delivery, const char *account,
                          uint8_t blind[BLIND_SIZE])
{
    struct seal_key key;
    seal_derive(&key, &delivery->vault.service, "account", NULL, 0);
    seal_blind(blind, &key, "account", account, strlen(account));
    seal_key_wipe(&key);
}

/* ---- Put: token -> chunk -> incident key -> sealed row. ---- */

struct placing {
    struct delivery *delivery;
    struct banner_put *put;
    struct token token;
    struct store_chunk_get get;
    struct store_banner banner;
    struct arena *arena;
    struct buf body;
};

static void placing_finish(struct placing *placing, enum result result)
{
    struct banner_put *put = placing->put;
    buf_wipe(&placing->body);
    arena_destroy(&placing->arena);
    mem_free(placing);
    put->cb(put, result);
}

static void on_put(struct store_request *request)
{
    struct store_banner *banner = container_of(request, struct store_banner, request);
    placing_finish(container_of(banner, struct placing, banner), request->result);
}

static void write_member(struct buf *to, const char *name, const char *value, bool first)
{
    buf_printf(to, "%s\"%s\":", first ? "{" : ",", name);
    json_write_string(to, str_or(value, ""), strlen(str_or(value, "")));
}

static bool seal_body(struct placing *placing)
{
    const struct banner_put *put = placing->put;
    struct seal_key key;
    struct buf json;
    char bound[64], text[ID_TEXT_SIZE];
    if (!vault_unwrap(&placing->delivery->vault, placing->get.key, &key))
        return false;
    buf_init(&json, SIZE_MAX);
    write_member(&json, "body", put->body, true);
    write_member(&json, "line", put->line, false);
    write_member(&json, "locale", put->locale, false);
    write_member(&json, "title", put->title, false);
    buf_puts(&json, "}");
    /* Bound to the key, which the row keeps: putting it again must open too. */
    snprintf(bound, sizeof(bound), "banner:%s:%s", put->key,
             id_format(text, "inc", placing->get.rows[0].incident));
    bool ok = seal_add(&placing->body, &key, bound, json.data, json.length);
    seal_key_wipe(&key);
    buf_wipe(&json);
    return ok;
}

static void on_chunk(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct placing *placing = container_of(get, struct placing, get);
    struct banner_row *row = &placing->banner.row;
    if (request->result != RESULT_OK || get->n == 0) {
        placing_finish(placing, request->result == RESULT_OK ? RESULT_NOT_FOUND : request->result);
        return;
    }
    row->id = id_new();
    if (!seal_body(placing)) {
        placing_finish(placing, RESULT_DENIED);
        return;
    }
    row->incident = get->rows[0].incident;
    row->wave = get->rows[0].wave;
    row->chunk = get->rows[0].id;
    row->number = placing->token.position < get->rows[0].n
                      ? (int64_t)get->rows[0].members[placing->token.position]
                      : -1;
    row->key = placing->put->key;
    row->token = placing->put->token;
    account_blind(placing->delivery, placing->put->account, row->account);
    row->body = (struct blob){placing->body.data, placing->body.length};
    row->placed_at = delivery_now(placing->delivery);
    placing->banner.request.cb = on_put;
    placing->banner.request.arena = placing->arena;
    store_banner_put(placing->delivery->config.store, &placing->banner);
}

static void board_put(struct banner_board *board, struct banner_put *put)
{
    struct delivery *delivery = board->impl;
    struct placing *placing = mem_new(struct placing);
    struct token *token = &placing->token;
    placing->delivery = delivery;
    placing->put = put;
    placing->arena = arena_create(1 << 20);
    buf_init(&placing->body, SIZE_MAX);
    /* A token that is not ours finds no chunk 0: the answer still comes from the store's callback.
     */
    if (!token_parse(token, &delivery->token_key, put->token))
        token->chunk = INT64_MAX;
    placing->get.request.cb = on_chunk;
    placing->get.request.arena = placing->arena;
    placing->get.chunk = token->chunk;
    store_chunk_get(delivery->config.store, &placing->get);
}

void banner_board_init(struct delivery *delivery, struct banner_board *board)
{
    board->put = board_put;
    board->impl = delivery;
}

/* ---- List. ---- */

struct showing {
    struct delivery *delivery;
    struct delivery_banner_list *req;
    struct store_banner list;
};

static bool show_banner(struct showing *showing, const struct banner_row *row,
                        struct delivery_banner *to)
{
    struct arena *arena = showing->req->request.arena;
    struct json_object *json = NULL;
    char bound[64], text[ID_TEXT_SIZE];
    struct buf plain;
    buf_init(&plain, SIZE_MAX);
    snprintf(bound, sizeof(bound), "banner:%s:%s", row->key, id_format(text, "inc", row->incident));
    bool ok = delivery_open(showing->delivery, row->incident_key, bound, row->body, &plain) &&
              json_read(plain.data, plain.length, &json, NULL) == RESULT_OK;
    if (ok) {
        to->banner = row->id;
        to->incident = row->incident;
        to->locale = arena_strdup(arena, str_or(json_get_string(json, "locale"), ""));
        to->title = arena_strdup(arena, str_or(json_get_string(json, "title"), ""));
        to->line = arena_strdup(arena, str_or(json_get_string(json, "line"), ""));
        to->body = arena_strdup(arena, str_or(json_get_string(json, "body"), ""));
        to->state = row->state;
        to->dismissed = row->dismissed;
        to->placed_at = row->placed_at;
        ok = to->body != NULL;
        json_object_put(json);
    }
    buf_wipe(&plain);
    return ok;
}

/* The rows come newest first: has a later notice of this incident taken its place? Two people of
 * one account have banners of their own. */
static bool is_said(const struct store_banner *list, size_t at)
{
    const struct banner_row *row = &list->rows[at];
    for (size_t i = 0; i < at; i++) {
        const struct banner_row *newer = &list->rows[i];
        if (newer->incident == row->incident && !newer->hidden && newer->wave != row->wave)
            return true;
    }
    return false;
}

static bool is_unread(const struct delivery_banner *banner)
{
    return banner->state < 2 && !banner->dismissed;
}

static int banner_order(const void *a, const void *b)
{
    const struct delivery_banner *x = a, *y = b;
    if (is_unread(x) != is_unread(y))
        return is_unread(x) ? -1 : 1;
    if (x->placed_at != y->placed_at)
        return x->placed_at < y->placed_at ? -1 : 1;
    return (x->banner > y->banner) - (x->banner < y->banner);
}

/* What waits longest stands on top; the rest comes up as those above are read. */
static void stack(struct delivery_banner_list *req)
{
    if (req->n > 1)
        qsort(req->items, req->n, sizeof(*req->items), banner_order);
    req->more = req->n > DELIVERY_BANNERS_MAX ? req->n - DELIVERY_BANNERS_MAX : 0;
    req->n -= req->more;
}

static void on_listed(struct store_request *request)
{
    struct store_banner *list = container_of(request, struct store_banner, request);
    struct showing *showing = container_of(list, struct showing, list);
    struct delivery_banner_list *req = showing->req;
    req->request.result = request->result;
    req->request.error = request->error;
    req->n = 0;
    req->items = arena_alloc(req->request.arena, (list->n + 1) * sizeof(*req->items));
    for (size_t i = 0; request->result == RESULT_OK && req->items != NULL && i < list->n; i++)
        if (!list->rows[i].hidden && !is_said(list, i) &&
            show_banner(showing, &list->rows[i], &req->items[req->n]))
            req->n++;
    stack(req);
    mem_free(showing);
    req->request.cb(&req->request);
}

void delivery_banner_list(struct delivery *delivery, struct delivery_banner_list *req)
{
    struct showing *showing = mem_new(struct showing);
    showing->delivery = delivery;
    showing->req = req;
    showing->list.request.cb = on_listed;
    showing->list.request.arena = req->request.arena;
    account_blind(delivery, req->account, showing->list.account);
    store_banner_list(delivery->config.store, &showing->list);
}

/* ---- Events: the row, then the evidence. ---- */

struct happening {
    struct delivery *delivery;
    struct delivery_banner_event *req;
    struct store_banner banner;
    struct arena *arena;
    struct fact_merge fact;
    int state;
    bool dismissed;
};

static void happening_finish(struct happening *happening, enum result result,
                             const struct error *error)
{
    struct delivery_banner_event *req = happening->req;
    req->request.result = result;
    if (result == RESULT_NOT_FOUND)
        error_set(&req->request.error, result, "banner", "There is no such banner.");
    else if (error != NULL)
        req->request.error = *error;
    arena_destroy(&happening->arena);
    mem_free(happening);
    req->request.cb(&req->request);
}

static void on_fact(struct delivery_request *request)
{
    struct fact_merge *fact = container_of(request, struct fact_merge, request);
    happening_finish(container_of(fact, struct happening, fact), request->result, &request->error);
}

static void on_event(struct store_request *request)
{
    struct store_banner *banner = container_of(request, struct store_banner, request);
    struct happening *happening = container_of(banner, struct happening, banner);
    if (request->result != RESULT_OK ||
        happening->state == 0) { /* dismissed hides, proves nothing */
        happening_finish(happening, request->result, &request->error);
        return;
    }
    happening->fact.request.cb = on_fact;
    happening->fact.token = banner->row.token;
    happening->fact.evidence = happening->state == 2 ? EVIDENCE_ACKNOWLEDGED : EVIDENCE_DISPLAYED;
    fact_merge(happening->delivery, &happening->fact);
}

static void on_banner(struct store_request *request)
{
    struct store_banner *banner = container_of(request, struct store_banner, request);
    struct happening *happening = container_of(banner, struct happening, banner);
    if (request->result != RESULT_OK) {
        happening_finish(happening, request->result, &request->error);
        return;
    }
    banner->row.state = happening->state > banner->row.state ? happening->state : banner->row.state;
    banner->row.dismissed = banner->row.dismissed || happening->dismissed;
    banner->request.cb = on_event;
    store_banner_event(happening->delivery->config.store, banner);
}

void delivery_banner_event(struct delivery *delivery, struct delivery_banner_event *req)
{
    struct happening *happening = mem_new(struct happening);
    happening->delivery = delivery;
    happening->req = req;
    happening->arena = arena_create(1 << 20);
    happening->state =
        str_equal(req->event, "acknowledged") ? 2 : str_equal(req->event, "displayed");
    happening->dismissed = str_equal(req->event, "dismissed");
    happening->banner.request.cb = on_banner;
    happening->banner.request.arena = happening->arena;
    happening->banner.row.id = req->banner;
    store_banner_get(delivery->config.store, &happening->banner);
}
