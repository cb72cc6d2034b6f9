/* witness.c - add-checkpoint of c2sp.org/tlog-witness v1.0.0. Happy path: the log's signature
 * holds, the proof shows growth from what was seen last, the new state is on disk, then the
 * cosignature. Failure modes, each with the status of the specification: a malformed body (400), an
 * unknown log (404), a bad signature (403), another old size than ours (409, with ours), a tree
 * that does not extend it (422); a disk that fails (500) signs nothing. */
/* System. */
#include <inttypes.h>
#include <string.h>

/* Interfaces. */
#include "tocsin/witness.h"

/* This module. */
#include "service/receipts/tlog_private.h"

enum { PROOF_LINES_MAX = 63 };
static const char text_type[] = "text/plain; charset=utf-8";
static const char size_type[] = "text/x.tlog.size";

void witness_state_format(struct buf *to, const struct witness *witness)
{
    checkpoint_format(to, witness->log.name, witness->size, &witness->root);
}

bool witness_state_parse(struct witness *witness, struct slice text)
{
    struct checkpoint checkpoint;
    if (!checkpoint_parse(text, &checkpoint) || !slice_equal(checkpoint.origin, witness->log.name))
        return false;
    witness->size = checkpoint.size;
    witness->root = checkpoint.root;
    return true;
}

struct submission {
    uint64_t old;
    struct merkle_proof proof;
    struct note note;
    struct checkpoint checkpoint;
};

static bool read_submission(struct slice body, struct submission *to)
{
    struct slice line;
    to->proof.n = 0;
    if (!tlog_line(&body, &line) || line.length < 5 || memcmp(line.data, "old ", 4) != 0 ||
        !tlog_decimal((struct slice){line.data + 4, line.length - 4}, &to->old))
        return false;
    while (tlog_line(&body, &line)) {
        if (line.length == 0)
            return note_split(body, &to->note) && checkpoint_parse(to->note.text, &to->checkpoint);
        if (to->proof.n == PROOF_LINES_MAX || !tlog_hash(line, &to->proof.hashes[to->proof.n++]))
            return false;
    }
    return false;
}

static int say(struct buf *reply, int status, const char *sentence)
{
    buf_puts(reply, sentence);
    return status;
}

/* The checks behind the signature, in the order of the specification. */
static int judge(const struct witness *witness, const struct submission *got, struct buf *reply,
                 const char **ret_type)
{
    struct merkle_growth growth = {witness->size, got->checkpoint.size, witness->root,
                                   got->checkpoint.root};
    struct merkle_hash empty;
    if (got->old > got->checkpoint.size)
        return say(reply, 400, "the old size is larger than the checkpoint's\n");
    bool other_root = got->old == got->checkpoint.size && got->old == witness->size &&
                      !merkle_equal(&witness->root, &got->checkpoint.root);
    if (got->old != witness->size || other_root) {
        *ret_type = size_type;
        buf_printf(reply, "%" PRIu64 "\n", witness->size);
        return 409;
    }
    merkle_empty(&empty);
    if (got->checkpoint.size == 0 && !merkle_equal(&got->checkpoint.root, &empty))
        return say(reply, 422, "the root of an empty log is another\n");
    if (got->old == 0)
        growth.from_root = empty;
    if (!merkle_check_consistency(&growth, &got->proof))
        return say(reply, 422, "the checkpoint does not extend the one seen last\n");
    return 200;
}

int witness_answer(struct witness *witness, struct slice body, uint64_t now, struct buf *reply,
                   const char **ret_type)
{
    struct submission got;
    *ret_type = text_type;
    if (!read_submission(body, &got))
        return say(reply, 400, "this is no add-checkpoint request\n");
    if (!slice_equal(got.checkpoint.origin, witness->log.name))
        return say(reply, 404, "this log is not known here\n");
    if (note_check(&got.note, &witness->log, NULL) != NOTE_VERIFIED)
        return say(reply, 403, "the log's signature does not hold\n");
    int status = judge(witness, &got, reply, ret_type);
    if (status != 200)
        return status;
    if (!witness->save(witness->context, got.checkpoint.size, &got.checkpoint.root))
        return say(reply, 500, "the state cannot be written: look at the disk\n");
    witness->size = got.checkpoint.size;
    witness->root = got.checkpoint.root;
    note_sign(reply, got.note.text, &witness->signer, now);
    return 200;
}
