/* verify.h - is a served log what its signature says? Fetches through a callback, so that tests can
 * serve from memory. Private to service/ctl. One thread. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"
#include "tocsin/tlog.h"

struct verify {
    /* Appends the body of "/log/..."; false: it cannot be had. */
    bool (*fetch)(void *context, const char *path, struct buf *to);
    void *context;
    struct note_verifier key; /* of the log */
    bool tiles_only;          /* hash level-0 tiles, not entries */
    bool earlier;             /* the log must extend this checkpoint */
    uint64_t earlier_size;
    struct merkle_hash earlier_root;
    bool witnessed; /* this witness must have cosigned */
    struct note_verifier witness;

    struct buf note;              /* out: the checkpoint; initialised and freed by the caller */
    struct checkpoint checkpoint; /* out: borrows from `note` */

    /* private */
    struct tile_edge edge;
    struct error *error;
    bool wrong;
};
/* False: *error names the first thing that is wrong by its path. */
bool verify_log(struct verify *verify, struct error *error);
