/* people.c - who may have been sent to since the copy, one chunk a page: the chunk and its open
 * intents, the people of them, opened. Somebody who was erased is left out: nobody is there. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/person.h"
#include "service/delivery/restore/restore.h"

enum { ARENA_MAX = 128 << 20 };

struct listing {
    struct delivery *delivery;
    struct delivery_restore_people *req;
    struct arena *arena;
    struct store_restore_open open;
    struct store_chunk_get get; /* for the wave's policy and the incident's key */
    struct store_roster_read read;
    struct seal_key key;
    uint32_t numbers[CHUNK_MEMBERS];
    unsigned n;
    char channel[sizeof(((struct policy_channel *)NULL)->channel)];
};

static void listing_finish(struct listing *it, enum result result, const struct error *error)
{
    struct delivery_restore_people *req = it->req;
    req->request.result = result;
    req->request.error = *error;
    seal_key_wipe(&it->key);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static bool add_person(struct listing *it, const struct recipient *person, const char *channel)
{
    struct delivery_restore_people *req = it->req;
    struct delivery_restore_person *item = &req->items[req->n];
    *item = (struct delivery_restore_person){
        .incident = it->open.chunk.incident,
        .wave = it->get.wave_row.ordinal,
        .recipient_id = arena_strdup(req->request.arena, person->recipient_id),
        .channel = channel};
    req->n += item->recipient_id != NULL;
    return item->recipient_id != NULL;
}

static void on_people(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct listing *it = container_of(read, struct listing, read);
    struct delivery_restore_people *req = it->req;
    const char *channel = arena_strdup(req->request.arena, it->channel);
    enum result result = request->result;
    req->items = arena_alloc(req->request.arena, (it->n + 1) * sizeof(*req->items));
    if (result == RESULT_OK && (req->items == NULL || channel == NULL))
        result = RESULT_TOO_LARGE;
    for (unsigned i = 0; result == RESULT_OK && i < it->n; i++) {
        struct person_opening person = {
            .incident_key = &it->key, .read = read, .number = it->numbers[i], .arena = it->arena};
        if (person_open(it->delivery, &person) != RESULT_OK)
            continue;
        seal_key_wipe(&person.seed);
        if (!add_person(it, &person.recipient, channel))
            result = RESULT_TOO_LARGE;
    }
    listing_finish(it, result, &request->error);
}

static void on_chunk(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct listing *it = container_of(get, struct listing, get);
    struct policy policy;
    if (request->result != RESULT_OK) {
        listing_finish(it, request->result, &request->error);
        return;
    }
    if (!vault_unwrap(&it->delivery->vault, get->key, &it->key)) { /* the incident is erased */
        listing_finish(it, RESULT_OK, &request->error);
        return;
    }
    if (policy_read(&policy, get->wave_row.policy, &it->delivery->config) == RESULT_OK &&
        it->open.chunk.channel < policy.n_channels)
        memcpy(it->channel, policy.channels[it->open.chunk.channel].channel, sizeof(it->channel));
    it->read.request.cb = on_people;
    it->read.request.arena = it->arena;
    it->read.incident = it->open.chunk.incident;
    it->read.numbers = it->numbers;
    it->read.n_numbers = it->n;
    store_roster_read(it->delivery->config.store, &it->read);
}

static void take_numbers(struct listing *it)
{
    bool doubted[CHUNK_MEMBERS] = {false};
    for (size_t i = 0; i < it->open.n_intents; i++)
        for (unsigned k = 0; k < it->open.intents[i].n; k++)
            if (it->open.intents[i].positions[k] < it->open.chunk.n)
                doubted[it->open.intents[i].positions[k]] = true;
    for (unsigned i = 0; i < it->open.chunk.n; i++)
        if (doubted[i])
            it->numbers[it->n++] = it->open.chunk.members[i];
}

static void on_open(struct store_request *request)
{
    struct store_restore_open *open = container_of(request, struct store_restore_open, request);
    struct listing *it = container_of(open, struct listing, open);
    if (request->result != RESULT_OK || !open->found) {
        listing_finish(it, request->result, &request->error);
        return;
    }
    it->req->next = open->chunk.id;
    take_numbers(it);
    it->get = (struct store_chunk_get){.request = {.cb = on_chunk, .arena = it->arena},
                                       .chunk = open->chunk.id};
    store_chunk_get(it->delivery->config.store, &it->get);
}

void delivery_restore_people(struct delivery *delivery, struct delivery_restore_people *req)
{
    struct listing *it = mem_new(struct listing);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(ARENA_MAX);
    req->items = NULL;
    req->n = 0;
    req->next = 0;
    it->open = (struct store_restore_open){.request = {.cb = on_open, .arena = it->arena},
                                           .after = req->after};
    store_restore_open(delivery->config.store, &it->open);
}
