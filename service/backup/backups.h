/* backups.h - copies of the store, on request and by the clock. Loop thread only; the copying
 * happens on a lane of its own, and the daemon goes on serving.
 *
 * Names are ours: no caller names a path. A copy counts when its manifest is on disk. Beside the
 * copies lie, replaced with each, the ledger of erasures and the newest signed checkpoint, which a
 * restore wants as new as they can be had. */
#pragma once
#include "base/result.h"
#include "base/time.h"
#include "service/backup/directory.h"
#include "tocsin/loop.h"
#include "tocsin/store.h"

struct backups;
struct delivery;

struct backups_config {
    struct loop *loop; /* outlive it, as do the strings */
    struct delivery *delivery;
    const char *store_path;
    const char *directory;         /* NULL: none is configured, and none is made */
    int64_t interval_ms;           /* 0: only on request */
    unsigned keep;                 /* of our copies in the directory; 0: all */
    const char *const *companions; /* files that are copied along; those that lack are left out */
    size_t n_companions;
    bool threads; /* false: backups_pump() runs the lane */
};
struct backups *backups_create(const struct backups_config *config);
/* The clock begins: a copy is due an interval after the newest there is. */
void backups_start(struct backups *backups);
/* No more are begun; `done` comes once, when none is under way, never from inside. */
void backups_stop(struct backups *backups, void (*done)(void *context), void *context);
void backups_destroy(struct backups **backups);
bool backups_pump(struct backups *backups);

/* One copy, now. */
struct backup_make {
    void (*cb)(struct backup_make *make);
    id principal;       /* 0: by the clock */
    enum result result; /* out: CONFLICT: no directory, or one is under way; else of the disk */
    struct error error;
    char name[BACKUP_NAME_SIZE];  /* out */
    struct json_object *manifest; /* out: the caller puts it */
};
void backups_make(struct backups *backups, struct backup_make *make);

struct backups_stats {
    bool configured, running;
    time_ms newest_at; /* of whole copies in the directory; TIME_NONE: there is none */
    int64_t interval_ms;
    uint64_t made, failed; /* since the start */
};
struct backups_stats backups_stats(const struct backups *backups);
/* Static sentences: a copy is overdue (two intervals old), or the last one failed. 0: all is well.
 */
size_t backups_problems(const struct backups *backups, const char **reasons, size_t most);
/* NULL: none is configured. */
const char *backups_directory(const struct backups *backups);
