/* part_cut.c - cuts a roster file at row ends. The readers of the domain say where rows end, so
 * that a line end inside a quoted cell never cuts a person in two, and a row is counted here as the
 * server counts it. Memory: one part and what has been read behind it. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/sheet.h"

/* This module. */
#include "service/ctl/upload.h"

enum { READ_SIZE = 65536, OVERRUN = 64 << 20, HEAD = 65536 };

struct part_cutter {
    FILE *file;
    bool csv, at_end, shaped;
    struct sheet_decoder *decoder; /* of a CSV: parts go as UTF-8 */
    size_t part_size;
    struct csv_reader *csv_reader;
    struct ndjson_reader *ndjson_reader;
    int64_t rows;            /* that ended, as read so far */
    int64_t rows_given;      /* of them in the parts given out */
    int64_t line, next_line; /* of the file: where the part given out, and the next, begin */
    bool header_in_front;    /* of the part given out */
    bool ended;              /* the reader was told of the end */
    struct buf header;       /* the first row of a CSV, with its line end */
    struct buf read;         /* bytes not given out yet */
    size_t scanned;          /* of them seen by the reader */
    struct place {
        size_t at; /* a row end in `read`; 0: none */
        int64_t rows;
    } cut, next;     /* the one to cut at; the first one behind it, once the part is full */
    struct buf part; /* given out */
};

static enum result count_csv(void *context, const struct csv_row *row)
{
    (void)row;
    ((struct part_cutter *)context)->rows++;
    return RESULT_OK;
}

static enum result count_ndjson(void *context, const struct ndjson_line *line)
{
    (void)line;
    ((struct part_cutter *)context)->rows++;
    return RESULT_OK;
}

struct part_cutter *part_cutter_create(FILE *file, bool csv, size_t part_size,
                                       enum sheet_charset charset)
{
    struct part_cutter *cutter = mem_new(struct part_cutter);

    cutter->file = file;
    cutter->csv = csv;
    cutter->part_size = part_size;
    cutter->line = cutter->next_line = 1;
    cutter->decoder = sheet_decoder_create(charset);
    cutter->csv_reader = csv_reader_create(count_csv, cutter);
    cutter->ndjson_reader = ndjson_reader_create(count_ndjson, cutter);
    buf_init(&cutter->header, SIZE_MAX);
    buf_init(&cutter->read, part_size + OVERRUN);
    buf_init(&cutter->part, SIZE_MAX);
    return cutter;
}

void part_cutter_destroy(struct part_cutter **cutter)
{
    struct part_cutter *c = *cutter;

    sheet_decoder_destroy(&c->decoder);
    csv_reader_destroy(&c->csv_reader);
    ndjson_reader_destroy(&c->ndjson_reader);
    buf_free(&c->header);
    buf_wipe(&c->read);
    buf_wipe(&c->part);
    mem_free(c);
    *cutter = NULL;
}

int64_t part_cutter_rows(const struct part_cutter *c)
{
    return c->rows_given - (c->csv && c->rows_given > 0);
}

static int64_t count_lines(const char *bytes, size_t length)
{
    int64_t lines = 0;

    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    return lines;
}

int64_t part_cutter_line(const struct part_cutter *c)
{
    return c->line;
}

int64_t part_cutter_header_lines(const struct part_cutter *c)
{
    return c->header_in_front ? count_lines(c->header.data, c->header.length) : 0;
}

static void feed(struct part_cutter *c, const char *bytes, size_t length)
{
    if (c->csv)
        (void)csv_reader_add(c->csv_reader, bytes, length);
    else
        (void)ndjson_reader_add(c->ndjson_reader, bytes, length);
}

/* The header row goes out again in front of every later part. */
static void keep_header(struct part_cutter *c)
{
    bool bom = c->cut.at >= 3 && memcmp(c->read.data, "\xef\xbb\xbf", 3) == 0;
    size_t skip = bom ? 3 : 0;

    (void)buf_add(&c->header, c->read.data + skip, c->cut.at - skip);
}

static void row_ended(struct part_cutter *c)
{
    struct place here = {c->scanned, c->rows};

    if (c->cut.at > 0 && c->scanned > c->part_size) {
        c->next = here;
        return;
    }
    c->cut = here;
    if (c->csv && c->header.length == 0)
        keep_header(c);
}

