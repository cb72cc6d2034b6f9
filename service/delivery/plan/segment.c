/* segment.c - see the header. On the render lane: opens the people of some blocks, judges each, and
 * writes receipts for those who are left out. A person whose text would have a hole is withheld,
 * with the fields that are missing; the others go. */
/* System. */
#include <string.h>

/* This module. */
#include "service/delivery/people/overlap.h"
#include "service/delivery/people/preference.h"
#include "service/delivery/people/wish_look.h"
#include "service/delivery/plan/fate.h"
#include "service/delivery/plan/segment.h"

#define HOUR_MS INT64_C(3600000)

static struct receipt_batch *part_batch(struct plan_part *part)
{
    struct receipt_batch *last = part->n_batches == 0 ? NULL : &part->batches[part->n_batches - 1];
    if (last != NULL && last->n < RECEIPTS_A_BATCH)
        return last;
    last = &part->batches[part->n_batches++];
    receipt_batch_init(last, part->wave->incident, part->wave->id, 0);
    return last;
}

/* Who just heard of another incident over this channel hears of this one a little later. By the
 * hour: else every person would be a chunk. 0: at once. */
static time_ms spaced(const struct plan_part *part, const struct recipient *r, unsigned channel)
{
    const struct policy *policy = &part->wave->policy;
    struct seal_key key;
    if (policy->spacing_ms == 0 || part->overlaps->n == 0)
        return 0;
    preference_blind_key(part->wave->delivery, &key);
    const struct overlap overlap =
        overlap_of(part->overlaps, &key, r, policy->channels[channel].channel);
    seal_key_wipe(&key);
    if (overlap.last_at == TIME_NONE || overlap.last_at + policy->spacing_ms <= part->now)
        return 0;
    return (overlap.last_at + policy->spacing_ms + HOUR_MS - 1) / HOUR_MS * HOUR_MS;
}

static void add_entry(struct plan_part *part, const struct recipient *r, struct ladder_rung where,
                      unsigned rung)
{
    const struct channel_driver *driver = part->wave->drivers[where.channel];
    struct recipient to;
    ladder_person(r, driver->facts.address, where.address, &to);
    const struct cut_entry entry = {
        .cohort = cohort_make(part->arena, driver, &to),
        .number = r->number,
        .channel = where.channel,
        .address = where.address,
        .rung = (uint8_t)rung,
        .due_at = rung & RUNG_BESIDE ? 0 : spaced(part, r, where.channel),
    };
    cut_add(&part->cut, entry);
}

static void leave_out(struct plan_part *part, const struct recipient *r,
                      const struct seal_key *seed, const struct receipt *why)
{
    struct receipt receipt = *why;
    receipt.at = part->now;
    receipt.incident = part->wave->incident;
    receipt.wave = part->wave->id;
    receipt.outcome = -1;
    receipt.seed = seed;
    receipt.recipient_id = r->recipient_id;
    receipt.number = r->number;
    receipt_batch_add(part_batch(part), &part->wave->dossier->key, &receipt);
}

/* The notice goes now, so that nobody is told late; what this person can read is still owed. */
static void owe_format(struct plan_part *part, const struct recipient *r,
                       const struct seal_key *seed)
{
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "format",
                           json_object_new_string(read_format_name(recipient_format(r))));
    json_object_object_add(facts, "next", json_object_new_string("give_the_notice_in_this_format"));
    json_object_object_add(facts, "owner", json_object_new_string("operator"));
    const struct receipt owed = {
        .kind = RECEIPT_FORMAT_OWED, .reason = "no_channel_has_it", .facts = facts};
    leave_out(part, r, seed, &owed);
    json_object_put(facts);
}

