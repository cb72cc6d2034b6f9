/* intake_rows.c - see the header. A bad row is kept by line, field and reason, without its values;
 * the good go on. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/roster/intake_rows.h"

static void reject(struct intake_piece *piece, uint64_t line, const char *field, const char *reason)
{
    if (piece->n_rejects == piece->rejects_capacity) {
        piece->rejects_capacity = piece->rejects_capacity * 2 + 16;
        piece->rejects =
            mem_resize(piece->rejects, piece->rejects_capacity, sizeof(*piece->rejects));
    }
    struct roster_reject *r = &piece->rejects[piece->n_rejects++];
    r->line = piece->line_base + (int64_t)line;
    snprintf(r->field, sizeof(r->field), "%s", field);
    snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

/* What was repaired or left out of a row that is kept. */
static void warn(struct intake_piece *piece, uint64_t line, const struct row_notes *notes)
{
    if (notes->n == 0)
        return;
    if (piece->n_warnings + notes->n > piece->warnings_capacity) {
        piece->warnings_capacity = piece->warnings_capacity * 2 + ROW_NOTES_MAX;
        piece->warnings =
            mem_resize(piece->warnings, piece->warnings_capacity, sizeof(*piece->warnings));
    }
    for (unsigned i = 0; i < notes->n; i++) {
        struct roster_warning *w = &piece->warnings[piece->n_warnings++];
        w->line = piece->line_base + (int64_t)line;
        w->repaired = notes->notes[i].repaired;
        memcpy(w->field, notes->notes[i].field, sizeof(w->field));
        memcpy(w->reason, notes->notes[i].reason, sizeof(w->reason));
    }
}

static void block_end(struct intake_piece *piece)
{
    struct roster_builder *builder = &piece->builder;
    if (builder->n == 0)
        return;
    if (piece->n_blocks == piece->blocks_capacity) {
        piece->blocks_capacity = piece->blocks_capacity * 2 + 8;
        piece->blocks = mem_resize(piece->blocks, piece->blocks_capacity, sizeof(*piece->blocks));
        piece->bodies = mem_resize(piece->bodies, piece->blocks_capacity, sizeof(*piece->bodies));
        piece->seeds = mem_resize(piece->seeds, piece->blocks_capacity, sizeof(*piece->seeds));
    }
    size_t i = piece->n_blocks++;
    roster_builder_finish(builder);
    buf_init(&piece->bodies[i], SIZE_MAX);
    buf_init(&piece->seeds[i], SIZE_MAX);
    buf_add(&piece->bodies[i], builder->body.data, builder->body.length);
    buf_add(&piece->seeds[i], builder->sealed_seeds.data, builder->sealed_seeds.length);
    piece->blocks[i] = (struct roster_block){.block = (int64_t)i, .n = builder->n};
    roster_builder_reset(builder);
}

static void add_key(struct intake_piece *piece, uint8_t kind, const char *text, uint32_t number)
{
    static const char *const names[] = {"recipient_id", "account_id"};
    if (str_empty(text))
        return;
    if (piece->n_keys == piece->keys_capacity) {
        piece->keys_capacity = piece->keys_capacity * 2 + 256;
        piece->keys = mem_resize(piece->keys, piece->keys_capacity, sizeof(*piece->keys));
    }
    struct roster_key *key = &piece->keys[piece->n_keys++];
    memset(key, 0, sizeof(*key));
    seal_blind(key->blind, &piece->blind_key, names[kind], text, strlen(text));
    key->kind = kind;
    key->number = number;
}

static void keep(struct intake_piece *piece, const struct recipient *r)
{
    unsigned slot = roster_builder_add(&piece->builder, r);
    uint32_t number = (uint32_t)(piece->n_blocks * ROSTER_BLOCK + slot);
    add_key(piece, 0, r->recipient_id, number);
    add_key(piece, 1, r->account_id, number);
    piece->people++;
    if (piece->builder.n == ROSTER_BLOCK)
        block_end(piece);
}

/* ---- Corrections. ---- */

static void correct(struct intake_piece *piece, int64_t row)
{
    if (piece->n_repairs == piece->repairs_capacity) {
        piece->repairs_capacity = piece->repairs_capacity * 2 + 64;
        piece->repairs =
            mem_resize(piece->repairs, piece->repairs_capacity, sizeof(*piece->repairs));
    }
    piece->repairs[piece->n_repairs++] = row;
}

static enum result refuse_unnamed(struct error *error)
{
    return error_set(error, RESULT_INVALID, "rejected_row",
                     "rejected_row is missing: name the row of the list of rejected rows.");
}

/* {"rejected_row":12, ...the person}: the number is taken out. */
static enum result read_correction(struct intake_piece *piece, const struct ndjson_line *line,
                                   struct recipient *r, struct error *error, int64_t *ret_row)
{
    struct json_object *json;
    struct buf text;
    struct row_notes notes;
    enum result result = json_read(line->text, line->length, &json, error);
    if (result != RESULT_OK)
        return result;
    *ret_row = json_get_int(json, "rejected_row", 0);
    json_object_object_del(json, "rejected_row");
    buf_init(&text, 1 << 20);
    json_write(&text, json);
    json_object_put(json);
    result = *ret_row <= 0 ? refuse_unnamed(error)
                           : recipient_read_lenient((struct slice){text.data, text.length},
                                                    piece->arena, &notes, r, error);
    buf_wipe(&text);
    if (result == RESULT_OK)
        warn(piece, line->line, &notes);
    return result;
}

