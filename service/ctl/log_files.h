/* log_files.h - small files that must be whole: keys, checkpoints, a witness's state. errno says
 * what failed. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* A new file of mode 0400, on disk; false: it is there already, or the disk failed. */
bool file_create(const char *path, struct slice bytes);
/* Written beside, synced, renamed over, its folder synced: the old or the new, never a part. */
bool file_replace(const char *path, struct slice bytes);
/* Appends the whole file, up to the buffer's limit. */
bool file_read(const char *path, struct buf *to);
