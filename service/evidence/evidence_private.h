/* evidence_private.h - an export's inside. For service/evidence/ only. */
#pragma once
#include "service/delivery/dossier.h"
#include "service/delivery/roster/roster_codec.h"
#include "service/evidence/bundle.h"
#include "service/evidence/evidence.h"
#include "service/evidence/tally.h"
#include "tocsin/lane.h"
#include "tocsin/loop.h"
#include "tocsin/store_evidence.h"
#include "tocsin/store_log.h"

struct evidence_desk {
    struct evidence_desk_config config;
    struct evidence_signer signer;
    struct lane *lane;
};

/* Why a person whom no chunk has was left out. */
struct left_out {
    uint32_t number;
    bool withheld; /* else unreachable */
    char reason[27];
};

/* The log as far as this export goes. */
struct evidence_log {
    bool there;
    unsigned shard; /* the one that grows */
    uint64_t size;
    uint8_t root[DIGEST_SIZE];
    const char *note; /* checkpoint, with its cosignatures; in the export's arena */
};

/* Nodes that, with the leaves that are exported, make the tree: found after the receipts. */
struct proof_node {
    unsigned shard;
    unsigned level;
    uint64_t index;
};
struct log_span {
    unsigned shard;
    uint64_t first;
    uint64_t n;
};

struct evidence_export {
    struct evidence_desk *desk;
    struct evidence_request request;
    char actor[64], incident[ID_TEXT_SIZE], name[64];
    time_ms at;
    struct arena *arena; /* for the whole of it */
    struct arena *page;  /* of the step */
    struct dossier_load load;
    struct dossier *dossier; /* NULL: the incident's key is gone */
    struct incident_row row; /* scalars only */
    struct delivery_note note;
    struct json_object *note_facts;
    bool busy, closed, opened, failed, finished;
    struct loop_timer timer;
    unsigned waits;
    struct lane_job job;
    void (*next)(struct evidence_export *evidence); /* after the job */

    struct bundle bundle;
    struct spool *receipts, *csv, *openings, *people, *proofs, *anchors;
    struct tally *tally;
    struct json_object *decisions;
    struct roster_codec *codec;
    struct store_token_list tokens;
    struct evidence_log log;
    struct store_log_shards ended; /* logs before it, in the export's arena */
    struct receipt_log_anchor_stats anchored[ANCHOR_KINDS_N]; /* n 0: none is configured */
    uint64_t n_anchors;                                       /* lines of log/anchors.ndjson */
    uint64_t n_receipts, n_openings, n_people, outside_log, n_different;
    struct json_object *different; /* the first of them */
    char first_day[DAY_TEXT_SIZE], last_day[DAY_TEXT_SIZE];

    /* Receipts: a page of batches. */
    struct store_receipt_list list;
    struct store_log_find find;
    struct store_roster_read read;
    int64_t after;
    unsigned batches;  /* of a page */
    uint64_t *indexes; /* of the first leaf of each row; UINT64_MAX: not in the log */
    unsigned *shards;  /* and which log that is */
    size_t found;
    uint32_t *numbers;
    size_t n_numbers;
    struct left_out *left_out;
    size_t n_left_out, left_out_capacity;
    struct log_span *spans;
    size_t n_spans, spans_capacity;

    /* Proofs. */
    struct proof_node *nodes;
    size_t n_nodes, nodes_capacity, node_at;
    struct store_log_tiles tiles;

    /* People: a window of the roster. */
    struct store_chunk_heads heads_list;
    struct chunk_head *heads;
    size_t n_heads, heads_capacity, head_at, wave_at;
    int64_t from, to;                 /* blocks */
    const struct chunk_head **window; /* chunks of this window */
    size_t n_window, window_at;
    struct chunk_row *chunks;
    struct receipt_row *rows;
    size_t n_rows, rows_capacity;
    struct store_chunk_get chunk;

    struct buf out; /* of the archive */
    size_t sent;
    bool out_end;
};

/* collect.c, on the lane: a page of receipts. */
void collect_begin(struct evidence_export *evidence);
void collect_numbers(struct lane_job *job, unsigned thread);
void collect_receipts(struct lane_job *job, unsigned thread);

/* people.c, on the lane: a window of people. */
void people_write(struct lane_job *job, unsigned thread);

/* proof.c */
uint64_t proof_size(const struct evidence_export *evidence, unsigned shard); /* 0: none such */
void proof_span(struct evidence_export *evidence, unsigned shard, uint64_t first, unsigned n);
void proof_plan(struct evidence_export *evidence); /* which nodes are needed */
void proof_write(struct evidence_export *evidence);

/* finish.c, on the lane: what stands in no table. */
void finish_write(struct lane_job *job, unsigned thread);
