/* restore.c - a store that was restored from a copy. At the start, before anything is served:
 * 1 the ledger of erasures is compared, 2 what was erased since the copy is erased again, 3 the
 * store is secured, 4 is it a copy? 5 then everybody who may have been sent to since lies in an
 * open intent, and nothing is sent until somebody approves.
 *
 * Failure modes: a ledger that cannot be read stops the start; a replay that fails leaves the store
 * marked, and is tried again at the next start, as is a marking that was cut short. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"
#include "service/delivery/restore/restore.h"

enum { ARENA_MAX = 64 << 20 };

struct restoring {
    struct delivery *delivery;
    void (*done)(void *context, enum result result, const struct error *error);
    void *context;
    struct arena *arena;
    struct store_ledger ledger;
    size_t at;
    uint32_t number;
    struct erase_task person;
    struct delivery_erase_incident incident;
    struct erase_secure secure;
    struct store_setting setting;
    struct store_restore_mark mark;
    struct buf why;
    int64_t doubted;
    bool erased;
};

static void restoring_finish(struct restoring *it, enum result result, const struct error *error)
{
    const struct error copy = *error;
    void (*done)(void *, enum result, const struct error *) = it->done;
    void *context = it->context;
    buf_wipe(&it->secure.needles);
    buf_free(&it->why);
    arena_destroy(&it->arena);
    mem_free(it);
    done(context, result, &copy);
}

/* ---- 6 the waves that were open in the copy ---- */

static void take_waves(struct delivery *delivery, struct json_object *list)
{
    const size_t n = json_object_array_length(list);
    delivery->restored_waves = mem_alloc(n + 1, sizeof(*delivery->restored_waves));
    for (size_t i = 0; i < n; i++)
        delivery->restored_waves[i] = json_object_get_int64(json_object_array_get_idx(list, i));
    delivery->n_restored_waves = n;
}

static void on_waves(struct store_request *request)
{
    struct store_setting *setting = container_of(request, struct store_setting, request);
    struct restoring *it = container_of(setting, struct restoring, setting);
    struct json_object *list = NULL;
    if (request->result == RESULT_OK &&
        json_read(setting->value.data, setting->value.length, &list, NULL) == RESULT_OK &&
        json_object_is_type(list, json_type_array))
        take_waves(it->delivery, list);
    json_object_put(list);
    restoring_finish(it, request->result == RESULT_NOT_FOUND ? RESULT_OK : request->result,
                     &request->error);
}

static void ask_waves(struct restoring *it)
{
    it->setting = (struct store_setting){.request = {.cb = on_waves, .arena = it->arena},
                                         .name = STORE_RESTORED_WAVES};
    store_setting_get(it->delivery->config.store, &it->setting);
}

/* ---- 5 who may have been sent to ---- */

static void on_marked(struct store_request *request)
{
    struct store_restore_mark *mark = container_of(request, struct store_restore_mark, request);
    struct restoring *it = container_of(mark, struct restoring, mark);
    it->doubted += mark->members;
    if (request->result != RESULT_OK) {
        restoring_finish(it, request->result, &request->error);
    } else if (mark->more) {
        store_restore_mark(it->delivery->config.store, mark);
    } else {
        log_warn("restored_copy", LOG_INT("erased_again", (int64_t)it->ledger.n_missing),
                 LOG_INT("maybe_sent", it->doubted));
        ask_waves(it);
    }
}

static void mark_members(struct restoring *it)
{
    it->mark =
        (struct store_restore_mark){.request.cb = on_marked, .now = delivery_now(it->delivery)};
    store_restore_mark(it->delivery->config.store, &it->mark);
}

/* ---- 4 is it a copy? ---- */

static void on_setting(struct store_request *request)
{
    struct store_setting *setting = container_of(request, struct store_setting, request);
    struct restoring *it = container_of(setting, struct restoring, setting);
    it->delivery->restored = request->result == RESULT_OK;
    if (it->delivery->restored)
        mark_members(it);
    else if (request->result == RESULT_NOT_FOUND)
        ask_waves(it);
    else
        restoring_finish(it, request->result, &request->error);
}

