/* manifest.h - what a copy says of itself: a JSON file beside it. Blocks; any thread. */
#pragma once
#include "base/json.h"
#include "tocsin/store_backup.h"

/* {"at","erasures","file","incidents","log_size","receipts","schema","sha256","size","v","version"}.
 * The caller puts it. */
struct json_object *manifest_make(const char *file, const struct store_backup *backup);
/* Writes it to `path`, synced with its directory; an older one is replaced in one step. */
bool manifest_write(const char *path, struct json_object *manifest);
/* NULL: there is none, or it is damaged. The caller puts it. */
struct json_object *manifest_read(const char *path);
