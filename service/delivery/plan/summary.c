/* summary.c - see the header. dossier -> binding and approvals -> the roster, segment by segment,
 * on the render lane -> JSON. Writes nothing but the receipt of reading real people. Failure modes:
 * as the rehearsal; past VARIANTS_MAX variants no more samples are made, which is a warning. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/binding.h"
#include "service/delivery/plan/summary_private.h"

enum { SEGMENT_BLOCKS = 64 };

static void summary_finish(struct summary_work *it, enum result result, const struct error *error)
{
    struct delivery_summary *req = it->req;
    req->request.result = result;
    if (result != RESULT_OK && error != NULL)
        req->request.error = *error;
    for (size_t i = 0; i < it->variants.n; i++)
        json_object_put(it->variants.items[i].user);
    wish_look_free(&it->look);
    audience_free(&it->who.audience);
    counts_free(&it->variants);
    counts_free(&it->cohorts);
    counts_free(&it->reasons);
    json_object_put(it->not_told);
    json_object_put(it->binding);
    dossier_destroy(&it->dossier);
    arena_destroy(&it->store_arena);
    arena_destroy(&it->blocks_arena);
    arena_destroy(&it->person_arena);
    mem_free(it);
    req->request.cb(&req->request);
}

/* ---- On the lane: one person. ---- */

static void count_reasons(struct summary_work *it, struct json_object *facts)
{
    struct json_object *reasons = json_get(facts, "reasons"), *fields = json_get(facts, "fields");
    char key[COUNTS_KEY_SIZE];
    struct count *count;
    if (reasons != NULL) {
        json_object_object_foreach(reasons, channel, why)
        {
            snprintf(key, sizeof(key), "%s: %s", channel, json_object_get_string(why));
            if ((count = counts_at(&it->reasons, key)) != NULL)
                count->n++;
        }
    }
    for (size_t i = 0; fields != NULL && i < json_object_array_length(fields); i++) {
        snprintf(key, sizeof(key), "missing: %s",
                 json_object_get_string(json_object_array_get_idx(fields, i)));
        if ((count = counts_at(&it->reasons, key)) != NULL)
            count->n++;
    }
}

static void not_told(struct summary_work *it, const struct recipient *r, const struct fate *fate)
{
    if (json_object_array_length(it->not_told) >= NOT_TOLD_MAX)
        return;
    struct json_object *entry = json_object_new_object();
    json_object_object_add(
        entry, "fate",
        json_object_new_string(fate->kind == FATE_WITHHELD ? "withheld" : "unreachable"));
    json_object_object_add(entry, "recipient_id", json_object_new_string(r->recipient_id));
    json_object_object_add(entry, "why", json_object_get(fate->facts));
    json_object_array_add(it->not_told, entry);
}

static struct json_object *sample(struct summary_work *it, const struct variant *variant,
                                  const struct recipient *r, const struct seal_key *seed)
{
    static const struct seal_key no_seed; /* a reference of nobody */
    struct recipient made_up;
    variant_person(&made_up, variant, it->person_arena);
    const bool real = it->req->real;
    return variant_render(&(struct variant_ask){.dossier = it->dossier,
                                                .recipient = real ? r : &made_up,
                                                .seed = real ? seed : &no_seed,
                                                .channel = variant->channel,
                                                .arena = it->person_arena,
                                                .made_up = !real});
}

struct person {
    const struct recipient *recipient;
    const struct seal_key *seed;
    const char *locale; /* of the text that this person gets */
};

