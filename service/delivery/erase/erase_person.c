/* erase_person.c - one person of one incident: 1 the incident, 2 is it kept by law, 3 who, 4 where
 * is he in the waves, 5 his written requests, 6 the seeds go. A second person of the same id, or of
 * the same account, goes with him.
 *
 * Failure modes: CONFLICT when a duty to him is open or a hold stands, and the sentence says which;
 * another erasure in the same block only costs another round; NOT_FOUND; DENIED: the incident is
 * erased as a whole. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"
#include "service/delivery/run/message_key.h"
#include "service/delivery/people/preference.h"
#include "service/delivery/person.h"

enum { ARENA_MAX = 64 << 20, PLACES_MAX = 256, REQUESTS_MAX = 256, PAGE = 100, ROUNDS = 4 };

struct erasing {
    struct delivery *delivery;
    struct erase_task *task;
    struct arena *arena;
    struct dossier_load load;
    struct store_keep keep;
    struct store_roster_find find;
    struct store_roster_read read;
    struct store_chunk_get get;
    struct store_written_request_list list;
    struct store_erase put;
    struct receipt_batch receipts;
    unsigned rounds;
    uint32_t numbers[ERASE_PEOPLE_MAX];
    struct recipient people[ERASE_PEOPLE_MAX]; /* opened into the arena */
    size_t n_numbers, n_people;
    size_t wave, person; /* of step 4 */
    const char *banners[PLACES_MAX];
    size_t n_places;
    id requests[REQUESTS_MAX];
    size_t n_requests;
    struct roster_key keys[2 * ERASE_PEOPLE_MAX];
    struct preference_key preferences[ERASE_PEOPLE_MAX * PERSON_KEYS_MAX];
    struct erase_block blocks[ERASE_PEOPLE_MAX];
    struct roster_builder sealed[ERASE_PEOPLE_MAX];
    size_t n_blocks;
};

static void erasing_finish(struct erasing *it, enum result result, const struct error *error)
{
    struct erase_task *task = it->task;
    task->result = result;
    if (error != NULL)
        task->error = *error;
    task->error.code = result;
    for (size_t i = 0; i < it->n_blocks; i++)
        roster_builder_free(&it->sealed[i]);
    receipt_batch_free(&it->receipts);
    dossier_destroy(&it->load.dossier);
    arena_destroy(&it->arena);
    mem_free(it);
    task->cb(task);
}

static void refuse(struct erasing *it, const char *why)
{
    struct error error;
    error_set(&error, RESULT_CONFLICT, NULL, "%s", why);
    erasing_finish(it, RESULT_CONFLICT, &error);
}

static void nobody(struct erasing *it)
{
    struct error error;
    error_set(&error, RESULT_NOT_FOUND, "/recipient_id",
              "This incident has nobody of this id, or the person was erased before; check the id "
              "as it was uploaded.");
    erasing_finish(it, RESULT_NOT_FOUND, &error);
}

/* ---- 6 the seeds go ---- */

static void take_needles(struct erasing *it)
{
    buf_add(it->task->needles, it->put.needles, it->put.n_needles * NEEDLE_SIZE);
    it->task->people = (unsigned)it->n_people;
    it->task->preferences = (unsigned)it->put.forgotten;
}

static void erasing_3_find(struct erasing *it);

static void on_erased(struct store_request *request)
{
    struct store_erase *put = container_of(request, struct store_erase, request);
    struct erasing *it = container_of(put, struct erasing, put);
    if (request->result == RESULT_CONFLICT && ++it->rounds < ROUNDS) {
        erasing_3_find(it);
        return;
    }
    if (request->result == RESULT_OK)
        take_needles(it);
    erasing_finish(it, request->result, &request->error);
}

