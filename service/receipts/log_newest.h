/* log_newest.h - how far the log had come, as others know it: a checkpoint kept beside the store,
 * one that an operator brings, what a witness says. A store that has less was rolled back, whoever
 * did it, and must not sign. Loop thread. */
#pragma once
#include "base/result.h"
#include "service/receipts/receipt_log.h"

struct log_newest_file {
    const char *path;
    bool must; /* else one that lacks, or is of no key of ours, is passed over */
};
enum { LOG_NEWEST_FILES_MAX = 4 };

/* Caller-owned; `cb` comes once, never from inside the call. */
struct log_newest_compare {
    struct loop *loop;
    struct store *store;
    struct http_client *client; /* may be NULL without witnesses */
    const struct note_signer *signers;
    size_t n_signers; /* 0: nothing can be compared, and nothing is found */
    struct log_newest_file files[LOG_NEWEST_FILES_MAX];
    size_t n_files;
    const struct receipt_log_witness *witnesses;
    size_t n_witnesses;
    void (*cb)(struct log_newest_compare *compare);

    enum result result; /* INVALID: a file that must be read is no checkpoint of this log */
    struct error error;
    uint64_t ours, seen; /* out: receipts in the log here, and the most that anybody has seen */
    bool behind, forked; /* out: seen > ours; or another tree of a size that is here */
    const char *source;  /* out: of `seen`, or of the fork: a path or a URL; NULL: none had any */

    /* private */
    struct arena *arena;
    size_t at;
    struct store_log_head head;
    struct store_log_checkpoint newest;
    struct store_log_tiles tiles;
    struct tile_set *set;
    struct merkle_hash root; /* that the set must have */
    struct http_fetch fetch;
    struct buf body;
    char *url;
};
void log_newest_compare(struct log_newest_compare *compare);

/* Replaces the file in one step. A power cut may lose it: it is one of several. False: said in the
 * log. */
bool log_newest_keep(const char *path, struct slice note);
