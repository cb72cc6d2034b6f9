/* directory.h - the copies that lie in a directory. Blocks; any thread. A copy is a file of our
 * naming with its manifest beside it; all else is left alone. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

enum { BACKUP_NAME_SIZE = 48 };
struct backup_entry {
    char name[BACKUP_NAME_SIZE]; /* "tocsin-20261123T200238.120Z.db" */
    time_ms at;
};
/* "tocsin-<time>.db" of a copy made then. */
void backup_name(char to[BACKUP_NAME_SIZE], time_ms at);
/* Of our naming, and nothing else: no slash, no dots before. */
bool backup_name_ok(const char *name);
/* Whole copies, newest first; the caller frees *ret_entries with mem_free. False: the directory
 * does not open. */
bool directory_list(const char *directory, struct backup_entry **ret_entries, size_t *ret_n);
/* Removes all but the newest `keep` (0: removes none), and what a crash left half made. */
void directory_prune(const char *directory, size_t keep);
