/* people.c - on the lane: a window of people becomes lines of people.ndjson: where each stands on
 * every rung, what was said by digest, and whether the text can still be made again from what is
 * sealed. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/ladder.h"
#include "service/delivery/plan/notice_values.h"
#include "service/evidence/evidence_private.h"

enum { PERSON_ARENA = 1 << 20, DIFFERENT_MAX = 100 };

struct rung {
    uint32_t number;
    const struct chunk_row *chunk;
    const struct wave_row *wave;
    const char *channel;
    uint8_t byte;
    bool said;                   /* the digest is known */
    uint8_t digest[DIGEST_SIZE]; /* of what was said last */
    const char *reason;          /* it was the last one, and why it failed */
};

struct writer {
    struct evidence_export *evidence;
    struct rung *rungs;
    size_t n_rungs, at;
    const struct chunk_row *chunk; /* of the receipts being read */
    const struct receipt_row *row;
    struct policy *policies; /* by wave */
    struct arena *arena;     /* of the person */
    struct notice_rendering rendering;
    struct buf line;
};

/* ---- Rungs of the window, in the order of people. ---- */

static int rung_compare(const void *a, const void *b)
{
    const struct rung *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->chunk->wave != y->chunk->wave)
        return x->chunk->wave < y->chunk->wave ? -1 : 1;
    if (x->chunk->rung != y->chunk->rung)
        return x->chunk->rung < y->chunk->rung ? -1 : 1;
    return x->chunk->id < y->chunk->id ? -1 : x->chunk->id > y->chunk->id;
}

static void read_policies(struct writer *writer)
{
    const struct dossier *dossier = writer->evidence->dossier;
    writer->policies =
        arena_alloc(writer->evidence->page, (dossier->n_waves + 1) * sizeof(*writer->policies));
    require(writer->policies != NULL);
    for (size_t i = 0; i < dossier->n_waves; i++)
        if (dossier_policy(writer->evidence->desk->config.delivery, &dossier->waves[i],
                           &writer->policies[i]) != RESULT_OK)
            memset(&writer->policies[i], 0, sizeof(writer->policies[i]));
}

static void add_chunk(struct writer *writer, const struct chunk_row *chunk)
{
    const struct dossier *dossier = writer->evidence->dossier;
    size_t wave = 0;
    while (wave < dossier->n_waves && dossier->waves[wave].id != chunk->wave)
        wave++;
    if (wave == dossier->n_waves)
        return;
    const struct policy *policy = &writer->policies[wave];
    for (unsigned i = 0; i < chunk->n; i++)
        writer->rungs[writer->n_rungs++] =
            (struct rung){.number = chunk->members[i],
                          .chunk = chunk,
                          .wave = &dossier->waves[wave],
                          .channel = chunk->channel < policy->n_channels
                                         ? policy->channels[chunk->channel].channel
                                         : "unknown",
                          .byte = chunk->progress[i]};
}

static void collect_rungs(struct writer *writer)
{
    const struct evidence_export *evidence = writer->evidence;
    size_t n = 0;
    for (size_t i = 0; i < evidence->n_window; i++)
        n += evidence->chunks[i].n;
    writer->rungs = mem_alloc(n + 1, sizeof(*writer->rungs));
    for (size_t i = 0; i < evidence->n_window; i++)
        add_chunk(writer, &evidence->chunks[i]);
    if (writer->n_rungs > 0)
        qsort(writer->rungs, writer->n_rungs, sizeof(*writer->rungs), rung_compare);
}

/* ---- What the receipts of the chunks say of them. ---- */

