/* sheet_reader.c - a whole CSV file as it came: bytes into text, the first lines looked at, then
 * row by row. Happy path: up to 64 KiB of text are kept until their delimiter is known; from there
 * on everything streams. Failure modes: another kind of file, an ambiguous encoding, a first row
 * that is no header, a row without end: the file is refused as soon as that is seen. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/sheet.h"

enum { RAW_HEAD = 4096, TEXT_HEAD = 64 * 1024, ROW_PATIENCE = 1 << 20 };

struct sheet_reader {
    struct csv_reader *csv;
    struct sheet_decoder *decoder;
    struct buf raw;  /* until the kind of file is known */
    struct buf text; /* decoded, not read yet */
    struct sheet_report report;
    bool known, shaped; /* the kind of file; the delimiter */
};

struct sheet_reader *sheet_reader_create(enum sheet_charset declared, csv_row_fn *row,
                                         void *context)
{
    struct sheet_reader *reader = mem_new(struct sheet_reader);
    reader->csv = csv_reader_create(row, context);
    reader->decoder = sheet_decoder_create(declared);
    buf_init(&reader->raw, SIZE_MAX);
    buf_init(&reader->text, SIZE_MAX);
    reader->report.delimiter = ',';
    reader->report.delimiter_evidence = "";
    return reader;
}

void sheet_reader_destroy(struct sheet_reader **reader)
{
    struct sheet_reader *r = *reader;
    if (r == NULL)
        return;
    csv_reader_destroy(&r->csv);
    sheet_decoder_destroy(&r->decoder);
    buf_wipe(&r->raw);
    buf_wipe(&r->text);
    mem_free(r);
    *reader = NULL;
}

struct sheet_report sheet_reader_report(const struct sheet_reader *reader)
{
    struct sheet_report report = reader->report;
    report.charset = sheet_decoder_charset(reader->decoder);
    report.charset_evidence = sheet_decoder_evidence(reader->decoder);
    return report;
}

static enum result read_shape(struct sheet_reader *r, bool whole, struct error *error)
{
    struct sheet_shape shape;
    enum result result;
    if (!whole && r->text.length < TEXT_HEAD)
        return RESULT_OK;
    result = sheet_shape_read(r->text.data, r->text.length, whole, &shape, error);
    if (result != RESULT_OK)
        return result;
    r->shaped = true;
    r->report.delimiter = shape.delimiter;
    r->report.delimiter_evidence = shape.evidence;
    csv_reader_shape(r->csv, shape.delimiter, shape.skip > 0 ? 2 : 1);
    r->text.length -= shape.skip;
    memmove(r->text.data, r->text.data + shape.skip, r->text.length + 1);
    return RESULT_OK;
}

static enum result read_text(struct sheet_reader *r, bool whole, struct error *error)
{
    enum result result = r->shaped ? RESULT_OK : read_shape(r, whole, error);
    if (result != RESULT_OK || !r->shaped)
        return result;
    result = csv_reader_add(r->csv, r->text.data, r->text.length);
    buf_clear(&r->text);
    if (result == RESULT_OK && csv_reader_row_bytes(r->csv) > ROW_PATIENCE)
        return error_set(error, RESULT_INVALID, "",
                         "A row does not end within a megabyte: look for a quote that is never "
                         "closed, and send the file again.");
    return result;
}

static enum result read_raw(struct sheet_reader *r, struct error *error)
{
    const char *foreign = sheet_foreign(r->raw.data, r->raw.length);
    enum result result;
    r->known = true;
    if (foreign != NULL)
        return error_set(error, RESULT_INVALID, "file", "%s", foreign);
    result = sheet_decoder_add(r->decoder, r->raw.data, r->raw.length, &r->text, error);
    buf_wipe(&r->raw);
    buf_init(&r->raw, SIZE_MAX);
    return result;
}

enum result sheet_reader_add(struct sheet_reader *r, const char *bytes, size_t length,
                             struct error *error)
{
    enum result result;
    if (!r->known) {
        (void)buf_add(&r->raw, bytes, length);
        if (r->raw.length < RAW_HEAD)
            return RESULT_OK;
        result = read_raw(r, error);
    } else {
        result = sheet_decoder_add(r->decoder, bytes, length, &r->text, error);
    }
    return result == RESULT_OK ? read_text(r, false, error) : result;
}

enum result sheet_reader_end(struct sheet_reader *r, struct error *error)
{
    enum result result = r->known ? RESULT_OK : read_raw(r, error);
    if (result == RESULT_OK)
        result = sheet_decoder_end(r->decoder, &r->text, error);
    if (result == RESULT_OK)
        result = read_text(r, true, error);
    return result == RESULT_OK ? csv_reader_end(r->csv) : result;
}
