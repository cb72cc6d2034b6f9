/* store_evidence.h - what an export of an incident walks over. The conventions are those of
 * store.h. */
#pragma once
#include "tocsin/store.h"

/* The chunks of a wave in the order of their ids, without their contents. */
struct chunk_head {
    int64_t id, wave;
    uint32_t first, last; /* roster numbers */
};
struct store_chunk_heads {
    struct store_request request;
    int64_t wave;
    int64_t after; /* id of the last one seen; 0 = from the first */
    unsigned limit;
    struct chunk_head *heads; /* out */
    size_t n;
};
void store_chunk_heads(struct store *store, struct store_chunk_heads *req);
