/* ndjson.c - splits a stream into lines in constant memory; a line that lies whole in one push is
 * handed on where it stands. A line past the bound comes out once as a problem and is skipped. */

/* System. */
#include <string.h>

/* Base. */
#include "base/buf.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/csv.h"

struct ndjson_reader {
    ndjson_line_fn *fn;
    void *context;
    struct buf part; /* the beginning of a line that came in pieces */
    uint64_t line;
    enum result stopped;
};

struct ndjson_reader *ndjson_reader_create(ndjson_line_fn *line, void *context)
{
    struct ndjson_reader *reader = mem_new(struct ndjson_reader);

    reader->fn = line;
    reader->context = context;
    buf_init(&reader->part, ROW_BYTES_MAX + 1); /* with its CR */
    return reader;
}

void ndjson_reader_destroy(struct ndjson_reader **reader)
{
    if (*reader != NULL)
        buf_wipe(&(*reader)->part);
    mem_free(*reader);
    *reader = NULL;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

static void line_out(struct ndjson_reader *r, const char *text, size_t length)
{
    struct ndjson_line line = {.line = ++r->line, .text = text, .length = length};

    if (r->line == 1 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        line.text += 3;
        line.length -= 3;
    }
    if (line.length > 0 && line.text[line.length - 1] == '\r')
        line.length--;
    if (r->part.failed || line.length > ROW_BYTES_MAX)
        line = (struct ndjson_line){.line = r->line,
                                    .problem = "The line is longer than 65,536 bytes: shorten it."};
    else if (is_blank(line.text, line.length))
        return;
    r->stopped = r->fn(r->context, &line);
}

static void part_out(struct ndjson_reader *r)
{
    line_out(r, r->part.data, r->part.length);
    buf_clear(&r->part);
}

enum result ndjson_reader_add(struct ndjson_reader *r, const char *bytes, size_t length)
{
    while (length > 0 && r->stopped == RESULT_OK) {
        const char *end = memchr(bytes, '\n', length);
        size_t n = end == NULL ? length : (size_t)(end - bytes);

        if (end != NULL && r->part.length == 0 && !r->part.failed) {
            line_out(r, bytes, n);
        } else {
            if (!r->part.failed)
                (void)buf_add(&r->part, bytes, n);
            if (end != NULL)
                part_out(r);
        }
        n += end != NULL;
        bytes += n;
        length -= n;
    }
    return r->stopped;
}

enum result ndjson_reader_end(struct ndjson_reader *r)
{
    if (r->stopped == RESULT_OK && (r->part.length > 0 || r->part.failed))
        part_out(r);
    return r->stopped;
}
