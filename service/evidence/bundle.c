/* bundle.c - see the header. libarchive hands its bytes to a callback, which gathers them; a step
 * writes one header or one piece. */
/* System. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/bundle.h"

struct bundle_writer {
    struct archive *archive;
    struct buf *to; /* of the present call */
    struct buf piece;
    size_t at;
    bool in_file, closed, failed;
};

void bundle_init(struct bundle *bundle, const char *directory)
{
    memset(bundle, 0, sizeof(*bundle));
    bundle->directory = directory;
}

void bundle_free(struct bundle *bundle)
{
    struct bundle_writer *writer = bundle->writer;
    struct buf rest;
    buf_init(&rest, SIZE_MAX);
    if (writer != NULL) {
        writer->to = &rest; /* freeing may flush */
        archive_write_free(writer->archive);
        buf_wipe(&writer->piece);
        mem_free(writer);
    }
    buf_wipe(&rest);
    for (size_t i = 0; i < bundle->n; i++)
        spool_destroy(&bundle->files[i].spool);
    memset(bundle, 0, sizeof(*bundle));
}

struct spool *bundle_add(struct bundle *bundle, const char *name)
{
    require(bundle->n < BUNDLE_FILES_MAX);
    struct bundle_file *file = &bundle->files[bundle->n++];
    require(str_copy(file->name, sizeof(file->name), name));
    file->spool = spool_create(bundle->directory);
    return file->spool;
}

void bundle_lead(struct bundle *bundle, size_t place, const char *name)
{
    for (size_t i = place; i < bundle->n; i++) {
        if (!str_equal(bundle->files[i].name, name))
            continue;
        const struct bundle_file file = bundle->files[i];
        memmove(&bundle->files[place + 1], &bundle->files[place],
                (i - place) * sizeof(bundle->files[0]));
        bundle->files[place] = file;
        return;
    }
}

bool bundle_end(struct bundle *bundle)
{
    bool good = true;
    for (size_t i = 0; i < bundle->n; i++)
        good = spool_end(bundle->files[i].spool) && good;
    return good;
}

/* ---- The archive. ---- */

static la_ssize_t take_bytes(struct archive *archive, void *context, const void *bytes,
                             size_t length)
{
    struct bundle_writer *writer = context;
    (void)archive;
    return buf_add(writer->to, bytes, length) ? (la_ssize_t)length : -1;
}

static bool writer_open(struct bundle *bundle)
{
    struct bundle_writer *writer = mem_new(struct bundle_writer);
    buf_init(&writer->piece, SIZE_MAX);
    writer->archive = archive_write_new();
    bundle->writer = writer;
    archive_write_set_bytes_in_last_block(writer->archive, 1); /* nothing behind gzip's end */
    return archive_write_set_format_pax_restricted(writer->archive) == ARCHIVE_OK &&
           archive_write_add_filter_gzip(writer->archive) == ARCHIVE_OK &&
           /* No time in the head of gzip: the same files, the same bytes. */
           archive_write_set_options(writer->archive, "gzip:!timestamp,gzip:compression-level=4") ==
               ARCHIVE_OK;
}

static bool begin_file(struct bundle *bundle)
{
    const struct bundle_file *file = &bundle->files[bundle->writer->at];
    char path[2 * BUNDLE_NAME_SIZE + 2];
    struct archive_entry *entry = archive_entry_new();
    snprintf(path, sizeof(path), "%s/%s", bundle->folder, file->name);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_size(entry, (la_int64_t)spool_size(file->spool));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, bundle->at / 1000, 0);
    bool good = archive_write_header(bundle->writer->archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    bundle->writer->in_file = true;
    return good;
}

static bool continue_file(struct bundle *bundle)
{
    struct bundle_writer *writer = bundle->writer;
    struct bundle_file *file = &bundle->files[writer->at];
    if (!spool_next(file->spool, &writer->piece))
        return false;
    if (writer->piece.length > 0)
        return archive_write_data(writer->archive, writer->piece.data, writer->piece.length) ==
               (la_ssize_t)writer->piece.length;
    spool_destroy(&file->spool); /* gives its disk back */
    writer->in_file = false;
    writer->at++;
    return true;
}

static bool step(struct bundle *bundle)
{
    struct bundle_writer *writer = bundle->writer;
    if (writer->in_file)
        return continue_file(bundle);
    if (writer->at < bundle->n)
        return begin_file(bundle);
    writer->closed = true;
    return archive_write_close(writer->archive) == ARCHIVE_OK;
}

bool bundle_next(struct bundle *bundle, struct buf *to, size_t least)
{
    const size_t from = to->length;
    if (bundle->writer == NULL) {
        if (!writer_open(bundle))
            return false;
        bundle->writer->to = to;
        bundle->writer->failed = archive_write_open(bundle->writer->archive, bundle->writer, NULL,
                                                    take_bytes, NULL) != ARCHIVE_OK;
    }
    bundle->writer->to = to;
    while (!bundle->writer->failed && !bundle->writer->closed && to->length - from < least)
        bundle->writer->failed = !step(bundle);
    return !bundle->writer->failed && !to->failed;
}
