/* rehearse.c - what a release would do, without doing it: walks the roster as planning does and
 * says how many people go over which channel first, and who cannot be reached or is withheld, and
 * why. Writes nothing. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/people/overlap.h"
#include "service/delivery/people/wish_look.h"
#include "service/delivery/plan/fate.h"
#include "service/delivery/wave/audience.h"

enum { SEGMENT_BLOCKS = 64, LIST_BYTES_MAX = 4 << 20 };

struct rehearsal {
    struct delivery *delivery;
    struct delivery_rehearse *req;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_roster_read read;
    struct lane_job job;
    struct wish_look look;
    struct overlap_set overlaps;
    int64_t overlapping, spaced; /* people in other open incidents; of them, who would wait */
    unsigned overlaps_listed;
    struct buf overlap_list;
    struct arena *blocks_arena, *person_arena;
    int64_t at;
    int64_t fates[FATE_WITHHELD + 1], first[POLICY_CHANNELS_MAX];
    int64_t formats[FORMATS_N], format_owed; /* asked for; of whom no channel can give it */
    int64_t unopened; /* erased, or damaged on the disk: nobody can tell them */
    unsigned listed;
    bool more;
    struct buf people;
    struct audience_load who;
};

static void rehearsal_finish(struct rehearsal *it, enum result result, const struct error *error)
{
    struct delivery_rehearse *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->dossier);
    arena_destroy(&it->blocks_arena);
    arena_destroy(&it->person_arena);
    audience_free(&it->who.audience);
    buf_wipe(&it->people);
    wish_look_free(&it->look);
    overlap_free(&it->overlaps);
    buf_wipe(&it->overlap_list);
    mem_free(it);
    req->request.cb(&req->request);
}

/* What an editor would say of each language's text: [{"error","locale","rule","text"}]. */
static void write_lint(struct buf *json, struct rehearsal *it)
{
    const struct notice_set *set = it->delivery->config.notices;
    struct lint_report report;
    const char *locale, *comma = "";
    for (size_t i = 0; (locale = notice_set_locale(set, it->dossier->policy.kind, i)) != NULL;
         i++) {
        notice_lint(dossier_notice(it->dossier, locale), &report);
        for (size_t k = 0; k < report.n; k++) {
            const struct lint_finding *finding = &report.findings[k];
            buf_printf(json, "%s{\"error\":%s,\"locale\":\"%s\",\"rule\":\"%s\",\"text\":", comma,
                       finding->error ? "true" : "false", locale, finding->rule);
            json_write_string(json, finding->text, strlen(finding->text));
            buf_puts(json, "}");
            comma = ",";
        }
    }
}

/* "overlaps":{...}, of the people who stand in other open incidents too. */
static void write_overlaps(struct buf *json, const struct rehearsal *it)
{
    char text[ID_TEXT_SIZE];
    const char *comma = "";
    buf_printf(json, "\"overlaps\":{\"complete\":%s,\"incidents\":[",
               it->overlaps.complete ? "true" : "false");
    for (unsigned i = 0; i < it->overlaps.n_others; i++) {
        if (it->overlaps.others[i].people == 0)
            continue;
        buf_printf(json, "%s{\"incident\":\"%s\",\"people\":%lld}", comma,
                   id_format(text, "inc", it->overlaps.others[i].incident),
                   (long long)it->overlaps.others[i].people);
        comma = ",";
    }
    buf_puts(json, "],\"list\":[");
    buf_add(json, it->overlap_list.data, it->overlap_list.length);
    buf_printf(json, "],\"people\":%lld,\"spaced\":%lld},", (long long)it->overlapping,
               (long long)it->spaced);
}

