/* intake_rows.h - the lane's part of an upload: bytes of rows in, sealed blocks, blind keys and
 * rejects out. */
#pragma once
#include "base/list.h"
#include "service/delivery/roster/roster_codec.h"
#include "tocsin/sheet.h"
#include "tocsin/lane.h"

/* What one piece of an upload becomes. Numbers in `keys` and block numbers count from the piece's
 * own first block. */
struct intake_piece {
    struct list node;
    struct lane_job job;
    void *intake; /* the owner, for the loop's part */
    /* In. */
    struct buf raw;
    bool csv, first, last;
    bool repair; /* rows name the rejected row that they correct */
    enum sheet_charset charset;
    int64_t line_base;            /* NDJSON: lines before this piece */
    struct sheet_reader **reader; /* CSV: one for the whole upload, pieces run one after another */
    struct recipient_columns **columns;
    struct seal_key incident_key, blind_key;
    struct roster_codec *const *codecs;
    /* Out. */
    bool done;
    enum result fatal; /* the whole upload is refused */
    struct error error;
    struct roster_block *blocks;
    struct buf *bodies, *seeds; /* what the blocks point to */
    size_t n_blocks, blocks_capacity;
    struct roster_key *keys;
    size_t n_keys, keys_capacity;
    struct roster_reject *rejects;
    size_t n_rejects, rejects_capacity;
    struct roster_warning *warnings;
    size_t n_warnings, warnings_capacity;
    int64_t *repairs; /* rejected rows whose corrections are kept */
    size_t n_repairs, repairs_capacity;
    size_t people;
    /* While working. */
    struct roster_builder builder;
    struct arena *arena;
    unsigned thread;
};
void intake_piece_work(struct lane_job *job, unsigned thread);
void intake_piece_free(struct intake_piece *piece);