/* One of the ways that this person may be told; `first`: the one that is tried first. */
static void count_way(struct summary_work *it, const struct person *person, struct ladder_rung rung,
                      bool first)
{
    const struct policy *policy = &it->dossier->policy;
    const unsigned channel = rung.channel;
    char key[VARIANT_KEY_SIZE];
    struct variant variant;
    struct recipient addressee;
    it->first[channel] += first;
    variant_of(&variant, policy, person->recipient, channel, person->locale);
    variant_key(key, &variant, policy);
    struct count *count = counts_at(&it->variants, key);
    if (count == NULL)
        return;
    ladder_person(person->recipient, it->dossier->drivers[channel]->facts.address, rung.address,
                  &addressee);
    if (count->n++ == 0 && it->variants.n <= VARIANTS_MAX)
        count->user = sample(it, &variant, &addressee, person->seed);
    it->samples_left_out += count->n == 1 && count->user == NULL;
    count->first += first;
}

/* A channel counts once a person, however many addresses it may try; each try may cost. */
static void count_ways(struct summary_work *it, const struct person *person,
                       const struct ladder *ladder)
{
    uint32_t seen = 0;
    for (unsigned i = 0; i < ladder->n_rungs; i++) {
        const unsigned channel = ladder->rungs[i].channel;
        it->most[channel]++;
        if ((seen >> channel & 1) == 0)
            count_way(it, person, ladder->rungs[i], i == 0);
        seen |= UINT32_C(1) << channel;
    }
    for (unsigned i = 0; i < ladder->n_beside; i++) {
        it->most[ladder->beside[i].channel]++;
        count_way(it, person, ladder->beside[i], true);
    }
}

static void count_cohort(struct summary_work *it, const struct person *person, unsigned channel)
{
    char key[COUNTS_KEY_SIZE];
    snprintf(key, sizeof(key), "%s|%s|%s", str_or(person->recipient->jurisdiction, "-"),
             person->locale, it->dossier->policy.channels[channel].channel);
    struct count *count = counts_at(&it->cohorts, key);
    if (count != NULL)
        count->n++;
}

static void look_at(struct summary_work *it, const struct recipient *r, const struct seal_key *seed)
{
    struct fate fate;
    const struct notice *notice = dossier_notice(it->dossier, r->locale);
    const struct person person = {r, seed, notice == NULL ? "en" : notice_locale(notice)};
    const struct fate_question question = {.dossier = it->dossier,
                                           .policy = &it->dossier->policy,
                                           .drivers = it->dossier->drivers,
                                           .recipient = r,
                                           .seed = seed,
                                           .wishes = wish_look_of(&it->look, r->number),
                                           .now = delivery_now(it->delivery),
                                           .arena = it->person_arena};
    fate_judge(&question, &fate);
    it->fates[fate.kind]++;
    if (fate.kind == FATE_GOES) {
        count_cohort(it, &person, fate.ladder.rungs[0].channel);
        count_ways(it, &person, &fate.ladder);
    } else {
        count_reasons(it, fate.facts);
        not_told(it, r, &fate);
    }
    json_object_put(fate.facts);
}

static void summary_segment(struct lane_job *job, unsigned thread)
{
    struct summary_work *it = container_of(job, struct summary_work, job);
    struct seal_key seeds[ROSTER_BLOCK];
    struct recipient r;
    for (size_t i = 0; i < it->read.n; i++) {
        const struct roster_block *block = &it->read.blocks[i];
        bool opens = roster_open_seeds(block, &it->dossier->key, seeds);
        for (unsigned slot = 0; slot < block->n; slot++) {
            arena_reset(it->person_arena);
            if (roster_is_void(block, slot) ||
                !audience_may(&it->who.audience, (uint32_t)(block->block * ROSTER_BLOCK + slot)))
                continue;
            if (!opens || roster_open_person(it->delivery->codecs[thread], block, seeds, slot,
                                             it->person_arena, &r) != RESULT_OK)
                it->unopened++;
            else if (audience_wants(&it->who.audience, &r, block->part))
                look_at(it, &r, &seeds[slot]);
        }
    }
    explicit_bzero(seeds, sizeof(seeds));
}

/* ---- On the loop. ---- */

static void on_noted(struct delivery_request *request)
{
    struct delivery_note *note = container_of(request, struct delivery_note, request);
    struct summary_work *it = container_of(note, struct summary_work, note);
    summary_finish(it, request->result, &request->error);
}