/* Somebody outside knows that it is one: then it is marked now. */
static void ask_setting(struct restoring *it)
{
    const char *why = it->delivery->suspected;
    it->setting = (struct store_setting){.request = {.cb = on_setting, .arena = it->arena},
                                         .name = STORE_RESTORED_FROM};
    if (why == NULL) {
        store_setting_get(it->delivery->config.store, &it->setting);
        return;
    }
    buf_puts(&it->why, "{\"backup\":");
    json_write_string(&it->why, why, strlen(why));
    buf_puts(&it->why, "}");
    it->setting.value = (struct blob){it->why.data, it->why.length};
    store_setting_put(it->delivery->config.store, &it->setting);
}

void delivery_restore_suspect(struct delivery *delivery, const char *why)
{
    mem_free(delivery->suspected);
    delivery->suspected = mem_strdup(why);
}

/* ---- 3 secured ---- */

static void on_secured(struct erase_secure *secure)
{
    ask_setting(container_of(secure, struct restoring, secure));
}

static void replayed(struct restoring *it)
{
    if (!it->erased) {
        ask_setting(it);
        return;
    }
    it->secure.cb = on_secured;
    erase_secure(it->delivery->config.loop, it->delivery->config.store, &it->secure);
}

/* ---- 2 erased again ---- */

static void replay_next(struct restoring *it);

static void replay_took(struct restoring *it, enum result result)
{
    /* An incident or a person the copy has never seen needs no erasure. */
    if (result != RESULT_OK && result != RESULT_NOT_FOUND && result != RESULT_EXISTS &&
        result != RESULT_DENIED)
        log_error("erasure_not_replayed", LOG_TEXT("result", result_name(result)));
    it->erased = it->erased || result == RESULT_OK;
    replay_next(it);
}

static void on_person(struct erase_task *task)
{
    replay_took(container_of(task, struct restoring, person), task->result);
}

static void on_incident(struct delivery_request *request)
{
    struct delivery_erase_incident *incident =
        container_of(request, struct delivery_erase_incident, request);
    replay_took(container_of(incident, struct restoring, incident), request->result);
}

static void replay_next(struct restoring *it)
{
    if (it->at == it->ledger.n_missing) {
        replayed(it);
        return;
    }
    const struct ledger_row *row = &it->ledger.missing[it->at++];
    if (row->number < 0) {
        it->incident = (struct delivery_erase_incident){.request.cb = on_incident,
                                                        .incident = row->incident,
                                                        .basis = "replayed",
                                                        .replay = true};
        delivery_erase_incident(it->delivery, &it->incident);
        return;
    }
    it->number = (uint32_t)row->number;
    it->person = (struct erase_task){.cb = on_person,
                                     .incident = row->incident,
                                     .numbers = &it->number,
                                     .n_numbers = 1,
                                     .basis = "replayed",
                                     .replay = true,
                                     .needles = &it->secure.needles};
    erase_person(it->delivery, &it->person);
}

/* ---- 1 the ledger ---- */

static void on_ledger(struct store_request *request)
{
    struct store_ledger *ledger = container_of(request, struct store_ledger, request);
    struct restoring *it = container_of(ledger, struct restoring, ledger);
    if (request->result != RESULT_OK)
        restoring_finish(it, request->result, &request->error);
    else
        replay_next(it);
}

void restore_check(struct delivery *delivery,
                   void (*done)(void *context, enum result result, const struct error *error),
                   void *context)
{
    struct restoring *it = mem_new(struct restoring);
    it->delivery = delivery;
    it->done = done;
    it->context = context;
    it->arena = arena_create(ARENA_MAX);
    buf_init(&it->secure.needles, SIZE_MAX);
    buf_init(&it->why, SIZE_MAX);
    if (delivery->config.ledger == NULL) {
        ask_setting(it);
        return;
    }
    it->ledger = (struct store_ledger){.request = {.cb = on_ledger, .arena = it->arena},
                                       .path = delivery->config.ledger,
                                       .mark = true};
    store_ledger(delivery->config.store, &it->ledger);
}
