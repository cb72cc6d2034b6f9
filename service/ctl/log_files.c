/* log_files.c - see log_files.h. Failure modes: a short write, a failed fsync, a missing folder:
 * false, and the old file is as it was. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/log_files.h"

static bool write_all(int fd, struct slice bytes)
{
    size_t done = 0;

    while (done < bytes.length) {
        ssize_t n = write(fd, bytes.data + done, bytes.length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? mem_strdup(".")
                   : slash == path ? mem_strdup("/")
                                   : mem_strndup(path, (size_t)(slash - path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        (void)close(fd);
    mem_free(folder);
    return good;
}

static bool write_new(const char *path, struct slice bytes, int flags, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    bool good;

    if (fd < 0)
        return false;
    good = write_all(fd, bytes);
    return close(fd) == 0 && good;
}

bool file_create(const char *path, struct slice bytes)
{
    return write_new(path, bytes, O_EXCL, 0400) && sync_folder(path);
}

bool file_replace(const char *path, struct slice bytes)
{
    struct buf part;
    bool good;

    buf_init(&part, SIZE_MAX);
    (void)buf_printf(&part, "%s.part", path);
    good = write_new(part.data, bytes, O_TRUNC, 0600) && rename(part.data, path) == 0 &&
           sync_folder(path);
    buf_free(&part);
    return good;
}

bool file_read(const char *path, struct buf *to)
{
    FILE *file = fopen(path, "re");
    char bytes[4096];
    size_t n;
    bool good;

    if (file == NULL)
        return false;
    while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
        (void)buf_add(to, bytes, n);
    good = ferror(file) == 0 && !to->failed;
    (void)fclose(file);
    return good;
}
