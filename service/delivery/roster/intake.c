/* intake.c - the loop's part of an upload: cuts the stream into pieces, keeps their order, appends
 * them to the store.
 *
 * Happy path: open (incident key, upload row) -> pieces: lane, then store_roster_append in order ->
 * close. Failure modes: the client goes away, a piece is fatal (unreadable header), the store
 * refuses: the upload is aborted as a whole and its rows are forgotten. At most PIECES_MAX pieces
 * are in memory: backpressure by intake_write(). */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/roster/intake.h"
#include "service/delivery/roster/intake_private.h"

enum { PIECE_BYTES = 192 * 1024, PIECES_MAX = 4, LINE_MAX_BYTES = 64 * 1024 };

static void intake_step(struct intake *intake);
static void intake_gone(struct intake *intake);

void intake_free(struct intake *intake)
{
    dossier_destroy(&intake->dossier);
    buf_wipe(&intake->raw);
    sha256_end(&intake->sha, NULL);
    sheet_reader_destroy(&intake->reader);
    mem_free(intake->repairs);
    buf_free(&intake->shape_text);
    buf_free(&intake->shape_sealed);
    arena_destroy(&intake->list_arena);
    recipient_columns_destroy(&intake->columns);
    receipt_batch_free(&intake->receipts);
    seal_key_wipe(&intake->blind_key);
    mem_free(intake);
}

void intake_fail(struct intake *intake, enum result result, const struct error *error)
{
    if (intake->result != RESULT_OK)
        return;
    intake->result = result;
    if (error != NULL)
        intake->error = *error;
}

/* ---- Open. ---- */

static void opened(struct intake *intake, enum result result, const struct error *error)
{
    const struct intake_config config = intake->config;
    const struct intake_counts counts = intake->counts;
    const struct error copy = *error;
    if (result != RESULT_OK)
        intake_free(intake);
    config.opened(config.context, result, &counts, &copy);
}

static void on_upload_open(struct store_request *request)
{
    struct store_upload *upload = container_of(request, struct store_upload, request);
    struct intake *intake = container_of(upload, struct intake, upload);
    if (request->result == RESULT_EXISTS) {
        intake->counts.accepted = upload->accepted;
        intake->counts.duplicates = upload->duplicates;
        intake->counts.rejected = upload->rejected;
        intake->counts.warnings = upload->warnings;
    }
    intake->next_block = upload->first_block;
    intake->open = request->result == RESULT_OK;
    if (intake->aborted) { /* the client went away while it was being opened */
        intake_gone(intake);
        return;
    }
    opened(intake, request->result, &request->error);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct intake *intake = container_of(load, struct intake, load);
    if (intake->aborted) {
        intake->dossier = load->dossier;
        intake_gone(intake);
        return;
    }
    if (request->result != RESULT_OK) {
        opened(intake, request->result, &request->error);
        return;
    }
    intake->dossier = load->dossier;
    seal_derive(&intake->blind_key, &intake->dossier->key, "blind", NULL, 0);
    intake->upload.request.cb = on_upload_open;
    intake->upload.incident = intake->config.incident;
    intake->upload.part = intake->config.part;
    intake->upload.mode = intake->config.mode;
    intake->upload.late = intake->config.late;
    intake->upload.principal = intake->config.principal;
    intake->upload.at = delivery_now(intake->delivery);
    if (intake->config.digest != NULL)
        memcpy(intake->upload.digest, intake->config.digest, DIGEST_SIZE);
    store_upload_open(intake->delivery->config.store, &intake->upload);
}

struct intake *intake_begin(struct delivery *delivery, const struct intake_config *config)
{
    struct intake *intake = mem_new(struct intake);
    intake->delivery = delivery;
    intake->config = *config;
    intake->sha = sha256_begin();
    list_init(&intake->pieces);
    buf_init(&intake->raw, SIZE_MAX);
    buf_init(&intake->shape_text, SIZE_MAX);
    buf_init(&intake->shape_sealed, SIZE_MAX);
    receipt_batch_init(&intake->receipts, config->incident, 0, 0);
    intake->load.request.cb = on_dossier;
    intake->load.incident = config->incident;
    dossier_load(delivery, &intake->load);
    return intake;
}

