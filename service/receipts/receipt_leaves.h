/* receipt_leaves.h - the leaves of a stored batch as the log takes them: bytes, without details. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* One leaf of a batch of n, into the empty `to`: begins at the restart point before it, and
 * inflates no further than to it. False: damaged, or there is no such slot. */
bool receipt_leaf_read(const void *leaves, size_t length, unsigned n, unsigned slot,
                       struct buf *to);

/* Inflates and walks; `each` gets leaves that end with the call. False: damaged (some may have been
 * given already). Thread-safe. */
bool receipt_leaves_read(const void *leaves, size_t length,
                         void (*each)(void *context, unsigned slot, struct slice leaf),
                         void *context);
