/* requests.c - the desk: opens, shows, lists and decides; every minute it lets go the letters that
 * a hold kept back. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/log.h"

/* Interfaces. */
#include "tocsin/loop.h"

/* This module. */
#include "service/requests/desk.h"

time_ms desk_now(const struct requests *desk)
{
    return clock_now(loop_clock(desk->config.loop));
}

/* ---- Letters that a hold keeps back. ---- */

enum { SCAN_PAGE = 100 };
struct scan {
    struct requests *desk;
    struct arena *arena;
    struct store_written_request_list list;
    size_t at;
    bool waiting; /* some are still held back */
};

static void scan_next(struct scan *scan);

static void scan_end(struct scan *scan)
{
    struct requests *desk = scan->desk;
    desk->scan = NULL;
    if (desk->closing) {
        mem_free(desk);
    } else {
        desk->parked = desk->parked || scan->waiting;
        loop_timer_start(&desk->timer, PARKED_EVERY_MS);
    }
    arena_destroy(&scan->arena);
    mem_free(scan);
}

static void resumed(struct desk_case *it, enum result result, const struct error *error)
{
    struct scan *scan = it->context;
    (void)error;
    if (result != RESULT_OK)
        log_warn("written_request_not_resumed", LOG_INT("request", it->row.id),
                 LOG_TEXT("result", result_name(result)));
    scan->waiting = scan->waiting || it->row.state == REQUEST_MATCHED;
    scan_next(scan);
}

static void resume(struct scan *scan, const struct request_row *row)
{
    struct desk_case *it = mem_new(struct desk_case);
    it->kind = CASE_RESUME;
    it->desk = scan->desk;
    it->arena = scan->arena;
    it->row = *row;
    it->was = row->state;
    it->done = resumed;
    it->context = scan;
    case_start(it);
}

static void scan_page(struct scan *scan);

static void scan_next(struct scan *scan)
{
    struct store_written_request_list *list = &scan->list;
    while (!scan->desk->closing && scan->at < list->n) {
        const struct request_row *row = &list->rows[scan->at++];
        if (row->state == REQUEST_MATCHED && row->number >= 0) {
            resume(scan, row);
            return;
        }
    }
    if (scan->desk->closing || list->n < SCAN_PAGE)
        scan_end(scan);
    else
        scan_page(scan);
}

static void scan_read(struct store_request *request)
{
    struct scan *scan = container_of(request, struct scan, list.request);
    if (request->result != RESULT_OK) {
        scan->waiting = true;
        scan_end(scan);
        return;
    }
    scan->at = 0;
    scan_next(scan);
}

static void scan_page(struct scan *scan)
{
    int64_t after = scan->list.n ? scan->list.rows[scan->list.n - 1].received_at : 0;
    arena_reset(scan->arena);
    scan->list = (struct store_written_request_list){
        .request = {.cb = scan_read, .arena = scan->arena}, .after = after, .limit = SCAN_PAGE};
    store_written_request_list(scan->desk->config.store, &scan->list);
}

static void scan_due(struct loop_timer *timer)
{
    struct requests *desk = container_of(timer, struct requests, timer);
    if (!desk->parked) {
        loop_timer_start(&desk->timer, PARKED_EVERY_MS);
        return;
    }
    struct scan *scan = mem_new(struct scan);
    scan->desk = desk;
    scan->arena = arena_create(32 << 20);
    desk->scan = scan;
    desk->parked = false;
    scan_page(scan);
}

struct requests *requests_create(const struct requests_config *config)
{
    struct requests *desk = mem_new(struct requests);
    desk->config = *config;
    if (!desk->config.due_ms)
        desk->config.due_ms = DUE_MS_DEFAULT;
    desk->parked = true; /* of a life before */
    loop_timer_init(config->loop, &desk->timer, scan_due);
    loop_timer_start(&desk->timer, PARKED_EVERY_MS);
    return desk;
}

void requests_destroy(struct requests **place)
{
    struct requests *desk = *place;
    if (!desk)
        return;
    loop_timer_stop(&desk->timer);
    desk->closing = true;
    if (!desk->scan)
        mem_free(desk);
    *place = NULL;
}

void requests_wake(struct requests *desk)
{
    if (desk->parked && !desk->scan)
        loop_timer_start(&desk->timer, 0);
}

/* ---- Open. ---- */

static void case_opened(struct desk_case *it, enum result result, const struct error *error)
{
    struct requests_open *open = it->context;
    open->result = result;
    if (error)
        open->error = *error;
    open->view = view_of(&it->row);
    open->view.reason = it->reason;
    open->cb(open);
}

void requests_open(struct requests *desk, struct requests_open *open)
{
    struct desk_case *it = mem_new(struct desk_case);
    time_ms now = desk_now(desk);
    it->kind = CASE_OPEN;
    it->desk = desk;
    it->arena = open->arena;
    it->principal = open->principal;
    it->given = &open->given;
    it->recipient_id = open->given.recipient_id;
    it->answer = open->answer;
    it->answer_context = open->context;
    it->row = (struct request_row){.id = id_new(),
                                   .incident = open->incident,
                                   .number = -1,
                                   .channel_received = open->given.channel_received,
                                   .received_at = now,
                                   .changed_at = now,
                                   .due_at = now + desk->config.due_ms};
    it->done = case_opened;
    it->context = open;
    case_start(it);
}

/* ---- One. ---- */

struct getting {
    struct requests_get *get;
    struct refresh refresh;
};

static void got(struct refresh *refresh)
{
    struct getting *it = container_of(refresh, struct getting, refresh);
    struct requests_get *get = it->get;
    get->result = refresh->result;
    get->error = refresh->error;
    if (refresh->result == RESULT_OK) {
        get->view = view_of(&refresh->row);
        if (get->given)
            body_open(refresh->desk, get->arena, &refresh->row, &get->view);
    }
    mem_free(it);
    get->cb(get);
}

void requests_get(struct requests *desk, struct requests_get *get)
{
    struct getting *it = mem_new(struct getting);
    it->get = get;
    it->refresh =
        (struct refresh){.cb = got, .desk = desk, .arena = get->arena, .request = get->request};
    refresh_start(&it->refresh);
}

/* ---- The list. ---- */

struct listing {
    struct requests *desk;
    struct requests_list *list;
    struct store_written_request_list store;
};

static void fill_list(struct listing *it)
{
    struct requests_list *list = it->list;
    list->views = arena_alloc(list->arena, (it->store.n + 1) * sizeof *list->views);
    for (size_t i = 0; list->views && i < it->store.n; i++) {
        list->views[i] = view_of(&it->store.rows[i]);
        body_open(it->desk, list->arena, &it->store.rows[i], &list->views[i]);
        list->views[i].given = NULL;
    }
    list->n = list->views ? it->store.n : 0;
    list->next = list->n == list->limit && list->n ? it->store.rows[list->n - 1].received_at : 0;
}

static void listed(struct store_request *request)
{
    struct listing *it = container_of(request, struct listing, store.request);
    struct requests_list *list = it->list;
    list->result = request->result;
    list->error = request->error;
    if (request->result == RESULT_OK)
        fill_list(it);
    mem_free(it);
    list->cb(list);
}

void requests_list(struct requests *desk, struct requests_list *list)
{
    struct listing *it = mem_new(struct listing);
    it->desk = desk;
    it->list = list;
    it->store = (struct store_written_request_list){.request = {.cb = listed, .arena = list->arena},
                                                    .incident = list->incident,
                                                    .after = list->after,
                                                    .limit = list->limit};
    store_written_request_list(desk->config.store, &it->store);
}
