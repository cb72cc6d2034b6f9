/* audit.h - checks an archive of evidence offline. Shares no code with what writes it but hashes,
 * JSON and the tree's arithmetic. Private to service/ctl. */
#pragma once
#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/result.h"
#include "base/str.h"
#include "base/timestamp.h"
#include "service/ctl/ctl.h"
#include "tocsin/csv.h"
#include "tocsin/tlog.h"

enum { AUDIT_FILES_MAX = 256, AUDIT_ANCHORS_MAX = 1000 };

struct audit_file {
    char name[96];
    uint64_t size;
    uint8_t digest[DIGEST_SIZE];
};

struct audit_leaf {
    uint64_t index;
    unsigned shard; /* 0: of the newest log */
    struct merkle_hash hash;
};
struct audit_node {
    uint64_t from;         /* the first leaf below it */
    unsigned level, shard; /* 0: of the newest log */
    struct merkle_hash hash;
};
/* A log that has ended. */
struct audit_shard {
    unsigned number;
    uint64_t size;
    struct merkle_hash root;
};

struct audit {
    const char *path;      /* of the archive */
    const char *key;       /* verifier key given by the user; NULL: the archive's own */
    const char *recipient; /* NULL: nobody in particular */
    struct error error;    /* the first thing that is wrong */

    struct audit_file files[AUDIT_FILES_MAX];
    size_t n_files;
    /* Small files, whole. */
    struct buf manifest_text, note, sum, checkpoint, keys, summary_text;
    struct json_object *manifest;
    struct json_object *notices; /* {"en": {"md": text, "json": {...}}} */

    /* From the lines. */
    struct json_object *counts; /* as summary.json, made anew */
    uint64_t receipts, openings, people, outside;
    int64_t rows_accepted; /* by the roster's receipts */
    int64_t rows_waiting;  /* of parts that were not committed yet */
    bool parts_named, parts_committed;
    struct audit_leaf *leaves;
    size_t n_leaves, leaves_capacity;
    struct audit_line {
        uint8_t commitment[DIGEST_SIZE]; /* zeros: none */
        uint64_t row;                    /* what receipts.csv must say: first bytes of a digest */
        bool told;                       /* of this kind */
    } * commitments;                     /* by line */
    size_t commitments_capacity;
    struct audit_node *nodes;
    size_t n_nodes, nodes_capacity;
    struct audit_shard *shards;
    size_t n_shards;
    uint8_t *told_numbers; /* a bit for each roster number that an opened receipt tells */
    size_t told_bytes;

    struct timestamp_trust *trust; /* NULL: timestamps cannot be checked */
    struct audit_anchor {
        uint64_t size;
        struct merkle_hash root;
        struct merkle_proof growth;
        time_ms at;
    } * anchors;
    size_t n_anchors;
    struct buf anchor_notes; /* the stamped checkpoints, each with its NUL */

    struct buf csv_row;
    bool csv_begun;
    uint64_t csv_rows;

    /* For one recipient. */
    uint64_t *lines; /* of receipts about the recipient, ascending */
    size_t n_lines, line_at;
    struct buf person; /* the line of people.ndjson */
    struct buf opened; /* the openings, a line each */
    bool telling;      /* second reading: receipts of `lines` are kept */
    struct buf told;   /* those receipts, a line each */
};

/* audit.c: everything; false: audit->error. */
struct audit *audit_create(void);
bool audit_check(struct audit *audit);
void audit_destroy(struct audit **audit);
/* audit_archive.c */
enum ctl_exit audit_archive(struct ctl *ctl, const char *path);

/* Sets the error unless one is set; false. */
bool audit_wrong(struct audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* audit_read.c: walks the archive; every file's hash, and its content's own checks. */
bool audit_read(struct audit *audit);
/* audit_lines.c: a line without its end. */
bool audit_receipt(struct audit *audit, const char *line, size_t length);
bool audit_opening(struct audit *audit, const char *line, size_t length);
bool audit_person(struct audit *audit, const char *line, size_t length);
bool audit_tree_node(struct audit *audit, const char *line, size_t length);
/* The values of a leaf's members of these names, with their quotes; those that are not there stay.
 */
void audit_leaf_members(struct slice leaf, const char *const *names, size_t n,
                        struct slice *values);
/* audit_csv.c: receipts.csv, which comes behind receipts.ndjson. */
struct audit_row {
    struct slice receipt, index, leaf; /* values as they stand in the line */
};
uint64_t audit_csv_expect(struct audit *audit, const struct audit_row *from);
struct audit_csv;
struct audit_csv *audit_csv_begin(struct audit *audit);
bool audit_csv_add(struct audit_csv *csv, const char *bytes, size_t length);
bool audit_csv_end(struct audit_csv **csv, bool good);
/* Keeps the hash of a leaf of a log (0: the newest). */
void audit_keep_leaf(struct audit *audit, unsigned shard, uint64_t index, struct slice text);
/* audit_tree.c: a line; then all trees. */
bool audit_shard(struct audit *audit, const char *line, size_t length);
bool audit_tree(struct audit *audit);
/* audit_sums.c: manifest against files, signature, sums, notices. */
bool audit_manifest(struct audit *audit);
bool audit_signature(struct audit *audit);
bool audit_counts(struct audit *audit);
bool audit_notices(struct audit *audit);
/* Is the note signed by a key that counts? */
bool audit_note(struct audit *audit, const char *name, struct slice bytes);
/* audit_anchor.c: timestamps of checkpoints; a line, then all of them against the tree. */
bool audit_trust(struct audit *audit, const char *path);
bool audit_anchor(struct audit *audit, const char *line, size_t length);
bool audit_anchors(struct audit *audit, const struct checkpoint *now);
/* audit_person.c: in words. */
bool audit_tell(struct audit *audit, FILE *to);
