/* intake_private.h - what the files of an upload share: the stream (intake.c) and its end
 * (intake_close.c). */
#pragma once
#include "service/delivery/delivery_private.h"
#include "service/delivery/roster/intake.h"
#include "service/delivery/roster/intake_rows.h"

enum { WRONG_MOST = 100 };

struct intake {
    struct delivery *delivery;
    struct intake_config config;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_upload upload;
    struct store_roster_append append;
    struct seal_key blind_key;
    struct buf raw;
    int64_t lines; /* newlines in pieces already cut */
    bool skipping; /* inside a line that is too long */
    struct sha256_stream *sha;
    struct sheet_reader *reader;
    struct recipient_columns *columns;
    struct list pieces; /* in order */
    unsigned n_pieces;
    bool csv_running, appending;
    bool open, ended, aborted, paused, closing;
    int64_t next_block;
    struct intake_counts counts;
    enum result result;
    struct error error;
    struct receipt_batch receipts;
    bool begun;       /* a piece was cut */
    int64_t *repairs; /* rejected rows whose corrections were kept */
    size_t n_repairs;
    struct roster_reject wrong[WRONG_MOST]; /* corrections that were not */
    size_t n_wrong;
    struct store_upload_list others; /* of a replacement: what goes */
    struct arena *list_arena;
    struct buf shape_text, shape_sealed;
};

void intake_free(struct intake *intake);
/* The first failure is the one that is told. */
void intake_fail(struct intake *intake, enum result result, const struct error *error);
/* All pieces are through: makes the upload durable, or forgets it; `finished` comes. */
void intake_close(struct intake *intake);
/* Tells the caller; the intake is gone. */
void intake_finished(struct intake *intake);