static struct rung *find_rung(struct writer *writer, uint32_t number)
{
    size_t low = 0, high = writer->n_rungs;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (writer->rungs[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < writer->n_rungs && writer->rungs[low].number == number; low++)
        if (writer->rungs[low].chunk->id == writer->row->chunk)
            return &writer->rungs[low];
    return NULL;
}

static void read_receipt(void *context, const struct receipt_view *view)
{
    struct writer *writer = context;
    struct json_object *leaf = NULL;
    const uint32_t number =
        receipt_details_number(view, writer->row->batch, &writer->evidence->dossier->key);
    struct rung *rung = number == UINT32_MAX ? NULL : find_rung(writer, number);
    if (rung == NULL || json_read(view->leaf, view->leaf_length, &leaf, NULL) != RESULT_OK)
        return;
    const char *kind = json_get_string(leaf, "kind"), *notice = json_get_string(leaf, "notice");
    if (str_equal(kind, "attempt") && notice != NULL)
        rung->said = hex_decode(rung->digest, DIGEST_SIZE, notice, strlen(notice)) == DIGEST_SIZE;
    if (str_equal(kind, "unreachable"))
        rung->reason = str_or(arena_strdup(writer->evidence->page,
                                           str_or(json_get_string(leaf, "reason"), "unknown")),
                              "unknown");
    json_object_put(leaf);
}

static void read_receipts(struct writer *writer)
{
    const struct evidence_export *evidence = writer->evidence;
    for (size_t i = 0; i < evidence->n_rows; i++) {
        writer->row = &evidence->rows[i];
        receipt_batch_read(writer->row->leaves.data, writer->row->leaves.length,
                           writer->row->details.data, writer->row->details.length, read_receipt,
                           writer);
    }
}

/* ---- One person. ---- */

struct standing {
    const char *state, *reason;
    const struct rung *told; /* the rung that told */
};

static bool better(const struct rung *a, const struct rung *b)
{
    const bool a_beside = a->chunk->rung & 0x80, b_beside = b->chunk->rung & 0x80;
    if (a_beside != b_beside)
        return b_beside;
    return (a->byte & MEMBER_STATE_MASK) > (b->byte & MEMBER_STATE_MASK);
}

static const struct left_out *find_left_out(const struct evidence_export *evidence, uint32_t number)
{
    size_t low = 0, high = evidence->n_left_out;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (evidence->left_out[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < evidence->n_left_out && evidence->left_out[low].number == number
               ? &evidence->left_out[low]
               : NULL;
}

static struct standing of_nobody(const struct evidence_export *evidence, uint32_t number,
                                 bool erased)
{
    const struct left_out *out = find_left_out(evidence, number);
    const struct wave_row *first =
        evidence->dossier->n_waves > 0 ? &evidence->dossier->waves[0] : NULL;
    if (out != NULL)
        return (struct standing){out->withheld ? "withheld" : "unreachable", out->reason, NULL};
    if (erased)
        return (struct standing){"unreachable", "erased", NULL};
    if (first != NULL && first->state == WAVE_CANCELED)
        return (struct standing){"canceled", "canceled", NULL};
    return (struct standing){"not_planned", "not_released", NULL};
}

/* The notice that took the person in decides; corrections and written notices stand beside it. */
static struct standing stand(const struct evidence_export *evidence, const struct rung *rungs,
                             size_t n, uint32_t number, bool erased)
{
    const struct rung *told = NULL;
    const char *gone = NULL;
    bool any = false, asked = false;
    for (size_t i = 0; i < n; i++) {
        const struct rung *rung = &rungs[i];
        if (!wave_kind_takes(rung->wave->kind))
            continue;
        any = true;
        if ((rung->byte & MEMBER_TOLD) && (told == NULL || better(rung, told)))
            told = rung;
        if (rung->reason != NULL)
            gone = rung->reason;
        if ((rung->byte & MEMBER_STATE_MASK) == MEMBER_ASKED && !(rung->byte & MEMBER_PASSED_ON))
            asked = true;
    }
    if (!any)
        return of_nobody(evidence, number, erased);
    if (told != NULL)
        return (struct standing){"told", NULL, told};
    if (gone != NULL)
        return (struct standing){"unreachable", gone, NULL};
    if (evidence->dossier->waves[0].state == WAVE_CANCELED)
        return (struct standing){"canceled", "canceled", NULL};
    return asked ? (struct standing){"asked", "uncertain", NULL}
                 : (struct standing){"waiting", "under_way", NULL};
}

/* Makes the notice once more from the sealed fields, the notice's text and this renderer. */
static const char *render_again(struct writer *writer, const struct rung *told,
                                const struct recipient *r, const struct seal_key *seed)
{
    struct evidence_export *evidence = writer->evidence;
    struct notice_person person;
    struct recipient to;
    if (told == NULL)
        return NULL;
    if (r == NULL)
        return "erased";
    const struct channel_driver *driver = evidence->dossier->drivers[told->chunk->channel];
    const struct notice *notice = dossier_notice(evidence->dossier, r->locale);
    if (!told->said || driver == NULL || notice == NULL)
        return "unknown";
    ladder_person(r, driver->facts.address, told->chunk->address, &to);
    if (!notice_values_of_person(writer->arena, &to, seed, evidence->dossier->policy.data_types,
                                 &person) ||
        notice_render(notice, notice_format_of(driver->facts.form), &person, &writer->rendering) !=
            RESULT_OK ||
        memcmp(writer->rendering.digest, told->digest, DIGEST_SIZE) != 0)
        return "different";
    return "same";
}

static void put_member(struct buf *to, const char *name, const char *value)
{
    buf_printf(to, "%s\"%s\":", to->data[to->length - 1] == '{' ? "" : ",", name);
    if (value == NULL)
        buf_puts(to, "null");
    else
        json_write_string(to, value, strlen(value));
}

static void put_rung(struct buf *to, const struct rung *rung, bool first)
{
    char hex[DIGEST_TEXT_SIZE];
    buf_printf(to, "%s{\"beside\":%s,\"channel\":\"%s\"", first ? "" : ",",
               rung->chunk->rung & 0x80 ? "true" : "false", rung->channel);
    hex_encode(hex, rung->digest, DIGEST_SIZE);
    put_member(to, "notice", rung->said ? hex : NULL);
    buf_printf(to,
               ",\"passed_on\":%s,\"rung\":%u,\"state\":\"%s\",\"told\":%s,\"wave\":%" PRId64 "}",
               rung->byte & MEMBER_PASSED_ON ? "true" : "false", rung->chunk->rung & RUNG_STEP,
               member_state_name(rung->byte & MEMBER_STATE_MASK),
               rung->byte & MEMBER_TOLD ? "true" : "false", rung->chunk->wave);
}

static void count(struct evidence_export *evidence, const struct standing *standing,
                  const char *jurisdiction, const char *again)
{
    struct tally *tally = evidence->tally;
    tally_add(tally, TALLY_PEOPLE, standing->state, "", 1);
    tally_add(tally, TALLY_JURISDICTION, jurisdiction, standing->state, 1);
    if (standing->told != NULL)
        tally_add(tally, TALLY_TOLD_BY, standing->told->channel,
                  member_state_name(standing->told->byte & MEMBER_STATE_MASK), 1);
    else
        tally_add(tally, TALLY_REASONS, standing->state, standing->reason, 1);
    if (again != NULL)
        tally_add(tally, TALLY_RERENDERED, again, "", 1);
}

static void note_different(struct evidence_export *evidence, uint32_t number)
{
    evidence->n_different++;
    if (json_object_array_length(evidence->different) < DIFFERENT_MAX)
        json_object_array_add(evidence->different, json_object_new_int64(number));
}

static void write_person(struct writer *writer, uint32_t number, const struct recipient *r,
                         const struct seal_key *seed)
{
    struct evidence_export *evidence = writer->evidence;
    const struct rung *rungs = &writer->rungs[writer->at];
    struct buf *line = &writer->line;
    size_t n = 0;
    while (writer->at + n < writer->n_rungs && rungs[n].number == number)
        n++;
    writer->at += n;
    const struct standing standing = stand(evidence, rungs, n, number, r == NULL);
    const char *again = render_again(writer, standing.told, r, seed);
    const char *jurisdiction = r == NULL ? "erased" : str_or(r->jurisdiction, "");
    buf_clear(line);
    buf_puts(line, "{");
    put_member(line, "channel", standing.told ? standing.told->channel : NULL);
    put_member(line, "evidence",
               standing.told ? member_state_name(standing.told->byte & MEMBER_STATE_MASK) : NULL);
    put_member(line, "jurisdiction", jurisdiction);
    put_member(line, "locale", r == NULL ? NULL : r->locale);
    buf_printf(line, ",\"number\":%" PRIu32, number);
    put_member(line, "reason", standing.reason);
    if (evidence->request.openings)
        put_member(line, "recipient_id", r == NULL ? NULL : r->recipient_id);
    put_member(line, "rerendered", again);
    buf_puts(line, ",\"rungs\":[");
    for (size_t i = 0; i < n; i++)
        put_rung(line, &rungs[i], i == 0);
    buf_puts(line, "]");
    put_member(line, "state", standing.state);
    buf_puts(line, "}\n");
    spool_add(evidence->people, line->data, line->length);
    evidence->n_people++;
    count(evidence, &standing, jurisdiction, again);
    if (str_equal(again, "different"))
        note_different(evidence, number);
}

static void write_block(struct writer *writer, const struct roster_block *block)
{
    struct evidence_export *evidence = writer->evidence;
    struct seal_key seeds[ROSTER_BLOCK];
    const bool opened = roster_open_seeds(block, &evidence->dossier->key, seeds);
    for (unsigned slot = 0; slot < block->n; slot++) {
        struct recipient r;
        const uint32_t number = (uint32_t)block->block * ROSTER_BLOCK + slot;
        if (roster_is_void(block, slot))
            continue;
        while (writer->at < writer->n_rungs && writer->rungs[writer->at].number < number)
            writer->at++;
        arena_reset(writer->arena);
        const bool there = opened && roster_open_person(evidence->codec, block, seeds, slot,
                                                        writer->arena, &r) == RESULT_OK;
        write_person(writer, number, there ? &r : NULL, &seeds[slot]);
    }
    explicit_bzero(seeds, sizeof(seeds));
}

static int left_out_compare(const void *a, const void *b)
{
    const struct left_out *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

void people_write(struct lane_job *job, unsigned thread)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    struct writer writer = {.evidence = evidence, .arena = arena_create(PERSON_ARENA)};
    (void)thread;
    buf_init(&writer.line, SIZE_MAX);
    notice_rendering_init(&writer.rendering);
    if (evidence->from == 0 && evidence->n_left_out > 0)
        qsort(evidence->left_out, evidence->n_left_out, sizeof(*evidence->left_out),
              left_out_compare);
    read_policies(&writer);
    collect_rungs(&writer);
    read_receipts(&writer);
    for (size_t i = 0; i < evidence->read.n; i++)
        if (evidence->read.blocks[i].block < evidence->to) /* a gap in the roster lets more in */
            write_block(&writer, &evidence->read.blocks[i]);
    notice_rendering_free(&writer.rendering);
    buf_wipe(&writer.line);
    mem_free(writer.rungs);
    arena_destroy(&writer.arena);
}
