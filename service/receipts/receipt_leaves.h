/* receipt_leaves.h - the leaves of a stored batch as the log takes them: bytes, without details. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Inflates and walks; `each` gets leaves that end with the call. False: damaged (some may have been
 * given already). Thread-safe. */
bool receipt_leaves_read(const void *leaves, size_t length,
                         void (*each)(void *context, unsigned slot, struct slice leaf),
                         void *context);
