/* evidence.c - an export on the loop: opens the incident, leaves the receipt EXPORTED, hands the
 * archive on. The reading in between is in walk.c. Failure modes: no such incident; the store or
 * the disk for temporary files fails: told before the first byte, or the stream is cut. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/evidence/evidence_private.h"
#include "service/evidence/sheet.h"
#include "service/evidence/walk.h"

enum { ARENA_MAX = 64 << 20, OUT_LEAST = 256 << 10 };

/* ---- The desk. ---- */

struct evidence_desk *evidence_desk_create(const struct evidence_desk_config *config)
{
    struct evidence_desk *desk = mem_new(struct evidence_desk);
    desk->config = *config;
    desk->lane = lane_create(config->loop,
                             &(struct lane_config){.name = "evidence", .threads = config->threads});
    return desk;
}

void evidence_desk_destroy(struct evidence_desk **place)
{
    if (*place == NULL)
        return;
    lane_destroy(&(*place)->lane);
    sheet_fonts_end();
    mem_free(*place);
    *place = NULL;
}

void evidence_desk_sign(struct evidence_desk *desk, const struct evidence_signer *signer)
{
    desk->signer = *signer;
}

bool evidence_desk_pump(struct evidence_desk *desk)
{
    return lane_pump(desk->lane);
}

/* ---- Life. ---- */

static void evidence_free(struct evidence_export *evidence)
{
    loop_timer_stop(&evidence->timer);
    walk_free(evidence);
    bundle_free(&evidence->bundle);
    tally_destroy(&evidence->tally);
    dossier_destroy(&evidence->dossier);
    if (evidence->codec != NULL)
        roster_codec_destroy(&evidence->codec);
    json_object_put(evidence->note_facts);
    json_object_put(evidence->decisions);
    json_object_put(evidence->different);
    buf_wipe(&evidence->out);
    arena_destroy(&evidence->page);
    arena_destroy(&evidence->arena);
    mem_free(evidence);
}

void evidence_close(struct evidence_export **place)
{
    struct evidence_export *evidence = *place;
    *place = NULL;
    if (evidence == NULL)
        return;
    evidence->closed = true;
    loop_timer_stop(&evidence->timer);
    if (!evidence->busy)
        evidence_free(evidence);
}

/* After a store request: is there still somebody who wants it? */
bool walk_goes_on(struct evidence_export *evidence)
{
    const bool closed = evidence->closed;
    evidence->busy = false;
    if (closed)
        evidence_free(evidence);
    return !closed;
}

const char *evidence_name_of(const struct evidence_export *evidence)
{
    return evidence->name;
}

/* ---- Jobs. ---- */

static void job_done(struct lane_job *job)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    evidence->busy = false;
    if (evidence->closed)
        evidence_free(evidence);
    else
        evidence->next(evidence);
}

void walk_job(struct evidence_export *evidence, void (*work)(struct lane_job *job, unsigned thread),
              void (*next)(struct evidence_export *evidence))
{
    evidence->busy = true;
    evidence->job.work = work;
    evidence->job.done = job_done;
    evidence->next = next;
    lane_submit(evidence->desk->lane, &evidence->job);
}

void walk_fail(struct evidence_export *evidence, const char *where, enum result result)
{
    log_error("export_failed", LOG_TEXT("incident", evidence->incident), LOG_TEXT("at", where),
              LOG_TEXT("result", result_name(result)));
    evidence->failed = true;
    evidence->request.ready(evidence->request.context);
}

/* ---- Opening. ---- */

static void tell_opened(struct evidence_export *evidence, enum result result,
                        const struct error *error)
{
    evidence->opened = result == RESULT_OK;
    if (evidence->opened)
        walk_start(evidence);
    evidence->request.opened(evidence->request.context, result, error);
}

static void on_noted(struct delivery_request *request)
{
    struct delivery_note *note = container_of(request, struct delivery_note, request);
    struct evidence_export *evidence = container_of(note, struct evidence_export, note);
    evidence->busy = false;
    if (evidence->closed)
        evidence_free(evidence);
    else
        tell_opened(evidence, request->result, &request->error);
}

static void write_note(struct evidence_export *evidence)
{
    evidence->note_facts = json_object_new_object();
    json_object_object_add(evidence->note_facts, "openings",
                           json_object_new_boolean(evidence->request.openings));
    json_object_object_add(evidence->note_facts, "what", json_object_new_string("evidence"));
    evidence->note = (struct delivery_note){.request = {.cb = on_noted, .arena = evidence->arena},
                                            .receipt = {.kind = RECEIPT_EXPORTED,
                                                        .at = evidence->at,
                                                        .incident = evidence->request.incident,
                                                        .outcome = -1,
                                                        .actor = evidence->actor,
                                                        .facts = evidence->note_facts}};
    delivery_note(evidence->desk->config.delivery, &evidence->note);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct evidence_export *evidence = container_of(load, struct evidence_export, load);
    evidence->dossier = load->dossier;
    if (evidence->closed) {
        evidence_free(evidence);
        return;
    }
    if (request->result == RESULT_OK || request->result == RESULT_DENIED) {
        write_note(evidence); /* an erased incident still has its receipts */
        return;
    }
    evidence->busy = false;
    tell_opened(evidence, request->result, &request->error);
}

struct evidence_export *evidence_open(struct evidence_desk *desk,
                                      const struct evidence_request *request)
{
    struct evidence_export *evidence = mem_new(struct evidence_export);
    evidence->desk = desk;
    evidence->request = *request;
    require(str_copy(evidence->actor, sizeof(evidence->actor), str_or(request->actor, "")));
    evidence->at = clock_now(loop_clock(desk->config.loop));
    evidence->arena = arena_create(ARENA_MAX);
    id_format(evidence->incident, "inc", request->incident);
    snprintf(evidence->name, sizeof(evidence->name), "%s.tar.gz", evidence->incident);
    bundle_init(&evidence->bundle, desk->config.directory);
    evidence->bundle.at = evidence->at;
    snprintf(evidence->bundle.folder, sizeof(evidence->bundle.folder), "evidence-%s",
             evidence->incident);
    evidence->tally = tally_create();
    evidence->codec = roster_codec_create();
    buf_init(&evidence->out, SIZE_MAX);
    walk_init(evidence);
    evidence->busy = true;
    evidence->load.request.cb = on_dossier;
    evidence->load.incident = request->incident;
    dossier_load(desk->config.delivery, &evidence->load);
    return evidence;
}

/* ---- The archive. ---- */

static void pack_work(struct lane_job *job, unsigned thread)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    (void)thread;
    const size_t from = evidence->out.length;
    evidence->failed = !bundle_next(&evidence->bundle, &evidence->out, OUT_LEAST);
    evidence->out_end = evidence->out.length == from;
}

static void packed(struct evidence_export *evidence)
{
    evidence->request.ready(evidence->request.context);
}

long evidence_pull(struct evidence_export *evidence, char *to, size_t size)
{
    if (evidence->busy)
        return EVIDENCE_WAIT;
    if (evidence->failed)
        return EVIDENCE_FAIL;
    if (!evidence->finished)
        return EVIDENCE_WAIT;
    if (evidence->sent < evidence->out.length) {
        size_t n = evidence->out.length - evidence->sent;
        n = n < size ? n : size;
        memcpy(to, evidence->out.data + evidence->sent, n);
        evidence->sent += n;
        return (long)n;
    }
    if (evidence->out_end)
        return EVIDENCE_END;
    buf_clear(&evidence->out);
    evidence->sent = 0;
    walk_job(evidence, pack_work, packed);
    return EVIDENCE_WAIT;
}