static void plan_person(struct plan_part *part, const struct recipient *r,
                        const struct seal_key *seed)
{
    struct active_wave *wave = part->wave;
    struct fate fate;
    const struct fate_question question = {.dossier = wave->dossier,
                                           .policy = &wave->policy,
                                           .drivers = wave->drivers,
                                           .recipient = r,
                                           .seed = seed,
                                           .wishes = wish_look_of(part->look, r->number),
                                           .now = part->now,
                                           .arena = part->person_arena};
    fate_judge(&question, &fate);
    struct receipt why = {.facts = fate.facts, .reason = fate.reason};
    switch (fate.kind) {
    case FATE_UNREACHABLE:
        part->people[PEOPLE_UNREACHABLE]++;
        why.kind = RECEIPT_UNREACHABLE;
        leave_out(part, r, seed, &why);
        break;
    case FATE_WITHHELD:
        part->people[PEOPLE_WITHHELD]++;
        why.kind = RECEIPT_WITHHELD;
        leave_out(part, r, seed, &why);
        break;
    case FATE_GOES:
        part->people[PEOPLE_PLANNED]++;
        add_entry(part, r, fate.ladder.rungs[0], fate.ladder.paper ? RUNG_PAPER : 0);
        if (fate.format_owed)
            owe_format(part, r, seed);
        for (unsigned i = 0; i < fate.ladder.n_beside; i++)
            add_entry(part, r, fate.ladder.beside[i], RUNG_BESIDE);
        break;
    }
    json_object_put(fate.facts);
}

/* Erased before the plan, or stored bytes that do not open: told by nobody, but counted, so that
 * roster and outcomes add up. */
static void skip_unopened(struct plan_part *part, const char *reason)
{
    const struct receipt receipt = {.kind = RECEIPT_UNREACHABLE,
                                    .at = part->now,
                                    .incident = part->wave->incident,
                                    .wave = part->wave->id,
                                    .outcome = -1,
                                    .reason = reason};
    part->people[PEOPLE_UNREACHABLE]++;
    receipt_batch_add(part_batch(part), &part->wave->dossier->key, &receipt);
}

static void plan_block(struct plan_part *part, struct roster_codec *codec,
                       const struct roster_block *block)
{
    struct seal_key seeds[ROSTER_BLOCK];
    struct recipient r;
    bool opens = roster_open_seeds(block, &part->wave->dossier->key, seeds);
    for (unsigned slot = 0; slot < block->n; slot++) {
        arena_reset(part->person_arena);
        enum result result = RESULT_NOT_FOUND; /* a void slot is nobody */
        if (!audience_may(part->who, (uint32_t)(block->block * ROSTER_BLOCK + slot)))
            continue;
        if (opens)
            result = roster_open_person(codec, block, seeds, slot, part->person_arena, &r);
        else if (!roster_is_void(block, slot))
            result = RESULT_INVALID;
        if (result == RESULT_OK && !audience_wants(part->who, &r, block->part))
            continue;
        if (result == RESULT_OK) {
            plan_person(part, &r, &seeds[slot]);
        } else if (result == RESULT_DENIED) {
            skip_unopened(part, "erased");
        } else if (result != RESULT_NOT_FOUND) {
            part->damaged++;
            skip_unopened(part, "damaged");
        }
    }
    explicit_bzero(seeds, sizeof(seeds));
}

void plan_part_work(struct lane_job *job, unsigned thread)
{
    struct plan_part *part = container_of(job, struct plan_part, job);
    for (size_t i = 0; i < part->n_blocks; i++)
        plan_block(part, part->wave->delivery->codecs[thread], &part->blocks[i]);
    for (size_t i = 0; i < part->n_batches; i++)
        receipt_batch_finish(&part->batches[i]);
}

void plan_part_init(struct plan_part *part, struct active_wave *wave, time_ms now)
{
    memset(part, 0, sizeof(*part));
    part->wave = wave;
    part->now = now;
    part->arena = arena_create(64 << 20);
    part->person_arena = arena_create(1 << 20);
}

void plan_part_take(struct plan_part *part, const struct roster_block *blocks, size_t n)
{
    part->blocks = blocks;
    part->n_blocks = n;
    cut_init(&part->cut, n * ROSTER_BLOCK * (1 + part->wave->policy.n_beside));
}

void plan_part_free(struct plan_part *part)
{
    for (size_t i = 0; i < part->n_batches; i++)
        receipt_batch_free(&part->batches[i]);
    cut_free(&part->cut);
    arena_destroy(&part->arena);
    arena_destroy(&part->person_arena);
    memset(part, 0, sizeof(*part));
}
