/* roster_codec.h - people in blocks of 128: each deflated with a dictionary and sealed with a key
 * of its own, the 32-byte seeds sealed together by the incident key. Pure; one codec per thread. */
#pragma once
#include "tocsin/recipient.h"
#include "tocsin/store.h"

struct roster_codec;
struct roster_codec *roster_codec_create(void);
void roster_codec_destroy(struct roster_codec **codec);

/* Builds one block. */
struct roster_builder {
    struct roster_codec *codec;
    const struct seal_key *incident_key;
    unsigned n;
    uint8_t seeds[ROSTER_BLOCK][SEAL_KEY_SIZE];
    struct buf body, sealed_seeds;
};
void roster_builder_init(struct roster_builder *builder, struct roster_codec *codec,
                         const struct seal_key *incident_key);
/* Adds one person; the block must not be full. Returns the slot. */
unsigned roster_builder_add(struct roster_builder *builder, const struct recipient *recipient);
/* Seals the seeds; body and sealed_seeds are then the stored bytes. */
void roster_builder_finish(struct roster_builder *builder);
/* Empty again, memory kept, seeds wiped. */
void roster_builder_reset(struct roster_builder *builder);
void roster_builder_free(struct roster_builder *builder);

/* Opens the seeds of a stored block; false: damaged or another key. */
bool roster_open_seeds(const struct roster_block *block, const struct seal_key *incident_key,
                       struct seal_key seeds[ROSTER_BLOCK]);
/* Opens one person of a block into the arena. NOT_FOUND: void slot or past the end; DENIED: erased.
 */
enum result roster_open_person(struct roster_codec *codec, const struct roster_block *block,
                               const struct seal_key seeds[ROSTER_BLOCK], unsigned slot,
                               struct arena *arena, struct recipient *ret_recipient);
static inline bool roster_is_void(const struct roster_block *block, unsigned slot)
{
    return slot >= block->n || (block->voids[slot / 8] >> (slot % 8)) & 1;
}
