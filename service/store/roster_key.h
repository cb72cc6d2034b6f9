/* roster_key.h - blind keys of a roster: unique recipient ids, and who has this account, address or
 * telephone. */
#pragma once
#include "service/store/store_core.h"

enum { KINDS = 4 }; /* recipient_id, account_id, email, phone */

/* Whose keys a run holds. `upload` is 0 once it is closed. */
struct roster_run {
    id incident;
    int kind;
    id upload;
};

/* Adds the keys of one append to its upload. Kind-0 keys that are there already (in the roster or
 * earlier in this append) set the bit of their slot in `voids` (n_blocks x 16 bytes) and raise
 * req->duplicates. INVALID: a key of a number that is in none of the blocks. */
struct upload_row;
enum result roster_keys_add(struct store_work *work, struct store_roster_append *req,
                            const struct upload_row *upload, uint8_t *voids);
/* Keys of one upload as they are, past all checks: of people who come back to the roster. */
void roster_keys_revive(struct store_work *work, id incident, const struct roster_key *keys,
                        size_t n);
/* The upload can no longer be aborted: its runs may be merged with others. */
void roster_keys_close(struct store_work *work, id incident, id upload);
/* Deletes the keys of an upload. */
void roster_keys_forget(struct store_work *work, id incident, id upload);

/* Deletes one person's key from its run, whose other keys stay. Adds what identifies it
 * (BLIND_SIZE + 4 bytes: blind and number) to `gone` when it was there. */
struct buf;
void roster_keys_drop(struct store_work *work, id incident, const struct roster_key *key,
                      struct buf *gone);

/* Numbers with this key, in no order; mem_free(numbers). */
struct roster_matches {
    uint32_t *numbers;
    size_t n;
};
void roster_keys_find(struct store_work *work, const struct store_roster_find *req,
                      struct roster_matches *matches);

/* roster_filter.c: what the writer remembers of one incident's kind-0 keys: "surely new" or "look".
 */
struct roster_filter;
bool filter_maybe(const struct roster_filter *filter, const uint8_t *blind);
void filter_add(struct roster_filter *filter, const uint8_t *blind);
/* The filter of this incident with room for `more` keys; built from the runs when another one, or
 * none, is there. Owned by *work->filter. */
struct roster_filter *filter_of(struct store_work *work, id incident, size_t more);
void filter_free(struct roster_filter **filter);
