/* person.c - see the header. NOT_FOUND: nobody of this id in this incident; DENIED: erased. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/person.h"

enum { ARENA_MAX = 8 << 20 };

enum result person_open(struct delivery *delivery, struct person_opening *opening)
{
    struct seal_key seeds[ROSTER_BLOCK];
    const unsigned slot = opening->number % ROSTER_BLOCK;
    for (size_t i = 0; i < opening->read->n; i++) {
        const struct roster_block *block = &opening->read->blocks[i];
        if (block->block != opening->number / ROSTER_BLOCK)
            continue;
        if (!roster_open_seeds(block, opening->incident_key, seeds))
            return RESULT_INVALID;
        enum result result = roster_open_person(delivery->loop_codec, block, seeds, slot,
                                                opening->arena, &opening->recipient);
        opening->seed = seeds[slot];
        explicit_bzero(seeds, sizeof(seeds));
        return result;
    }
    return RESULT_NOT_FOUND;
}

static void person_finish(struct person_load *load, enum result result, const struct error *error)
{
    load->request.result = result;
    if (result == RESULT_NOT_FOUND)
        error_set(
            &load->request.error, result, "recipient",
            "This incident has nobody of this id, or the person was erased; check the id as it "
            "was uploaded.");
    else if (result == RESULT_DENIED)
        error_set(&load->request.error, result, "recipient",
                  "This person was erased; only the receipts are kept.");
    else if (error != NULL)
        load->request.error = *error;
    load->request.cb(&load->request);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct person_load *load = container_of(read, struct person_load, read);
    if (request->result != RESULT_OK) {
        person_finish(load, request->result, &request->error);
        return;
    }
    struct person_opening opening = {&load->dossier->key, read, load->number,
                                     load->arena,         {0},  {{0}}};
    enum result result = person_open(load->delivery, &opening);
    load->recipient = opening.recipient;
    load->seed = opening.seed;
    seal_key_wipe(&opening.seed);
    person_finish(load, result, &request->error);
}

static void read_person(struct person_load *load)
{
    load->read.request.cb = on_read;
    load->read.request.arena = load->arena;
    load->read.incident = load->incident;
    load->read.numbers = &load->number;
    load->read.n_numbers = 1;
    store_roster_read(load->delivery->config.store, &load->read);
}

static void on_found(struct store_request *request)
{
    struct store_roster_find *find = container_of(request, struct store_roster_find, request);
    struct person_load *load = container_of(find, struct person_load, find);
    if (request->result != RESULT_OK || find->n == 0) {
        person_finish(load, request->result == RESULT_OK ? RESULT_NOT_FOUND : request->result,
                      &request->error);
        return;
    }
    load->number = find->numbers[0];
    read_person(load);
}

static void find_person(struct person_load *load)
{
    struct seal_key blind_key;
    seal_derive(&blind_key, &load->dossier->key, "blind", NULL, 0);
    seal_blind(load->find.blind, &blind_key, "recipient_id", load->recipient_id,
               strlen(load->recipient_id));
    seal_key_wipe(&blind_key);
    load->find.request.cb = on_found;
    load->find.request.arena = load->arena;
    load->find.incident = load->incident;
    load->find.kind = 0;
    store_roster_find(load->delivery->config.store, &load->find);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *dossier = container_of(request, struct dossier_load, request);
    struct person_load *load = container_of(dossier, struct person_load, load);
    load->dossier = dossier->dossier;
    if (request->result == RESULT_NOT_FOUND) { /* the incident, not the person */
        load->request.result = request->result;
        load->request.error = request->error;
        load->request.cb(&load->request);
    } else if (request->result != RESULT_OK) {
        person_finish(load, request->result, &request->error);
    } else if (load->recipient_id != NULL) {
        find_person(load);
    } else {
        read_person(load);
    }
}

void person_load(struct delivery *delivery, struct person_load *load)
{
    load->delivery = delivery;
    load->dossier = NULL;
    load->arena = arena_create(ARENA_MAX);
    memset(&load->find, 0, sizeof(load->find));
    memset(&load->read, 0, sizeof(load->read));
    memset(&load->load, 0, sizeof(load->load));
    load->load.request.cb = on_dossier;
    load->load.incident = load->incident;
    load->load.ordinal = load->ordinal;
    load->load.newest = load->newest;
    dossier_load(delivery, &load->load);
}

void person_unload(struct person_load *load)
{
    dossier_destroy(&load->dossier);
    arena_destroy(&load->arena);
    seal_key_wipe(&load->seed);
}
