/* rewrap.c - tocsind --rewrap: the store's keys are wrapped by a new master key, while no daemon
 * runs. Happy path: every wrapped key opens with the old one, all are written in one transaction
 * with a receipt, and the old wrappings are gone from the disk, so that a stolen old key opens
 * nothing of this file. Failure modes: a key that does not open, and nothing has changed. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/clock.h"
#include "tocsin/loop.h"
#include "tocsin/store_erase.h"

/* This module. */
#include "service/daemon.h"
#include "service/delivery/erase/erase.h"
#include "service/delivery/vault.h"

struct rewrapping {
    struct loop *loop;
    struct store *store;
    struct arena *arena;
    struct seal_key old, fresh;
    struct store_rewrap rewrap;
    struct receipt_batch receipts;
    struct erase_secure secure;
    int code;
};

static bool rewrap_one(void *context, bool service, struct blob wrapped, struct buf *to)
{
    const struct rewrapping *it = context;
    return vault_rewrap(&it->old, &it->fresh, service, wrapped, to);
}

static void on_secured(struct erase_secure *secure)
{
    struct rewrapping *it = container_of(secure, struct rewrapping, secure);

    it->code = secure->verified ? EXIT_DONE : EXIT_UNAVAILABLE;
    if (secure->verified)
        printf("%zu keys of incidents are wrapped by the new master key; set master_key to its "
               "file before the next start.\n",
               it->rewrap.keys);
    else
        fprintf(stderr, "tocsind: the keys are wrapped by the new master key, but traces of the "
                        "old wrapping may be left in the file: run it again\n");
    loop_stop(it->loop);
}

static void on_rewrapped(struct store_request *request)
{
    struct store_rewrap *rewrap = container_of(request, struct store_rewrap, request);
    struct rewrapping *it = container_of(rewrap, struct rewrapping, rewrap);

    if (request->result != RESULT_OK) {
        fprintf(stderr, "tocsind: %s\n", request->error.text);
        it->code = request->result == RESULT_INVALID ? EXIT_CONFIG : EXIT_UNAVAILABLE;
        loop_stop(it->loop);
        return;
    }
    buf_add(&it->secure.needles, rewrap->needles, rewrap->n_needles * NEEDLE_SIZE);
    it->secure.cb = on_secured;
    erase_secure(it->loop, it->store, &it->secure);
}

static void run(struct rewrapping *it)
{
    const struct receipt receipt = {.kind = RECEIPT_CONFIGURED,
                                    .at = clock_now(clock_system()),
                                    .outcome = -1,
                                    .reason = "master_key_rewrapped"};

    receipt_batch_init(&it->receipts, 0, 0, 0);
    receipt_batch_add(&it->receipts, NULL, &receipt);
    receipt_batch_finish(&it->receipts);
    it->arena = arena_create(1 << 30);
    it->rewrap = (struct store_rewrap){.request = {.cb = on_rewrapped, .arena = it->arena},
                                       .rewrap = rewrap_one,
                                       .context = it,
                                       .service_setting = "service_key",
                                       .receipts = &it->receipts};
    store_rewrap(it->store, &it->rewrap);
    loop_run(it->loop);
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
}

int daemon_rewrap(struct config *config, const char *new_key)
{
    struct rewrapping it = {.old = config->master, .code = EXIT_UNAVAILABLE};
    struct store_config settings = {.path = config->store_path, .readers = 1, .threads = true};
    struct config_fault fault;
    struct error error = {0};

    config->master_key = new_key;
    if (config_secrets(config, NULL, &fault) != RESULT_OK) {
        fprintf(stderr, "tocsind: the new key: %s\n", fault.error.text);
        return EXIT_CONFIG;
    }
    it.fresh = config->master;
    buf_init(&it.secure.needles, SIZE_MAX);
    it.loop = loop_create(clock_system());
    if (store_open(it.loop, &settings, &it.store, &error) == RESULT_OK) {
        run(&it);
        store_close(&it.store);
    } else
        fprintf(stderr, "tocsind: %s%s%s\n", error.field, *error.field ? ": " : "", error.text);
    loop_destroy(&it.loop);
    buf_free(&it.secure.needles);
    seal_key_wipe(&it.old);
    seal_key_wipe(&it.fresh);
    return it.code;
}
