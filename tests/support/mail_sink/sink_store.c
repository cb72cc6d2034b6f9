/* sink_store.c - mails as files: written beside, then renamed, so that a name always means a whole
 * mail; with --sync on disk (file and directory) before the sender hears 250. Fails as 0. */

/* System. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* This module. */
#include "tests/support/mail_sink/sink.h"

static atomic_ulong last;

unsigned long sink_stored(void)
{
    return atomic_load(&last);
}

static bool write_all(int fd, const char *at, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n <= 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

unsigned long sink_store(const struct sink_options *options, const char *mail, size_t length)
{
    unsigned long number = atomic_fetch_add(&last, 1) + 1;
    if (!options->dir)
        return number;
    char path[4200], temporary[4200];
    snprintf(path, sizeof(path), "%s/%08lu.eml", options->dir, number);
    snprintf(temporary, sizeof(temporary), "%s/.%08lu.new", options->dir, number);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, mail, length) && (!options->sync || fsync(fd) == 0);
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(temporary, path) == 0;
    good = good && (!options->sync || sync_directory(options->dir));
    return good ? number : 0;
}
