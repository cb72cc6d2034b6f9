/* spool.c - see the header. Happy path: a piece fills up, is sealed under its number and written;
 * reading opens the pieces in turn. Failure modes: no temporary file, a full disk, bytes that came
 * back changed: false. */
/* System. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/spool.h"

enum { PIECE = 256 << 10, SEALED = PIECE + SEAL_OVERHEAD, BOUND_SIZE = 32 };

struct spool {
    const char *directory;
    int file; /* -1: all of it fits into `piece` */
    struct seal_key key;
    struct buf piece, sealed;
    struct sha256_stream *stream;
    uint8_t digest[DIGEST_SIZE];
    uint64_t size;
    uint64_t written, read; /* pieces */
    bool failed, ended, last_read;
};

struct spool *spool_create(const char *directory)
{
    struct spool *spool = mem_new(struct spool);
    spool->directory = directory;
    spool->file = -1;
    seal_key_random(&spool->key);
    buf_init(&spool->piece, PIECE);
    buf_init(&spool->sealed, SEALED);
    spool->stream = sha256_begin();
    return spool;
}

void spool_destroy(struct spool **place)
{
    struct spool *spool = *place;
    if (spool == NULL)
        return;
    if (spool->file >= 0)
        (void)close(spool->file);
    if (spool->stream != NULL)
        sha256_end(&spool->stream, NULL);
    buf_wipe(&spool->piece);
    buf_free(&spool->sealed);
    seal_key_wipe(&spool->key);
    mem_free(spool);
    *place = NULL;
}

/* Some file systems have no O_TMPFILE: there a name is made and taken away at once. */
static int open_unnamed(const char *directory)
{
    char path[4096];
    int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0)
        return file;
    int length = snprintf(path, sizeof(path), "%s/.export-XXXXXX", directory);
    if (length < 0 || (size_t)length >= sizeof(path))
        return -1;
    file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        (void)unlink(path);
    return file;
}

static const char *bound_of(char to[BOUND_SIZE], uint64_t piece)
{
    snprintf(to, BOUND_SIZE, "spool:%llu", (unsigned long long)piece);
    return to;
}

static bool write_piece(struct spool *spool)
{
    char bound[BOUND_SIZE];
    size_t done = 0;
    if (spool->file < 0)
        spool->file = open_unnamed(str_or(spool->directory, "/tmp"));
    buf_clear(&spool->sealed);
    if (spool->file < 0 || !seal_add(&spool->sealed, &spool->key, bound_of(bound, spool->written),
                                     spool->piece.data, spool->piece.length))
        return false;
    while (done < spool->sealed.length) {
        ssize_t n = write(spool->file, spool->sealed.data + done, spool->sealed.length - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    spool->written++;
    buf_clear(&spool->piece);
    return true;
}

void spool_add(struct spool *spool, const void *bytes, size_t length)
{
    const char *at = bytes;
    require(!spool->ended);
    sha256_add(spool->stream, bytes, length);
    spool->size += length;
    while (length > 0 && !spool->failed) {
        size_t room = PIECE - spool->piece.length, n = length < room ? length : room;
        buf_add(&spool->piece, at, n);
        at += n;
        length -= n;
        if (spool->piece.length == PIECE)
            spool->failed = !write_piece(spool);
    }
}

void spool_puts(struct spool *spool, const char *text)
{
    struct slice slice = slice_of(text);
    spool_add(spool, slice.data, slice.length);
}

bool spool_end(struct spool *spool)
{
    if (spool->ended)
        return !spool->failed;
    spool->ended = true;
    sha256_end(&spool->stream, spool->digest);
    if (spool->file >= 0 && lseek(spool->file, 0, SEEK_SET) != 0)
        spool->failed = true;
    return !spool->failed;
}

uint64_t spool_size(const struct spool *spool)
{
    return spool->size;
}

const uint8_t *spool_digest(const struct spool *spool)
{
    require(spool->ended);
    return spool->digest;
}

static bool read_piece(struct spool *spool, struct buf *to)
{
    char bound[BOUND_SIZE];
    size_t done = 0;
    buf_clear(&spool->sealed);
    char *room = buf_reserve(&spool->sealed, SEALED);
    while (room != NULL && done < SEALED) {
        ssize_t n = read(spool->file, room + done, SEALED - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return room != NULL && seal_open(to, &spool->key, bound_of(bound, spool->read++), room, SEALED);
}

bool spool_next(struct spool *spool, struct buf *to)
{
    buf_clear(to);
    if (spool->failed)
        return false;
    if (spool->read < spool->written)
        return read_piece(spool, to);
    if (!spool->last_read)
        buf_add(to, spool->piece.data, spool->piece.length);
    spool->last_read = true;
    return !to->failed;
}