/* Aborted before it was open: there is a row to forget, or nothing. */
static void intake_gone(struct intake *intake)
{
    if (intake->open)
        intake_step(intake);
    else
        intake_finished(intake);
}

/* ---- Pieces: lane, then store, in order. ---- */

static void piece_remove(struct intake *intake, struct intake_piece *piece)
{
    list_remove(&piece->node);
    intake->n_pieces--;
    intake_piece_free(piece);
}

/* Which rejected rows are corrected now, and which corrections are wrong as well. */
static void keep_repairs(struct intake *intake, const struct intake_piece *piece)
{
    if (intake->config.mode != UPLOAD_REPAIR)
        return;
    for (size_t i = 0; i < piece->n_rejects && intake->n_wrong < WRONG_MOST; i++)
        intake->wrong[intake->n_wrong++] = piece->rejects[i];
    if (piece->n_repairs == 0)
        return;
    intake->repairs =
        mem_resize(intake->repairs, intake->n_repairs + piece->n_repairs, sizeof(*intake->repairs));
    memcpy(intake->repairs + intake->n_repairs, piece->repairs,
           piece->n_repairs * sizeof(*intake->repairs));
    intake->n_repairs += piece->n_repairs;
}

static void on_appended(struct store_request *request)
{
    struct store_roster_append *append = container_of(request, struct store_roster_append, request);
    struct intake *intake = container_of(append, struct intake, append);
    struct intake_piece *piece = container_of(intake->pieces.next, struct intake_piece, node);
    intake->appending = false;
    intake_fail(intake, request->result, &request->error);
    intake->counts.accepted += (int64_t)(piece->people - append->duplicates);
    intake->counts.duplicates += (int64_t)append->duplicates;
    intake->counts.rejected += (int64_t)piece->n_rejects;
    intake->counts.warnings += (int64_t)piece->n_warnings;
    keep_repairs(intake, piece);
    piece_remove(intake, piece);
    intake_step(intake);
}

static void piece_append(struct intake *intake, struct intake_piece *piece)
{
    struct store_roster_append *append = &intake->append;
    for (size_t i = 0; i < piece->n_blocks; i++)
        piece->blocks[i].block += intake->next_block;
    for (size_t i = 0; i < piece->n_keys; i++)
        piece->keys[i].number += (uint32_t)(intake->next_block * ROSTER_BLOCK);
    intake->next_block += (int64_t)piece->n_blocks;
    memset(append, 0, sizeof(*append));
    append->request.cb = on_appended;
    append->incident = intake->config.incident;
    append->upload = intake->upload.upload;
    append->blocks = piece->blocks;
    append->n_blocks = piece->n_blocks;
    append->keys = piece->keys;
    append->n_keys = piece->n_keys;
    append->rejects = piece->rejects;
    append->n_rejects = piece->n_rejects;
    append->warnings = piece->warnings;
    append->n_warnings = piece->n_warnings;
    intake->appending = true;
    store_roster_append(intake->delivery->config.store, append);
}

static void on_piece_done(struct lane_job *job)
{
    struct intake_piece *piece = container_of(job, struct intake_piece, job);
    struct intake *intake = piece->intake;
    piece->done = true;
    if (piece->csv)
        intake->csv_running = false;
    if (piece->fatal != RESULT_OK)
        intake_fail(intake, piece->fatal, &piece->error);
    intake_step(intake);
}

/* CSV pieces run one after another (one reader); NDJSON pieces side by side. */
static void start_pieces(struct intake *intake)
{
    list_each(node, &intake->pieces)
    {
        struct intake_piece *piece = container_of(node, struct intake_piece, node);
        if (piece->done || piece->job.work != NULL)
            continue;
        if (piece->csv && intake->csv_running)
            return;
        intake->csv_running = piece->csv;
        piece->job.work = intake_piece_work;
        piece->job.done = on_piece_done;
        lane_submit(intake->delivery->render, &piece->job);
    }
}

static void drop_done_pieces(struct intake *intake)
{
    list_each_safe(node, &intake->pieces)
    {
        struct intake_piece *piece = container_of(node, struct intake_piece, node);
        if (piece->done || piece->job.work == NULL)
            piece_remove(intake, piece);
    }
}

