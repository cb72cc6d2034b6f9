/* spool.h - one file of an archive while it is being made: bytes in, later bytes out, its size and
 * SHA-256 known in between. What is larger than one piece goes to an unlinked temporary file,
 * sealed piece by piece with a key that only this process ever has: no personal data is left on a
 * disk, whatever happens. One thread at a time. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

struct spool;
/* `directory` for the temporary file, made when it is needed; borrowed. */
struct spool *spool_create(const char *directory);
void spool_destroy(struct spool **spool);

/* Failures are sticky and told by spool_end(). */
void spool_add(struct spool *spool, const void *bytes, size_t length);
void spool_puts(struct spool *spool, const char *text);
/* No more comes in. False: the disk failed. */
bool spool_end(struct spool *spool);
uint64_t spool_size(const struct spool *spool);
const uint8_t *spool_digest(const struct spool *spool); /* after spool_end */
/* The next piece into `to` (cleared first); empty at the end. False: the disk failed, or changed
 * what was written. */
bool spool_next(struct spool *spool, struct buf *to);
