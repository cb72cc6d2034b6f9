/* bundle.h - the files of an export as one .tar.gz, made piece by piece: the same files give the
 * same bytes. One thread at a time. */
#pragma once
#include "base/time.h"
#include "service/evidence/spool.h"

enum { BUNDLE_FILES_MAX = 96, BUNDLE_NAME_SIZE = 80 };
struct bundle_file {
    char name[BUNDLE_NAME_SIZE]; /* "receipts.ndjson" */
    struct spool *spool;
};
struct bundle {
    struct bundle_file files[BUNDLE_FILES_MAX];
    size_t n;
    char folder[BUNDLE_NAME_SIZE]; /* all of them lie in it */
    time_ms at;                    /* their time */
    const char *directory;         /* for temporary files */
    struct bundle_writer *writer;  /* private */
};
void bundle_init(struct bundle *bundle, const char *directory);
void bundle_free(struct bundle *bundle);
/* A new file; the bundle owns it. */
struct spool *bundle_add(struct bundle *bundle, const char *name);
/* Moves the file to the front, behind those moved before. */
void bundle_lead(struct bundle *bundle, size_t place, const char *name);
/* No file changes any more. False: the disk failed. */
bool bundle_end(struct bundle *bundle);
/* Appends the next bytes of the archive, at least `least` unless it ends; nothing appended: the
 * end. False: it cannot go on. */
bool bundle_next(struct bundle *bundle, struct buf *to, size_t least);
