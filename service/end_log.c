/* end_log.c - tocsind --end-log: the log of receipts ends as a shard, and the next begins, while no
 * daemon runs. For a key that was stolen, an origin that must change, a store that stands behind
 * what was signed. Happy path: the last checkpoint becomes the first leaf of the next log, which
 * the configuration names by its new log.origin and signs with its new key; receipts that were not
 * signed for yet go into the next log. Failure modes: the old origin is still configured, nothing
 * was signed: nothing has changed. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/clock.h"
#include "tocsin/loop.h"
#include "tocsin/store_log.h"

/* This module. */
#include "service/daemon.h"

enum { REASON_MAX = 32, ARENA_BYTES = 8 << 20 };

struct ending {
    struct loop *loop;
    struct store *store;
    struct arena *arena;
    const char *origin, *reason;
    struct store_log_head head;
    struct store_log_checkpoint newest;
    struct store_log_end end;
    struct receipt_batch begun;
    struct json_object *facts;
    int code;
};

static void fail(struct ending *it, const char *sentence)
{
    fprintf(stderr, "tocsind: %s\n", sentence);
    loop_stop(it->loop);
}

static void on_ended(struct store_request *request)
{
    struct store_log_end *end = container_of(request, struct store_log_end, request);
    struct ending *it = container_of(end, struct ending, end);

    if (request->result != RESULT_OK) {
        fail(it, request->error.text);
        return;
    }
    printf("the log %s ended at %" PRIu64 " receipts and is served below /log/shards/%u; its last "
           "checkpoint will be the first entry of %s\n",
           it->head.head.origin, end->size, end->shard, it->origin);
    it->code = EXIT_DONE;
    loop_stop(it->loop);
}

static void end_at(struct ending *it, const struct log_checkpoint *last)
{
    struct receipt receipt = {.kind = RECEIPT_LOG_BEGUN,
                              .at = clock_now(clock_system()),
                              .outcome = -1,
                              .reason = it->reason};

    it->facts = json_object_new_object();
    json_object_object_add(it->facts, "checkpoint", json_object_new_string(last->note));
    json_object_object_add(it->facts, "shard", json_object_new_int64(it->head.head.shard));
    receipt.facts = it->facts;
    receipt_batch_init(&it->begun, 0, 0, 0);
    receipt_batch_add(&it->begun, NULL, &receipt);
    receipt_batch_finish(&it->begun);
    it->end = (struct store_log_end){.request = {.cb = on_ended, .arena = it->arena},
                                     .shard = it->head.head.shard,
                                     .size = last->size,
                                     .origin = it->origin,
                                     .reason = it->reason,
                                     .at = receipt.at,
                                     .begun = &it->begun};
    store_log_end(it->store, &it->end);
}

static void on_newest(struct store_request *request)
{
    struct store_log_checkpoint *newest =
        container_of(request, struct store_log_checkpoint, request);
    struct ending *it = container_of(newest, struct ending, newest);

    if (request->result == RESULT_NOT_FOUND)
        fail(it, "nothing was signed yet: there is no log to end");
    else if (request->result != RESULT_OK)
        fail(it, request->error.text);
    else
        end_at(it, &newest->checkpoint);
}

static void on_head(struct store_request *request)
{
    struct store_log_head *head = container_of(request, struct store_log_head, request);
    struct ending *it = container_of(head, struct ending, head);

    if (request->result != RESULT_OK) {
        fail(it, request->error.text);
        return;
    }
    it->newest = (struct store_log_checkpoint){.request = {.cb = on_newest, .arena = it->arena},
                                               .size = UINT64_MAX};
    store_log_checkpoint(it->store, &it->newest);
}

static void run(struct ending *it)
{
    it->arena = arena_create(ARENA_BYTES);
    it->head = (struct store_log_head){.request = {.cb = on_head, .arena = it->arena}};
    store_log_head(it->store, &it->head);
    loop_run(it->loop);
    receipt_batch_free(&it->begun);
    json_object_put(it->facts);
    arena_destroy(&it->arena);
}

int daemon_end_log(const struct config *config, const char *reason)
{
    struct ending it = {.reason = reason, .code = EXIT_UNAVAILABLE};
    struct store_config settings = {.path = config->store_path, .readers = 1, .threads = true};
    struct error error = {0};

    if (!*reason || strlen(reason) > REASON_MAX ||
        strspn(reason, "abcdefghijklmnopqrstuvwxyz_") != strlen(reason)) {
        fprintf(stderr, "tocsind: --end-log wants a reason, one word of a-z and _, such as "
                        "key_stolen\n");
        return EXIT_USAGE;
    }
    if (config->n_signers == 0) {
        fprintf(stderr, "tocsind: log.key_file: the next log needs a key of its own: make one with "
                        "tocsin log keygen FILE --name NEW_ORIGIN, and configure both\n");
        return EXIT_CONFIG;
    }
    it.origin = config->signers[0].verifier.name;
    it.loop = loop_create(clock_system());
    if (store_open(it.loop, &settings, &it.store, &error) == RESULT_OK) {
        run(&it);
        store_close(&it.store);
    } else
        fprintf(stderr, "tocsind: %s%s%s\n", error.field, *error.field ? ": " : "", error.text);
    loop_destroy(&it.loop);
    return it.code;
}