/* Reading real people is a receipt, written before the answer is given. */
static void note_reading(struct summary_work *it)
{
    static char actor[ID_TEXT_SIZE]; /* the loop's only */
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "people", json_object_new_int64((int64_t)it->variants.n));
    json_object_object_add(facts, "what", json_object_new_string("samples"));
    it->note =
        (struct delivery_note){.request.cb = on_noted,
                               .receipt = {.kind = RECEIPT_EXPORTED,
                                           .at = delivery_now(it->delivery),
                                           .incident = it->req->incident,
                                           .wave = it->wave->id,
                                           .outcome = -1,
                                           .actor = delivery_principal(actor, it->req->principal),
                                           .facts = facts}};
    delivery_note(it->delivery, &it->note);
    json_object_put(facts);
}

static void answer(struct summary_work *it)
{
    it->req->json = summary_write(it);
    if (it->req->json != NULL && it->req->real)
        note_reading(it);
    else
        summary_finish(it, it->req->json == NULL ? RESULT_TOO_LARGE : RESULT_OK, NULL);
}

static void walk_on(struct summary_work *it);

static void on_worked(struct lane_job *job)
{
    struct summary_work *it = container_of(job, struct summary_work, job);
    it->at += SEGMENT_BLOCKS;
    wish_look_free(&it->look);
    walk_on(it);
}

static void on_looked(struct wish_look *look)
{
    struct summary_work *it = container_of(look, struct summary_work, look);
    if (look->result != RESULT_OK) {
        summary_finish(it, look->result, NULL);
        return;
    }
    it->job.work = summary_segment;
    it->job.done = on_worked;
    lane_submit(it->delivery->render, &it->job);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct summary_work *it = container_of(read, struct summary_work, read);
    if (request->result != RESULT_OK) {
        summary_finish(it, request->result, &request->error);
        return;
    }
    it->look = (struct wish_look){.delivery = it->delivery,
                                  .cb = on_looked,
                                  .incident_key = &it->dossier->key,
                                  .blocks = read->blocks,
                                  .n_blocks = read->n};
    wish_look_start(&it->look);
}

static void walk_on(struct summary_work *it)
{
    if (it->at >= it->dossier->row.blocks) {
        answer(it);
        return;
    }
    arena_reset(it->blocks_arena);
    it->read = (struct store_roster_read){.request = {.cb = on_read, .arena = it->blocks_arena},
                                          .incident = it->req->incident,
                                          .from = it->at,
                                          .limit = SEGMENT_BLOCKS,
                                          .taken_by = it->who.audience.taken_by};
    store_roster_read(it->delivery->config.store, &it->read);
}

static void on_audience(struct delivery_request *request)
{
    struct audience_load *who = container_of(request, struct audience_load, request);
    struct summary_work *it = container_of(who, struct summary_work, who);
    if (request->result != RESULT_OK)
        summary_finish(it, request->result, &request->error);
    else
        walk_on(it);
}

static void on_approvals(struct store_request *request)
{
    struct store_approvals *approvals = container_of(request, struct store_approvals, request);
    struct summary_work *it = container_of(approvals, struct summary_work, approvals);
    if (request->result != RESULT_OK) {
        summary_finish(it, request->result, &request->error);
        return;
    }
    it->who.request.cb = on_audience;
    it->who.dossier = it->dossier;
    audience_load(it->delivery, &it->who);
}

/* A released wave that is held is looked at as it would go on: so it is approved, too. */
static bool look_again(struct summary_work *it)
{
    const struct wave_row *wave = it->dossier->wave;
    if (it->load.goes_on || wave == NULL || wave->state != WAVE_HELD ||
        wave->released_at == TIME_NONE)
        return false;
    dossier_destroy(&it->dossier);
    it->load.goes_on = true;
    dossier_load(it->delivery, &it->load);
    return true;
}

