/* chunk.h - reading chunk rows, shared by the chunk files and fact.c. */
#pragma once
#include "service/store/store_core.h"

/* What changes with a step. */
struct chunk_hot {
    int64_t id, incident, wave, gen;
    unsigned rung, channel, n;
    bool held;   /* an active hold covers it */
    bool marked; /* its wave has sent more than one notice version: notice_mark.h */
    enum chunk_state state;
    time_ms due_at, attention_at;
    uint8_t progress[CHUNK_MEMBERS];
};
/* NOT_FOUND; IO when the row is damaged. */
enum result chunk_hot_get(struct store_work *work, int64_t chunk, struct chunk_hot *ret_hot);

/* How a member's byte moves counters; applied once at the end. */
struct chunk_moves {
    int64_t states[MEMBER_STATES_N];
    int64_t told;
    bool changed, negative; /* something changed; to failed, bounced or returned */
};
void chunk_merge(struct chunk_hot *hot, unsigned position, uint8_t state,
                 struct chunk_moves *moves);
void chunk_count(struct store_work *work, const struct chunk_hot *hot,
                 const struct chunk_moves *moves, time_ms at);

/* The whole row into the arena, members and all. */
enum result chunk_row_get(struct store_work *work, int64_t chunk, struct arena *arena,
                          struct chunk_row *ret_row);
/* Open intents of a chunk; NULL when the arena is full. */
struct chunk_intent *chunk_intents(struct store_work *work, int64_t chunk, struct arena *arena,
                                   size_t *ret_n);
/* All who may have been sent to lie in one open intent, and the chunk is due at `now`. How many. */
unsigned chunk_doubt(struct store_work *work, int64_t chunk, time_ms now);