static void make_receipt(struct erasing *it)
{
    char actor[ID_TEXT_SIZE];
    struct buf note;
    struct json_object *facts = json_object_new_object();
    buf_init(&note, 1024);
    buf_puts(&note, "roster numbers");
    for (size_t i = 0; i < it->n_people; i++)
        buf_printf(&note, " %u", it->people[i].number);
    json_object_object_add(facts, "basis", json_object_new_string(it->task->basis));
    json_object_object_add(facts, "people", json_object_new_int64((int64_t)it->n_people));
    const struct receipt receipt = {
        .kind = RECEIPT_ERASED,
        .at = delivery_now(it->delivery),
        .incident = it->task->incident,
        .outcome = -1,
        .reason = it->task->replay ? "replayed" : "requested",
        .actor = it->task->principal == 0 ? NULL : delivery_principal(actor, it->task->principal),
        .facts = facts,
        .note = note.data,
    };
    receipt_batch_free(&it->receipts);
    receipt_batch_init(&it->receipts, it->task->incident, 0, 0);
    receipt_batch_add(&it->receipts, &it->load.dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    json_object_put(facts);
    buf_free(&note);
}

/* The seeds of one block again, with zeros where the erased were. */
static bool reseal(struct erasing *it, const struct roster_block *block)
{
    struct roster_builder *sealed = &it->sealed[it->n_blocks];
    struct seal_key seeds[ROSTER_BLOCK];
    if (!roster_open_seeds(block, &it->load.dossier->key, seeds))
        return false;
    for (size_t i = 0; i < it->n_people; i++)
        if (it->people[i].number / ROSTER_BLOCK == block->block)
            memset(&seeds[it->people[i].number % ROSTER_BLOCK], 0, sizeof(seeds[0]));
    roster_builder_init(sealed, NULL, &it->load.dossier->key);
    sealed->n = block->n;
    memcpy(sealed->seeds, seeds, (size_t)block->n * SEAL_KEY_SIZE);
    explicit_bzero(seeds, sizeof(seeds));
    roster_builder_finish(sealed);
    it->blocks[it->n_blocks++] = (struct erase_block){
        block->block, block->seeds, {sealed->sealed_seeds.data, sealed->sealed_seeds.length}};
    return true;
}

static size_t make_keys(struct erasing *it)
{
    struct seal_key blind_key;
    size_t n = 0;
    seal_derive(&blind_key, &it->load.dossier->key, "blind", NULL, 0);
    for (size_t i = 0; i < it->n_people; i++) {
        const struct recipient *r = &it->people[i];
        const char *values[] = {r->recipient_id, r->account_id};
        for (uint8_t kind = 0; kind < 2; kind++) {
            if (values[kind] == NULL)
                continue;
            seal_blind(it->keys[n].blind, &blind_key, kind == 0 ? "recipient_id" : "account_id",
                       values[kind], strlen(values[kind]));
            it->keys[n].kind = kind;
            it->keys[n++].number = r->number;
        }
    }
    seal_key_wipe(&blind_key);
    return n;
}

/* A copy that was put back does not know how far its erasures went: as far as they can. */
static size_t make_preferences(struct erasing *it)
{
    struct person_key keys[PERSON_KEYS_MAX];
    struct seal_key key;
    size_t n = 0;
    if (!it->task->everywhere && !it->task->replay)
        return 0;
    preference_blind_key(it->delivery, &key);
    for (size_t i = 0; i < it->n_people; i++) {
        unsigned many = person_keys(&key, &it->people[i], keys);
        for (unsigned k = 0; k < many; k++)
            it->preferences[n++] = keys[k].key;
    }
    seal_key_wipe(&key);
    return n;
}

static void erasing_6_erase(struct erasing *it)
{
    for (size_t i = 0; i < it->n_blocks; i++) /* of an earlier round */
        roster_builder_free(&it->sealed[i]);
    it->n_blocks = 0;
    for (size_t i = 0; i < it->read.n; i++) {
        if (reseal(it, &it->read.blocks[i]))
            continue;
        struct error error;
        error_set(&error, RESULT_INVALID, NULL,
                  "The stored roster is damaged; restore the store from a backup.");
        erasing_finish(it, RESULT_INVALID, &error);
        return;
    }
    make_receipt(it);
    it->put = (struct store_erase){
        .request = {.cb = on_erased, .arena = it->arena},
        .incident = it->task->incident,
        .blocks = it->blocks,
        .n_blocks = it->n_blocks,
        .keys = it->keys,
        .n_keys = make_keys(it),
        .numbers = it->numbers,
        .n_numbers = it->n_numbers,
        .banners = it->banners,
        .n_banners = it->n_places,
        .requests = it->requests,
        .n_requests = it->n_requests,
        .preferences = it->preferences,
        .n_preferences = make_preferences(it),
        .receipts = &it->receipts,
        .at = delivery_now(it->delivery),
    };
    store_erase_people(it->delivery->config.store, &it->put);
}

/* ---- 5 his written requests ---- */

static struct json_object *open_request(struct erasing *it, const struct request_row *row)
{
    struct json_object *json = NULL;
    struct buf plain;
    char bound[ID_TEXT_SIZE];
    buf_init(&plain, 1 << 20);
    if (seal_open(&plain, &it->load.dossier->key, id_format(bound, "req", row->id), row->body.data,
                  row->body.length) &&
        json_read(plain.data, plain.length, &json, NULL) != RESULT_OK)
        json = NULL;
    buf_wipe(&plain);
    return json;
}

/* What somebody gave who was matched to nobody names this person. */
static bool names_person(struct json_object *given, const struct recipient *r)
{
    static const char *const members[] = {"recipient_id", "account_id", "name"};
    const char *const values[] = {r->recipient_id, r->account_id, r->name};
    const char *email = json_get_string(given, "email"), *phone = json_get_string(given, "phone");
    if ((email != NULL && recipient_has(r, CONTACT_EMAIL, email)) ||
        (phone != NULL && recipient_has(r, CONTACT_PHONE, phone)))
        return true;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const char *said = json_get_string(given, members[i]);
        if (said != NULL && values[i] != NULL && str_equal_nocase(said, values[i]))
            return true;
    }
    return false;
}