static void rehearsal_answer(struct rehearsal *it)
{
    const struct policy *policy = &it->dossier->policy;
    struct delivery_rehearse *req = it->req;
    struct buf json;
    buf_init(&json, SIZE_MAX);
    buf_puts(&json, "{\"first_channel\":{");
    for (unsigned i = 0; i < policy->n_channels; i++)
        buf_printf(&json, "%s\"%s\":%lld", i ? "," : "", policy->channels[i].channel,
                   (long long)it->first[i]);
    buf_printf(&json, "},\"format_owed\":%lld,\"formats\":{", (long long)it->format_owed);
    for (unsigned i = 0; i < FORMATS_N; i++)
        buf_printf(&json, "%s\"%s\":%lld", i ? "," : "", read_format_name((enum read_format)i),
                   (long long)it->formats[i]);
    buf_printf(&json, "},\"goes\":%lld,\"lint\":[", (long long)it->fates[FATE_GOES]);
    write_lint(&json, it);
    buf_printf(&json, "],\"more\":%s,\"people\":[", it->more ? "true" : "false");
    buf_add(&json, it->people.data, it->people.length);
    buf_puts(&json, "],");
    write_overlaps(&json, it);
    buf_printf(&json, "\"unreachable\":%lld,\"withheld\":%lld}",
               (long long)(it->fates[FATE_UNREACHABLE] + it->unopened),
               (long long)it->fates[FATE_WITHHELD]);
    req->json = arena_strndup(req->request.arena, json.data, json.length);
    buf_wipe(&json);
    rehearsal_finish(it, req->json == NULL ? RESULT_TOO_LARGE : RESULT_OK, NULL);
}

/* ---- On the lane. ---- */

static const char *const fate_words[] = {[FATE_GOES] = "\"format_owed\"",
                                         [FATE_UNREACHABLE] = "\"unreachable\"",
                                         [FATE_WITHHELD] = "\"withheld\""};

static void note_format(struct rehearsal *it, const struct recipient *r, const struct fate *fate)
{
    it->formats[recipient_format(r)]++;
    it->format_owed += fate->format_owed;
}

static void list_person(struct rehearsal *it, const struct recipient *r, const struct fate *fate)
{
    if (it->listed >= it->req->limit || it->people.length > LIST_BYTES_MAX) {
        it->more = true;
        return;
    }
    buf_puts(&it->people, it->listed++ ? ",{\"fate\":" : "{\"fate\":");
    buf_puts(&it->people, fate_words[fate->kind]);
    buf_puts(&it->people, ",\"recipient_id\":");
    json_write_string(&it->people, r->recipient_id, strlen(r->recipient_id));
    buf_puts(&it->people, ",\"why\":");
    if (fate->format_owed)
        buf_printf(&it->people, "{\"format\":\"%s\"}", read_format_name(recipient_format(r)));
    else if (fate->facts == NULL || !json_write(&it->people, fate->facts))
        buf_puts(&it->people, "{}");
    buf_puts(&it->people, "}");
}

static void list_overlap(struct rehearsal *it, const struct recipient *r, uint32_t others)
{
    const char *comma = "";
    char text[ID_TEXT_SIZE];
    if (it->overlaps_listed >= it->req->limit || it->overlap_list.length > LIST_BYTES_MAX)
        return;
    buf_puts(&it->overlap_list, it->overlaps_listed++ ? ",{\"incidents\":[" : "{\"incidents\":[");
    for (unsigned i = 0; i < it->overlaps.n_others; i++) {
        if (!(others >> i & 1))
            continue;
        buf_printf(&it->overlap_list, "%s\"%s\"", comma,
                   id_format(text, "inc", it->overlaps.others[i].incident));
        comma = ",";
    }
    buf_puts(&it->overlap_list, "],\"recipient_id\":");
    json_write_string(&it->overlap_list, r->recipient_id, strlen(r->recipient_id));
    buf_puts(&it->overlap_list, "}");
}

/* Does this person stand in another open incident, and would he have to wait? */
static void note_overlap(struct rehearsal *it, const struct recipient *r, const struct fate *fate)
{
    const struct policy *policy = &it->dossier->policy;
    const bool goes = fate->kind == FATE_GOES;
    struct seal_key key;
    if (it->overlaps.n == 0)
        return;
    preference_blind_key(it->delivery, &key);
    const struct overlap overlap =
        overlap_of(&it->overlaps, &key, r,
                   goes ? policy->channels[fate->ladder.rungs[0].channel].channel : NULL);
    seal_key_wipe(&key);
    if (overlap.others == 0)
        return;
    it->overlapping++;
    it->spaced += overlap.last_at != TIME_NONE && policy->spacing_ms > 0 &&
                  overlap.last_at + policy->spacing_ms > delivery_now(it->delivery);
    for (unsigned i = 0; i < it->overlaps.n_others; i++)
        it->overlaps.others[i].people += overlap.others >> i & 1;
    list_overlap(it, r, overlap.others);
}

