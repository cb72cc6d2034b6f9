/* reader.c - see the header. Failure modes: a copy that is removed while it is read stays readable
 * (its descriptor is open); an error of the disk is BACKUP_FAIL. */
/* System. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/json.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/lane.h"

/* This module. */
#include "service/backup/backups_private.h"
#include "service/backup/manifest.h"
#include "service/backup/reader.h"

enum { BLOCK = 1 << 20 };

struct backup_reader {
    struct lane_job job;
    struct lane *lane;
    void (*ready)(void *context);
    void *context;
    int fd;
    bool busy, closed, waiting;
    ssize_t have; /* of the block; 0: the end; < 0: an error */
    size_t at;
    char block[BLOCK];
};

static void read_work(struct lane_job *job, unsigned thread)
{
    struct backup_reader *it = container_of(job, struct backup_reader, job);

    (void)thread;
    it->have = read(it->fd, it->block, BLOCK);
}

static void reader_free(struct backup_reader *it)
{
    close(it->fd);
    mem_free(it);
}

static void read_done(struct lane_job *job)
{
    struct backup_reader *it = container_of(job, struct backup_reader, job);

    it->busy = false;
    it->at = 0;
    if (it->closed) {
        reader_free(it);
    } else if (it->waiting) {
        it->waiting = false;
        it->ready(it->context);
    }
}

static void read_next(struct backup_reader *it)
{
    it->busy = true;
    it->job.work = read_work;
    it->job.done = read_done;
    lane_submit(it->lane, &it->job);
}

static int open_whole(const char *directory, const char *name)
{
    struct buf path;
    struct json_object *manifest;
    int fd = -1;

    if (directory == NULL || !backup_name_ok(name))
        return -1;
    buf_init(&path, SIZE_MAX);
    buf_printf(&path, "%s/%s.json", directory, name);
    manifest = manifest_read(path.data);
    if (manifest != NULL) {
        buf_clear(&path);
        buf_printf(&path, "%s/%s", directory, name);
        fd = open(path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    json_object_put(manifest);
    buf_free(&path);
    return fd;
}

struct backup_reader *backup_reader_open(struct backups *backups, const char *name,
                                         void (*ready)(void *context), void *context)
{
    const int fd = open_whole(backups_directory(backups), name);
    struct backup_reader *it;

    if (fd < 0)
        return NULL;
    it = mem_new(struct backup_reader);
    it->lane = backups_lane(backups);
    it->ready = ready;
    it->context = context;
    it->fd = fd;
    read_next(it);
    return it;
}

long backup_reader_pull(struct backup_reader *it, char *to, size_t size)
{
    size_t n;

    if (it->busy) {
        it->waiting = true;
        return BACKUP_WAIT;
    }
    if (it->have <= 0)
        return it->have == 0 ? BACKUP_END : BACKUP_FAIL;
    n = (size_t)it->have - it->at;
    n = n < size ? n : size;
    memcpy(to, it->block + it->at, n);
    it->at += n;
    if (it->at == (size_t)it->have)
        read_next(it);
    return (long)n;
}

void backup_reader_close(struct backup_reader **reader)
{
    struct backup_reader *it = *reader;

    *reader = NULL;
    if (it == NULL)
        return;
    it->closed = true;
    if (!it->busy)
        reader_free(it);
}