static bool is_about(struct erasing *it, const struct request_row *row)
{
    for (size_t i = 0; i < it->n_people; i++)
        if (row->number == it->people[i].number)
            return true;
    if (row->number >= 0)
        return false;
    struct json_object *json = open_request(it, row);
    struct json_object *given = json == NULL ? NULL : json_get(json, "given");
    bool about = false;
    for (size_t i = 0; given != NULL && !about && i < it->n_people; i++)
        about = names_person(given, &it->people[i]);
    json_object_put(json);
    return about;
}

static void erasing_5_requests(struct erasing *it, int64_t after);

static void on_requests(struct store_request *request)
{
    struct store_written_request_list *list =
        container_of(request, struct store_written_request_list, request);
    struct erasing *it = container_of(list, struct erasing, list);
    if (request->result != RESULT_OK) {
        erasing_finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (!is_about(it, &list->rows[i]))
            continue;
        if (list->rows[i].state < REQUEST_MAILED && !it->task->replay) {
            refuse(it, "A written-notice request of this person is open; answer or close it, then "
                       "erase.");
            return;
        }
        if (it->n_requests == REQUESTS_MAX) {
            refuse(it, "This person has more written-notice requests than one erasure takes; ask "
                       "the operator.");
            return;
        }
        it->requests[it->n_requests++] = list->rows[i].id;
    }
    if (list->n < PAGE)
        erasing_6_erase(it);
    else
        erasing_5_requests(it, list->rows[list->n - 1].received_at);
}

static void erasing_5_requests(struct erasing *it, int64_t after)
{
    it->list =
        (struct store_written_request_list){.request = {.cb = on_requests, .arena = it->arena},
                                            .incident = it->task->incident,
                                            .after = after,
                                            .limit = PAGE};
    store_written_request_list(it->delivery->config.store, &it->list);
}

