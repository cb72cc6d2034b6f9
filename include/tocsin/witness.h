/* witness.h - a witness of one log (c2sp.org/tlog-witness): cosigns a checkpoint only when it
 * extends the last one it saw, and remembers it before it answers. Pure but for `save`; one thread
 * at a time. */
#pragma once
#include "tocsin/tlog.h"

struct witness {
    struct note_signer signer; /* of its cosignatures */
    struct note_verifier log;  /* the one log it knows */
    uint64_t size;             /* the last tree it saw */
    struct merkle_hash root;
    /* Makes the new state durable; false: it is not, and nothing is signed. */
    bool (*save)(void *context, uint64_t size, const struct merkle_hash *root);
    void *context;
};

/* The state as text, and back: "<origin>\n<size>\n<base64 root>\n". */
void witness_state_format(struct buf *to, const struct witness *witness);
/* False: damaged, or of another log. */
bool witness_state_parse(struct witness *witness, struct slice text);

/* Answers one add-checkpoint at `now` (seconds since 1970): the HTTP status; `reply` is what to
 * send, `*ret_type` its media type. 200, 400, 403, 404, 409, 422, 500. */
int witness_answer(struct witness *witness, struct slice body, uint64_t now, struct buf *reply,
                   const char **ret_type);