static void intake_step(struct intake *intake)
{
    struct intake_piece *first;
    if (intake->closing)
        return;
    if (intake->result != RESULT_OK && !intake->appending) {
        drop_done_pieces(intake);
    } else if (intake->result == RESULT_OK) {
        start_pieces(intake);
        first = list_empty(&intake->pieces)
                    ? NULL
                    : container_of(intake->pieces.next, struct intake_piece, node);
        if (first != NULL && first->done && !intake->appending)
            piece_append(intake, first);
    }
    bool early = intake->config.early && intake->open && intake->result != RESULT_OK;
    if ((intake->ended || intake->aborted || early) && intake->n_pieces == 0)
        intake_close(intake);
    else if (intake->paused && intake->n_pieces < PIECES_MAX && !intake->ended) {
        intake->paused = false;
        intake->config.drained(intake->config.context);
    }
}

/* ---- Cutting. ---- */

static int64_t count_lines(const char *bytes, size_t length)
{
    int64_t n = 0;
    for (const char *at = bytes; (at = memchr(at, '\n', length - (size_t)(at - bytes))) != NULL;
         at++)
        n++;
    return n;
}

static void cut_piece(struct intake *intake, size_t length, bool last)
{
    struct intake_piece *piece = mem_new(struct intake_piece);
    piece->intake = intake;
    piece->csv = intake->config.format == INTAKE_CSV;
    piece->last = last;
    piece->line_base = intake->lines;
    piece->first = !intake->begun;
    intake->begun = true;
    piece->charset = intake->config.charset;
    piece->repair = intake->config.mode == UPLOAD_REPAIR;
    piece->reader = &intake->reader;
    piece->columns = &intake->columns;
    piece->incident_key = intake->dossier->key;
    piece->blind_key = intake->blind_key;
    piece->codecs = intake->delivery->codecs;
    buf_init(&piece->raw, SIZE_MAX);
    buf_add(&piece->raw, intake->raw.data, length);
    if (piece->csv)
        piece->line_base = 0; /* the reader counts through */
    else
        intake->lines += count_lines(intake->raw.data, length);
    memmove(intake->raw.data, intake->raw.data + length, intake->raw.length - length);
    intake->raw.length -= length;
    intake->raw.data[intake->raw.length] = 0;
    list_append(&intake->pieces, &piece->node);
    intake->n_pieces++;
}

/* NDJSON is cut behind a line end. A line that never ends is kept up to the bound, so that the
 * reader says "too long", and the rest of it is passed over. */
static void cut_ndjson(struct intake *intake)
{
    const char *end = memrchr(intake->raw.data, '\n', intake->raw.length);
    if (end != NULL)
        cut_piece(intake, (size_t)(end - intake->raw.data) + 1, false);
    if (intake->raw.length > 2 * LINE_MAX_BYTES) {
        intake->raw.length = LINE_MAX_BYTES + 16;
        intake->skipping = true;
    }
}

static void add_bytes(struct intake *intake, const char *bytes, size_t length)
{
    if (intake->skipping) {
        const char *end = memchr(bytes, '\n', length);
        if (end == NULL)
            return;
        intake->skipping = false;
        length -= (size_t)(end - bytes);
        bytes = end;
    }
    buf_add(&intake->raw, bytes, length);
}

bool intake_write(struct intake *intake, const void *bytes, size_t length)
{
    require(!intake->ended && !intake->aborted);
    if (intake->result != RESULT_OK)
        return true; /* it will fail at the end: let the client finish */
    sha256_add(intake->sha, bytes, length);
    add_bytes(intake, bytes, length);
    if (intake->raw.length >= PIECE_BYTES) {
        if (intake->config.format == INTAKE_CSV)
            cut_piece(intake, intake->raw.length, false);
        else
            cut_ndjson(intake);
        start_pieces(intake);
    }
    intake->paused = intake->n_pieces >= PIECES_MAX;
    return !intake->paused;
}

void intake_end(struct intake *intake)
{
    if (intake->result == RESULT_OK &&
        (intake->raw.length > 0 || intake->config.format == INTAKE_CSV))
        cut_piece(intake, intake->raw.length, true);
    intake->ended = true;
    intake_step(intake);
}

void intake_abort(struct intake *intake)
{
    intake->aborted = true;
    intake_fail(intake, RESULT_CANCELED, NULL);
    if (intake->open)
        intake_step(intake);
}