/* ---- 4 where is he in the waves ---- */

static int position_of(const struct chunk_row *chunk, uint32_t number)
{
    for (unsigned i = 0; i < chunk->n; i++)
        if (chunk->members[i] == number)
            return (int)i;
    return -1;
}

static bool is_done(const struct chunk_row *chunk, int position)
{
    uint8_t byte = chunk->progress[position];
    return chunk->state == CHUNK_DONE || (byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) ||
           (byte & MEMBER_STATE_MASK) == MEMBER_CANCELED;
}

/* Notes the place, and what may lie there: a banner has the name of its attempt group. */
static bool note_place(struct erasing *it, const struct chunk_row *chunk)
{
    char key[TOKEN_TEXT_SIZE];
    const struct message_name name = {.wave = chunk->wave,
                                      .channel = chunk->channel,
                                      .address = chunk->address,
                                      .recipient_id = it->people[it->person].recipient_id};
    if (it->n_places == PLACES_MAX)
        return false;
    message_key(key, &it->delivery->token_key, &name);
    it->banners[it->n_places++] = arena_strdup(it->arena, key);
    return true;
}

/* Why not; NULL: nothing is owed to this person in this wave. */
static const char *open_duty(const struct wave_row *wave, bool planned, bool done)
{
    if (wave->state == WAVE_HELD)
        return "A wave of this incident is held; end the hold, let it settle, then erase.";
    if (wave->state == WAVE_SETTLED || wave->state == WAVE_CANCELED)
        return NULL;
    if (wave->state == WAVE_SENDING && planned && done)
        return NULL;
    return wave->state == WAVE_SENDING
               ? "The notice to this person is still under way; wait until it has settled, or "
                 "cancel it, then erase."
               : "This incident has not been sent; send or cancel it, then erase.";
}

static void erasing_4_wave(struct erasing *it);

static void on_chunks(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct erasing *it = container_of(get, struct erasing, get);
    bool planned = false, done = true;
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        erasing_finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; request->result == RESULT_OK && i < get->n; i++) {
        int position = position_of(&get->rows[i], get->number);
        if (position < 0)
            continue;
        planned = true;
        done = done && is_done(&get->rows[i], position);
        if (!note_place(it, &get->rows[i])) {
            refuse(it, "This person stands in more places than one erasure takes; ask the "
                       "operator.");
            return;
        }
    }
    const struct wave_row *wave = &it->load.dossier->waves[it->wave];
    const char *why = it->task->replay ? NULL : open_duty(wave, planned, done);
    if (wave->kind == WAVE_WRITTEN_NOTICE && !planned)
        why = NULL; /* somebody else's letter */
    if (why != NULL) {
        refuse(it, why);
        return;
    }
    it->person++;
    erasing_4_wave(it);
}

static void erasing_4_wave(struct erasing *it)
{
    if (it->person == it->n_people) {
        it->person = 0;
        it->wave++;
    }
    if (it->wave == it->load.dossier->n_waves) {
        erasing_5_requests(it, 0);
        return;
    }
    it->get = (struct store_chunk_get){.request = {.cb = on_chunks, .arena = it->arena},
                                       .wave = it->load.dossier->waves[it->wave].id,
                                       .number = it->people[it->person].number};
    store_chunk_get(it->delivery->config.store, &it->get);
}

/* ---- 3 who ---- */