static void rehearse_person(struct rehearsal *it, const struct recipient *r,
                            const struct seal_key *seed)
{
    struct fate fate;
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
    if (fate.kind == FATE_GOES)
        it->first[fate.ladder.rungs[0].channel]++;
    if (fate.kind != FATE_GOES || fate.format_owed)
        list_person(it, r, &fate);
    note_format(it, r, &fate);
    note_overlap(it, r, &fate);
    json_object_put(fate.facts);
}

static void rehearse_work(struct lane_job *job, unsigned thread)
{
    struct rehearsal *it = container_of(job, struct rehearsal, job);
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
            if (opens && roster_open_person(it->delivery->codecs[thread], block, seeds, slot,
                                            it->person_arena, &r) == RESULT_OK) {
                if (audience_wants(&it->who.audience, &r, block->part))
                    rehearse_person(it, &r, &seeds[slot]);
            } else
                it->unopened++;
        }
    }
    explicit_bzero(seeds, sizeof(seeds));
}

/* ---- On the loop. ---- */

static void rehearse_next(struct rehearsal *it);

static void on_worked(struct lane_job *job)
{
    struct rehearsal *it = container_of(job, struct rehearsal, job);
    it->at += SEGMENT_BLOCKS;
    wish_look_free(&it->look);
    rehearse_next(it);
}

static void on_looked(struct wish_look *look)
{
    struct rehearsal *it = container_of(look, struct rehearsal, look);
    if (look->result != RESULT_OK) {
        rehearsal_finish(it, look->result, NULL);
        return;
    }
    it->job.work = rehearse_work;
    it->job.done = on_worked;
    lane_submit(it->delivery->render, &it->job);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct rehearsal *it = container_of(read, struct rehearsal, read);
    if (request->result != RESULT_OK) {
        rehearsal_finish(it, request->result, &request->error);
        return;
    }
    it->look = (struct wish_look){.delivery = it->delivery,
                                  .cb = on_looked,
                                  .incident_key = &it->dossier->key,
                                  .blocks = read->blocks,
                                  .n_blocks = read->n};
    wish_look_start(&it->look);
}

static void rehearse_next(struct rehearsal *it)
{
    if (it->at >= it->dossier->row.blocks) {
        rehearsal_answer(it);
        return;
    }
    arena_reset(it->blocks_arena);
    memset(&it->read, 0, sizeof(it->read));
    it->read.request.cb = on_read;
    it->read.request.arena = it->blocks_arena;
    it->read.incident = it->req->incident;
    it->read.from = it->at;
    it->read.limit = SEGMENT_BLOCKS;
    it->read.taken_by = it->who.audience.taken_by;
    store_roster_read(it->delivery->config.store, &it->read);
}

static void on_overlaps(struct overlap_set *set)
{
    struct rehearsal *it = container_of(set, struct rehearsal, overlaps);
    if (set->result != RESULT_OK)
        rehearsal_finish(it, set->result, NULL);
    else
        rehearse_next(it);
}

static void look_for_overlaps(struct rehearsal *it)
{
    it->overlaps.delivery = it->delivery;
    it->overlaps.cb = on_overlaps;
    it->overlaps.incident = it->req->incident;
    it->overlaps.spacing_ms = it->dossier->policy.spacing_ms;
    overlap_start(&it->overlaps);
}

static void on_audience(struct delivery_request *request)
{
    struct audience_load *who = container_of(request, struct audience_load, request);
    struct rehearsal *it = container_of(who, struct rehearsal, who);
    if (request->result != RESULT_OK)
        rehearsal_finish(it, request->result, &request->error);
    else
        look_for_overlaps(it);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct rehearsal *it = container_of(load, struct rehearsal, load);
    enum result result = request->result;
    it->dossier = load->dossier;
    if (result == RESULT_OK)
        result = dossier_check(it->dossier, &request->error);
    if (result != RESULT_OK) {
        rehearsal_finish(it, result, &request->error);
        return;
    }
    it->who.request.cb = on_audience;
    it->who.dossier = it->dossier;
    audience_load(it->delivery, &it->who);
}

void delivery_rehearse(struct delivery *delivery, struct delivery_rehearse *req)
{
    struct rehearsal *it = mem_new(struct rehearsal);
    it->delivery = delivery;
    it->req = req;
    it->blocks_arena = arena_create(32 << 20);
    it->person_arena = arena_create(1 << 20);
    buf_init(&it->people, SIZE_MAX);
    buf_init(&it->overlap_list, SIZE_MAX);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.ordinal = req->ordinal;
    dossier_load(delivery, &it->load);
}
