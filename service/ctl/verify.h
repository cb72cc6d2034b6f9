/* verify.h - a whole log, hashed again from what its server gives away. One thread. */
#pragma once
#include "base/buf.h"
#include "base/result.h"
#include "tocsin/tlog.h"

struct verify {
    /* Set by the caller. */
    bool (*fetch)(void *context, const char *path, struct buf *to); /* "/log/..."; says why not */
    void *context;
    struct note_verifier key;
    const char *prefix; /* "/log", or that of a log that has ended */
    bool given;         /* the checkpoint is given (by the next log's first entry), not fetched */
    bool tiles_only;    /* entries are not asked for: they need a role */
    bool earlier;       /* it must extend this checkpoint, whose signature was checked */
    uint64_t earlier_size;
    struct merkle_hash earlier_root;
    bool witnessed; /* this witness must have cosigned */
    struct note_verifier witness;
    struct buf note; /* initialised; out: the checkpoint */

    struct checkpoint checkpoint; /* out, or given; borrows from note */
    struct buf first;             /* initialised; out: the entry at index 0, unless tiles_only */
    /* private */
    struct tile_edge edge;
    struct error *error;
    bool wrong;
};
/* False: the first thing that is wrong. */
bool verify_log(struct verify *verify, struct error *error);
