/* retries.h - the engine's own bytes on a chunk: until when evidence is awaited, and the members
 * that must be tried again. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/time.h"
#include "tocsin/store.h"

/* TAKEN_BACK counts, up to three, how often the provider had it and we took it back (a hold): under
 * the old key the provider would answer for what is gone, so each time gets a key of its own. */
enum { RETRY_WAS_UNCERTAIN = 1, RETRY_QUERY = 2, RETRY_TAKEN_BACK = 4, RETRY_TAKEN_BACK_MASK = 12 };
struct retry {
    uint16_t position;
    uint8_t attempt; /* attempts made */
    uint8_t flags;
    time_ms due_at;
};
struct retries {
    time_ms evidence_until; /* 0: nothing is awaited */
    unsigned n;
    struct retry list[CHUNK_MEMBERS];
};
void retries_write(struct buf *to, const struct retries *retries);
/* An absent blob is an empty list; false: damaged. */
bool retries_read(struct retries *ret, struct blob bytes);
/* NULL when the member has none. */
struct retry *retries_find(struct retries *retries, uint16_t position);
/* Adds or replaces. */
void retries_put(struct retries *retries, struct retry retry);
void retries_remove(struct retries *retries, uint16_t position);
/* The earliest due time of all; TIME_NONE when the list is empty. */
time_ms retries_due(const struct retries *retries);
/* Full-jitter-half backoff: between half and all of base * 2^(attempt-1), at most `most`; `random`
 * is any 32 bits. */
int64_t backoff_ms(int64_t base, int64_t most, unsigned attempt, uint32_t random);
