/* fault_vfs.c - see fault_vfs.h. Each file of the shim holds the real one behind it; everything is
 * passed on but the calls that are to fail. */
/* System. */
#include <stdatomic.h>
#include <string.h>

/* Libraries. */
#include <sqlite3.h>

/* This module. */
#include "tests/support/fault_vfs.h"

static atomic_int syncs, writes, sync_at, write_at;
static atomic_bool struck;
static sqlite3_vfs *real_vfs;

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static bool strikes(atomic_int *calls, atomic_int *at)
{
    int call = atomic_fetch_add(calls, 1) + 1, first = atomic_load(at);
    if (first == 0 || call < first)
        return false;
    atomic_store(&struck, true);
    return true;
}

static int on_close(sqlite3_file *file)
{
    int code = real(file)->pMethods->xClose(real(file));
    file->pMethods = NULL;
    return code;
}
static int on_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return real(file)->pMethods->xRead(real(file), to, n, at);
}
static int on_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    if (strikes(&writes, &write_at))
        return SQLITE_FULL;
    return real(file)->pMethods->xWrite(real(file), from, n, at);
}
static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}
static int on_sync(sqlite3_file *file, int flags)
{
    if (strikes(&syncs, &sync_at))
        return SQLITE_IOERR_FSYNC;
    return real(file)->pMethods->xSync(real(file), flags);
}
static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}
static int on_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}
static int on_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}
static int on_check_lock(sqlite3_file *file, int *out)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
static int on_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}
static int on_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}
static int on_device(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
static int on_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
static void on_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}
static int on_shm_unmap(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_device,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct fault_file *fault = (struct fault_file *)file;
    (void)vfs;
    fault->base.pMethods = NULL;
    fault->real = (sqlite3_file *)(void *)(fault + 1);
    memset(fault->real, 0, (size_t)real_vfs->szOsFile);
    int code = real_vfs->xOpen(real_vfs, name, fault->real, flags, out);
    if (code == SQLITE_OK)
        fault->base.pMethods = &methods;
    else if (fault->real->pMethods != NULL)
        fault->real->pMethods->xClose(fault->real);
    return code;
}

void fault_vfs_install(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs; /* all but xOpen needs no more than its own pAppData */
    vfs.zName = "fault";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    vfs.xOpen = on_open;
    sqlite3_vfs_register(&vfs, 1);
}

void fault_vfs_sync_fails(int n)
{
    fault_vfs_clear();
    atomic_store(&sync_at, n);
}

void fault_vfs_write_fails(int n)
{
    fault_vfs_clear();
    atomic_store(&write_at, n);
}

void fault_vfs_clear(void)
{
    atomic_store(&sync_at, 0);
    atomic_store(&write_at, 0);
    atomic_store(&syncs, 0);
    atomic_store(&writes, 0);
    atomic_store(&struck, false);
}

int fault_vfs_syncs(void)
{
    return atomic_load(&syncs);
}

int fault_vfs_writes(void)
{
    return atomic_load(&writes);
}

bool fault_vfs_struck(void)
{
    return atomic_load(&struck);
}
