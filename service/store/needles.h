/* needles.h - the first bytes of what an erasure deletes, for the look at the file that follows.
 * For the store's own files. */
#pragma once
#include "base/buf.h"
#include "service/store/store_core.h"
#include "tocsin/store_preference.h"

/* Notes a sealed value that goes; short ones hold nothing. */
void needle_add(struct buf *gone, struct blob sealed);
/* The needles in the arena; `gone` is wiped. */
struct needle *needles_keep(struct store_work *work, struct arena *arena, struct buf *gone,
                            size_t *ret_n);
/* preference.c: deletes those of the keys that have a row, and says how many. */
size_t preferences_drop(struct store_work *work, const struct preference_key *keys, size_t n,
                        struct buf *gone);