static void on_correction(struct intake_piece *piece, const struct ndjson_line *line)
{
    struct recipient r;
    struct error error;
    int64_t row = 0;
    if (read_correction(piece, line, &r, &error, &row) != RESULT_OK) {
        reject(piece, line->line, error.field, error.text);
        return;
    }
    correct(piece, row);
    keep(piece, &r);
}

static enum result on_line(void *context, const struct ndjson_line *line)
{
    struct intake_piece *piece = context;
    struct row_notes notes;
    struct recipient r;
    struct error error;
    if (line->problem != NULL) {
        reject(piece, line->line, "", line->problem);
        return RESULT_OK;
    }
    arena_reset(piece->arena);
    if (piece->repair) {
        on_correction(piece, line);
        return RESULT_OK;
    }
    if (recipient_read_lenient((struct slice){line->text, line->length}, piece->arena, &notes, &r,
                               &error) != RESULT_OK) {
        reject(piece, line->line, error.field, error.text);
        return RESULT_OK;
    }
    warn(piece, line->line, &notes);
    keep(piece, &r);
    return RESULT_OK;
}

static enum result on_row(void *context, const struct csv_row *row)
{
    struct intake_piece *piece = *(struct intake_piece **)context;
    struct row_notes notes;
    struct recipient r;
    struct error error;
    if (*piece->columns == NULL) {
        if (row->problem != NULL)
            return error_set(&piece->error, RESULT_INVALID, "header",
                             "The header row cannot be read: %s.", row->problem);
        return recipient_columns_read(row, piece->columns, &piece->error);
    }
    if (row->problem != NULL) {
        reject(piece, row->line, "", row->problem);
        return RESULT_OK;
    }
    arena_reset(piece->arena);
    if (recipient_columns_repeated(*piece->columns, row)) {
        reject(piece, row->line, "", "This is the header row once more: waive it.");
        return RESULT_OK;
    }
    int64_t corrects = piece->repair ? recipient_columns_row(*piece->columns, row) : 0;
    if (piece->repair && corrects <= 0) {
        refuse_unnamed(&error);
        reject(piece, row->line, error.field, error.text);
        return RESULT_OK;
    }
    if (recipient_from_sheet_row(*piece->columns, row, piece->arena, &notes, &r, &error) !=
        RESULT_OK) {
        reject(piece, row->line, error.field, error.text);
        return RESULT_OK;
    }
    warn(piece, row->line, &notes);
    if (piece->repair)
        correct(piece, corrects);
    keep(piece, &r);
    return RESULT_OK;
}

static void work_ndjson(struct intake_piece *piece)
{
    const char *foreign = piece->first ? sheet_foreign(piece->raw.data, piece->raw.length) : NULL;
    if (foreign != NULL) {
        piece->fatal = error_set(&piece->error, RESULT_INVALID, "file", "%s", foreign);
        return;
    }
    struct ndjson_reader *reader = ndjson_reader_create(on_line, piece);
    ndjson_reader_add(reader, piece->raw.data, piece->raw.length);
    ndjson_reader_end(reader);
    ndjson_reader_destroy(&reader);
}

/* The reader lives as long as the upload and calls back into whatever piece is being worked on. */
static _Thread_local struct intake_piece *csv_piece;

static enum result on_csv_row(void *context, const struct csv_row *row)
{
    (void)context;
    return on_row(&csv_piece, row);
}

static void work_csv(struct intake_piece *piece)
{
    csv_piece = piece;
    if (*piece->reader == NULL)
        *piece->reader = sheet_reader_create(piece->charset, on_csv_row, NULL);
    piece->fatal =
        sheet_reader_add(*piece->reader, piece->raw.data, piece->raw.length, &piece->error);
    if (piece->fatal == RESULT_OK && piece->last)
        piece->fatal = sheet_reader_end(*piece->reader, &piece->error);
    if (piece->fatal == RESULT_OK && piece->last && *piece->columns == NULL)
        piece->fatal = error_set(&piece->error, RESULT_INVALID, "header",
                                 "The file is empty; the first row must name the columns.");
    csv_piece = NULL;
}

void intake_piece_work(struct lane_job *job, unsigned thread)
{
    struct intake_piece *piece = container_of(job, struct intake_piece, job);
    piece->arena = arena_create(1 << 20);
    roster_builder_init(&piece->builder, piece->codecs[thread], &piece->incident_key);
    if (piece->csv)
        work_csv(piece);
    else
        work_ndjson(piece);
    block_end(piece);
    roster_builder_free(&piece->builder);
    arena_destroy(&piece->arena);
    buf_wipe(&piece->raw);
    for (size_t i = 0; i < piece->n_blocks; i++) {
        piece->blocks[i].body = (struct blob){piece->bodies[i].data, piece->bodies[i].length};
        piece->blocks[i].seeds = (struct blob){piece->seeds[i].data, piece->seeds[i].length};
    }
}

void intake_piece_free(struct intake_piece *piece)
{
    for (size_t i = 0; i < piece->n_blocks; i++) {
        buf_free(&piece->bodies[i]);
        buf_free(&piece->seeds[i]);
    }
    buf_wipe(&piece->raw);
    mem_free(piece->blocks);
    mem_free(piece->bodies);
    mem_free(piece->seeds);
    mem_free(piece->keys);
    mem_free(piece->rejects);
    mem_free(piece->warnings);
    mem_free(piece->repairs);
    seal_key_wipe(&piece->incident_key);
    seal_key_wipe(&piece->blind_key);
    mem_free(piece);
}