static enum result look(struct summary_work *it, struct error *error)
{
    it->wave = it->dossier->wave;
    if (it->wave == NULL)
        return error_set(error, RESULT_NOT_FOUND, "wave",
                         "This incident has no such wave; read the incident.");
    it->req->wave = it->wave->id;
    it->req->ordinal = it->wave->ordinal;
    return dossier_check(it->dossier, error);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct summary_work *it = container_of(load, struct summary_work, load);
    enum result result = request->result;
    it->dossier = load->dossier;
    if (result == RESULT_OK && look_again(it))
        return;
    if (result == RESULT_OK)
        result = look(it, &request->error);
    if (result != RESULT_OK) {
        summary_finish(it, result, &request->error);
        return;
    }
    it->binding = binding_make(it->delivery, it->dossier, it->wave);
    binding_hash(it->binding, it->hash_text, it->hash);
    it->approvals =
        (struct store_approvals){.request = {.cb = on_approvals, .arena = it->store_arena},
                                 .incident = it->req->incident,
                                 .wave = it->wave->id,
                                 .other = it->hash};
    store_approvals_get(it->delivery->config.store, &it->approvals);
}

void delivery_summary(struct delivery *delivery, struct delivery_summary *req)
{
    struct summary_work *it = mem_new(struct summary_work);
    it->delivery = delivery;
    it->req = req;
    it->store_arena = arena_create(32 << 20);
    it->blocks_arena = arena_create(32 << 20);
    it->person_arena = arena_create(4 << 20);
    it->not_told = json_object_new_array();
    counts_init(&it->cohorts);
    counts_init(&it->reasons);
    counts_init(&it->variants);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.wave = req->wave;
    it->load.ordinal = req->wave == 0 && req->ordinal == 0 ? 1 : req->ordinal;
    dossier_load(delivery, &it->load);
}

/* ---- One sample. ---- */

struct sample_work {
    struct delivery *delivery;
    struct delivery_sample *req;
    struct dossier_load load;
    struct dossier *dossier;
};

static enum result sample_make(struct sample_work *it, struct error *error)
{
    static const struct seal_key no_seed;
    struct arena *arena = it->req->request.arena;
    struct variant variant;
    struct recipient person;
    if (it->dossier->wave == NULL || !variant_parse(&variant, &it->dossier->policy, it->req->key))
        return error_set(error, RESULT_NOT_FOUND, "variant",
                         "This notice has no such variant; read the summary again.");
    enum result result = dossier_check(it->dossier, error);
    if (result != RESULT_OK)
        return result;
    variant_person(&person, &variant, arena);
    struct json_object *json = variant_render(&(struct variant_ask){.dossier = it->dossier,
                                                                    .recipient = &person,
                                                                    .seed = &no_seed,
                                                                    .channel = variant.channel,
                                                                    .arena = arena,
                                                                    .made_up = true});
    if (json == NULL)
        return RESULT_NOT_FOUND;
    it->req->json =
        arena_strdup(arena, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
    json_object_put(json);
    return it->req->json == NULL ? RESULT_TOO_LARGE : RESULT_OK;
}

static void on_sample_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct sample_work *it = container_of(load, struct sample_work, load);
    struct delivery_sample *req = it->req;
    it->dossier = load->dossier;
    req->request.result = request->result;
    req->request.error = request->error;
    if (request->result == RESULT_OK)
        req->request.result = sample_make(it, &req->request.error);
    dossier_destroy(&it->dossier);
    mem_free(it);
    req->request.cb(&req->request);
}

void delivery_sample(struct delivery *delivery, struct delivery_sample *req)
{
    struct sample_work *it = mem_new(struct sample_work);
    it->delivery = delivery;
    it->req = req;
    it->load.request.cb = on_sample_dossier;
    it->load.incident = req->incident;
    it->load.wave = req->wave;
    it->load.ordinal = req->wave == 0 && req->ordinal == 0 ? 1 : req->ordinal;
    dossier_load(delivery, &it->load);
}
