/* fault_vfs.h - a disk that fails on command, below SQLite: the default VFS with a countdown. */
#pragma once
#include <stdbool.h>

/* Registers the shim as SQLite's default VFS; once a process, before a database is opened. */
void fault_vfs_install(void);

/* Fails the n-th call from now (1 = the next) and every later one, until fault_vfs_clear(). */
void fault_vfs_sync_fails(int n);  /* xSync: SQLITE_IOERR_FSYNC */
void fault_vfs_write_fails(int n); /* xWrite: SQLITE_FULL, as on a full disk */
void fault_vfs_clear(void);

/* Calls since the last clear. */
int fault_vfs_syncs(void);
int fault_vfs_writes(void);
/* Did a fault strike since the last clear? */
bool fault_vfs_struck(void);