/* Feeds line by line: where a row came out at a line end, there is a place to cut. */
static void scan(struct part_cutter *c)
{
    while (c->scanned < c->read.length && c->next.at == 0) {
        const char *from = c->read.data + c->scanned;
        size_t left = c->read.length - c->scanned;
        const char *end = memchr(from, '\n', left);
        size_t n = end == NULL ? left : (size_t)(end - from) + 1;
        int64_t before = c->rows;

        feed(c, from, n);
        c->scanned += n;
        if (c->rows > before && end != NULL)
            row_ended(c);
    }
}

/* Bytes of the file as they are (NDJSON), or as UTF-8 (CSV). */
static enum result add_bytes(struct part_cutter *c, const char *bytes, size_t n,
                             struct error *error)
{
    if (!c->csv)
        return buf_add(&c->read, bytes, n) ? RESULT_OK : RESULT_TOO_LARGE;
    if (n == 0)
        return sheet_decoder_end(c->decoder, &c->read, error);
    return sheet_decoder_add(c->decoder, bytes, n, &c->read, error);
}

static enum result fill(struct part_cutter *c, struct error *error)
{
    char bytes[READ_SIZE];
    enum result result;
    size_t n = fread(bytes, 1, sizeof(bytes), c->file);

    if (n == 0 && ferror(c->file))
        return error_set(error, RESULT_IO, "file", "The file cannot be read to its end.");
    result = add_bytes(c, bytes, n, error);
    explicit_bzero(bytes, sizeof(bytes));
    if (c->read.failed)
        return error_set(error, RESULT_TOO_LARGE, "file",
                         "No row end within 64 MiB: look for a quote that is never closed.");
    c->at_end = n == 0;
    return result;
}

/* The delimiter must be known before rows are looked for. */
static enum result shape(struct part_cutter *c, struct error *error)
{
    struct sheet_shape found;
    const char *foreign;
    enum result result = RESULT_OK;

    c->shaped = true;
    while (result == RESULT_OK && !c->at_end && c->read.length < HEAD)
        result = fill(c, error);
    foreign = sheet_foreign(c->read.data, c->read.length);
    if (result == RESULT_OK && foreign != NULL)
        return error_set(error, RESULT_INVALID, "file", "%s", foreign);
    if (result != RESULT_OK || !c->csv || c->read.length == 0)
        return result;
    result = sheet_shape_read(c->read.data, c->read.length, c->at_end, &found, error);
    if (result != RESULT_OK)
        return result;
    csv_reader_shape(c->csv_reader, found.delimiter, 1);
    c->line = c->next_line = found.skip > 0 ? 2 : 1;
    c->read.length -= found.skip;
    memmove(c->read.data, c->read.data + found.skip, c->read.length + 1);
    return RESULT_OK;
}

/* At the end of the file whatever is left is the last row, with or without its line end. */
static void finish(struct part_cutter *c)
{
    if (!c->ended && c->csv)
        (void)csv_reader_end(c->csv_reader);
    else if (!c->ended)
        (void)ndjson_reader_end(c->ndjson_reader);
    c->ended = true;
    c->cut = (struct place){c->read.length, c->rows};
}

static void give_out(struct part_cutter *c, bool first)
{
    size_t n = c->cut.at;

    buf_clear(&c->part);
    c->line = c->next_line;
    c->next_line += count_lines(c->read.data, n);
    c->header_in_front = !first && n > 0;
    if (c->header_in_front)
        (void)buf_add(&c->part, c->header.data, c->header.length);
    (void)buf_add(&c->part, c->read.data, n);
    c->rows_given = c->cut.rows;
    c->read.length -= n;
    memmove(c->read.data, c->read.data + n, c->read.length);
    c->scanned -= n;
    c->cut = c->next;
    if (c->next.at > 0)
        c->cut.at -= n;
    c->next = (struct place){0, 0};
}

enum result part_cutter_next(struct part_cutter *c, const char **ret_bytes, size_t *ret_length,
                             struct error *error)
{
    bool first = c->part.length == 0;

    if (!c->shaped) {
        enum result result = shape(c, error);

        if (result != RESULT_OK)
            return result;
    }
    for (scan(c); c->next.at == 0 && !c->at_end; scan(c)) {
        enum result result = fill(c, error);

        if (result != RESULT_OK)
            return result;
    }
    if (c->next.at == 0)
        finish(c);
    give_out(c, first);
    *ret_bytes = c->part.data;
    *ret_length = c->part.length;
    return RESULT_OK;
}