/* Those of the numbers that can still be opened. */
static enum result open_people(struct erasing *it)
{
    it->n_people = 0;
    for (size_t i = 0; i < it->n_numbers; i++) {
        struct person_opening opening = {.incident_key = &it->load.dossier->key,
                                         .read = &it->read,
                                         .number = it->numbers[i],
                                         .arena = it->arena};
        enum result result = person_open(it->delivery, &opening);
        seal_key_wipe(&opening.seed);
        if (result == RESULT_OK)
            it->people[it->n_people++] = opening.recipient;
        else if (result == RESULT_INVALID || result == RESULT_TOO_LARGE)
            return result;
    }
    return RESULT_OK;
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct erasing *it = container_of(read, struct erasing, read);
    enum result result = request->result;
    if (result == RESULT_OK)
        result = open_people(it);
    if (result != RESULT_OK) {
        erasing_finish(it, result, &request->error);
    } else if (it->n_people == 0) {
        nobody(it);
    } else {
        it->wave = it->person = 0;
        it->n_places = it->n_requests = 0;
        erasing_4_wave(it);
    }
}

static int number_compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void read_people(struct erasing *it)
{
    qsort(it->numbers, it->n_numbers, sizeof(*it->numbers), number_compare);
    it->read = (struct store_roster_read){.request = {.cb = on_read, .arena = it->arena},
                                          .incident = it->task->incident,
                                          .numbers = it->numbers,
                                          .n_numbers = it->n_numbers};
    store_roster_read(it->delivery->config.store, &it->read);
}

static void take_numbers(struct erasing *it, const uint32_t *numbers, size_t n)
{
    it->n_numbers = n < ERASE_PEOPLE_MAX ? n : ERASE_PEOPLE_MAX;
    for (size_t i = 0; i < it->n_numbers; i++)
        it->numbers[i] = numbers[i];
}

static void on_found(struct store_request *request)
{
    struct store_roster_find *find = container_of(request, struct store_roster_find, request);
    struct erasing *it = container_of(find, struct erasing, find);
    if (request->result != RESULT_OK) {
        erasing_finish(it, request->result, &request->error);
    } else if (find->n == 0) {
        nobody(it);
    } else {
        take_numbers(it, find->numbers, find->n);
        read_people(it);
    }
}

static void erasing_3_find(struct erasing *it)
{
    const struct erase_task *task = it->task;
    const char *value = str_or(task->recipient_id, task->account_id);
    struct seal_key blind_key;
    if (task->numbers != NULL) {
        take_numbers(it, task->numbers, task->n_numbers);
        read_people(it);
        return;
    }
    it->find = (struct store_roster_find){.request = {.cb = on_found, .arena = it->arena},
                                          .incident = task->incident,
                                          .kind = task->recipient_id != NULL ? 0 : 1};
    seal_derive(&blind_key, &it->load.dossier->key, "blind", NULL, 0);
    seal_blind(it->find.blind, &blind_key,
               task->recipient_id != NULL ? "recipient_id" : "account_id", value, strlen(value));
    seal_key_wipe(&blind_key);
    store_roster_find(it->delivery->config.store, &it->find);
}

/* ---- 2 is it kept by law ---- */

static void on_keep(struct store_request *request)
{
    struct store_keep *keep = container_of(request, struct store_keep, request);
    struct erasing *it = container_of(keep, struct erasing, keep);
    if (request->result != RESULT_OK)
        erasing_finish(it, request->result, &request->error);
    else if (keep->legal_hold != 0 && !it->task->replay)
        refuse(it, "A legal hold stands on this incident; have it lifted, then erase.");
    else
        erasing_3_find(it);
}

/* ---- 1 the incident ---- */

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct erasing *it = container_of(load, struct erasing, load);
    if (request->result != RESULT_OK) {
        erasing_finish(it, request->result, &request->error);
        return;
    }
    it->keep = (struct store_keep){.request = {.cb = on_keep}, .incident = it->task->incident};
    store_keep_get(it->delivery->config.store, &it->keep);
}

void erase_person(struct delivery *delivery, struct erase_task *task)
{
    struct erasing *it = mem_new(struct erasing);
    it->delivery = delivery;
    it->task = task;
    it->arena = arena_create(ARENA_MAX);
    task->people = task->preferences = 0;
    receipt_batch_init(&it->receipts, task->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = task->incident;
    dossier_load(delivery, &it->load);
}
