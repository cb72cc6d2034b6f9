/* csv.c - a strict, streaming reader of CSV (RFC 4180), pushed byte by byte in constant memory.
 *
 * One small state machine: bytes of the row are gathered, cells are ended by NUL in the same
 * memory, and at the line end the row goes out. A malformed row goes out with a problem and reading
 * resumes behind the next line feed; a row past a bound still honours its quotes, so that no part
 * of an oversized cell is taken for rows of its own. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/csv.h"

enum csv_state {
    CSV_BOM,    /* at the first bytes of the file */
    CSV_START,  /* at the start of a cell */
    CSV_PLAIN,  /* inside an unquoted cell */
    CSV_QUOTED, /* inside a quoted cell */
    CSV_QUOTE,  /* behind a quote inside a quoted cell: its end, or one half of "" */
    CSV_CR,     /* behind a CR: only LF may come */
    CSV_SKIP,   /* behind a quoting error: waits for the line end */
};

struct csv_reader {
    csv_row_fn *row;
    void *context;
    enum csv_state state;
    char delimiter;
    enum result stopped; /* what the callback said */
    const char *problem; /* of the row at hand */
    uint64_t line;       /* the line at hand */
    uint64_t row_line;   /* where the row at hand began */
    size_t used;         /* bytes of `text` in use */
    size_t row_bytes;    /* bytes of the row, kept or not */
    unsigned n;          /* cells ended */
    unsigned bom;        /* bytes of the mark seen */
    bool any;            /* the row has something: it is no empty line */
    size_t starts[ROW_COLUMNS_MAX];
    const char *cells[ROW_COLUMNS_MAX];
    size_t lengths[ROW_COLUMNS_MAX];
    char text[ROW_BYTES_MAX + ROW_COLUMNS_MAX + 1];
};

static const char too_long[] = "The row is longer than 65,536 bytes: shorten it.";
static const char too_wide[] = "The row has more than 256 columns: leave some out.";
static const char bad_quote[] =
    "A quote stands inside a cell that is not quoted: put the cell in quotes and double the quote.";
static const char bad_end[] = "Text follows a closing quote: double the quotes inside the cell.";
static const char bad_cr[] = "A carriage return stands alone: end lines by LF or CRLF.";
static const char bad_nul[] = "The row holds a NUL byte: save the file as UTF-8 text.";
static const char open_quote[] =
    "A quote opened in this row is never closed: close it; nothing behind it was read.";

struct csv_reader *csv_reader_create(csv_row_fn *row, void *context)
{
    struct csv_reader *reader = mem_new(struct csv_reader);

    reader->row = row;
    reader->context = context;
    reader->line = reader->row_line = 1;
    reader->delimiter = ',';
    return reader;
}

void csv_reader_shape(struct csv_reader *reader, char delimiter, uint64_t line)
{
    reader->delimiter = delimiter;
    reader->line = reader->row_line = line;
}

size_t csv_reader_row_bytes(const struct csv_reader *reader)
{
    return reader->row_bytes;
}

void csv_reader_destroy(struct csv_reader **reader)
{
    if (*reader != NULL)
        mem_wipe_free(*reader, sizeof(**reader));
    *reader = NULL;
}

/* The first problem of a row is the one to tell. */
static void row_spoil(struct csv_reader *r, const char *problem)
{
    if (r->problem == NULL)
        r->problem = problem;
}

static void row_add(struct csv_reader *r, const char *bytes, size_t length)
{
    r->any = true;
    r->row_bytes += length;
    if (r->row_bytes > ROW_BYTES_MAX)
        row_spoil(r, too_long);
    if (r->problem != NULL)
        return;
    memcpy(r->text + r->used, bytes, length);
    r->used += length;
}

static void cell_end(struct csv_reader *r)
{
    if (r->n == ROW_COLUMNS_MAX)
        row_spoil(r, too_wide);
    if (r->problem != NULL)
        return;
    r->lengths[r->n] = r->used - r->starts[r->n];
    r->text[r->used++] = '\0';
    r->n++;
    if (r->n < ROW_COLUMNS_MAX)
        r->starts[r->n] = r->used;
}

static void row_begin(struct csv_reader *r)
{
    r->state = CSV_START;
    r->problem = NULL;
    r->used = r->row_bytes = 0;
    r->n = 0;
    r->any = false;
    r->starts[0] = 0;
    r->row_line = r->line;
}

static void row_end(struct csv_reader *r)
{
    struct csv_row row = {.line = r->row_line, .cells = r->cells, .lengths = r->lengths};

    if (r->any) {
        cell_end(r);
        for (unsigned i = 0; i < r->n; i++)
            r->cells[i] = r->text + r->starts[i];
        row.problem = r->problem;
        row.n = r->problem == NULL ? r->n : 0;
        r->stopped = r->row(r->context, &row);
    }
    row_begin(r);
}

static void line_end(struct csv_reader *r)
{
    r->line++;
    row_end(r);
}

/* What ends an unquoted cell or begins one. */
static void structural(struct csv_reader *r, char c)
{
    if (c == r->delimiter) {
        r->any = true;
        r->row_bytes++;
        cell_end(r);
        r->state = CSV_START;
        return;
    }
    switch (c) {
    case '\n':
        line_end(r);
        break;
    case '\r':
        r->state = CSV_CR;
        break;
    case '"':
        r->any = true;
        row_spoil(r, r->state == CSV_START ? NULL : bad_quote);
        r->state = r->state == CSV_START ? CSV_QUOTED : CSV_SKIP;
        break;
    default: /* NUL */
        r->any = true;
        row_spoil(r, bad_nul);
        break;
    }
}

static bool is_structural(const struct csv_reader *r, char c)
{
    return c == r->delimiter || c == '\n' || c == '\r' || c == '"' || c == '\0';
}

/* Takes a run of plain bytes, or one structural one. Returns how many. */
static size_t take_plain(struct csv_reader *r, const char *at, size_t length)
{
    size_t n = 0;

    while (n < length && !is_structural(r, at[n]))
        n++;
    if (n > 0) {
        row_add(r, at, n);
        r->state = CSV_PLAIN;
        return n;
    }
    structural(r, at[0]);
    return 1;
}

static size_t take_quoted(struct csv_reader *r, const char *at, size_t length)
{
    size_t n = 0;

    while (n < length && at[n] != '"' && at[n] != '\0') {
        if (at[n] == '\n')
            r->line++;
        n++;
    }
    if (n > 0) {
        row_add(r, at, n);
        return n;
    }
    if (at[0] == '"')
        r->state = CSV_QUOTE;
    else
        row_spoil(r, bad_nul);
    return 1;
}

static void take_behind_quote(struct csv_reader *r, char c)
{
    if (c == '"') {
        row_add(r, "\"", 1);
        r->state = CSV_QUOTED;
    } else if (c == r->delimiter || c == '\n' || c == '\r') {
        r->state = CSV_PLAIN;
        structural(r, c);
    } else {
        row_spoil(r, bad_end);
        r->state = CSV_SKIP;
    }
}

static void take_behind_cr(struct csv_reader *r, char c)
{
    if (c == '\n') {
        line_end(r);
        return;
    }
    r->any = true;
    row_spoil(r, bad_cr);
    r->state = CSV_SKIP;
}

/* The byte order mark is skipped; what only began like one is given back as text. */
static size_t take_bom(struct csv_reader *r, char c)
{
    static const char bom[] = "\xef\xbb\xbf";
    unsigned seen = r->bom;

    if (c == bom[seen]) {
        r->bom++;
        if (r->bom == 3)
            r->state = CSV_START;
        return 1;
    }
    r->state = CSV_START;
    if (seen > 0) {
        row_add(r, bom, seen);
        r->state = CSV_PLAIN;
    }
    return 0;
}

static size_t take(struct csv_reader *r, const char *at, size_t length)
{
    switch (r->state) {
    case CSV_BOM:
        return take_bom(r, at[0]);
    case CSV_START:
    case CSV_PLAIN:
        return take_plain(r, at, length);
    case CSV_QUOTED:
        return take_quoted(r, at, length);
    case CSV_QUOTE:
        take_behind_quote(r, at[0]);
        return 1;
    case CSV_CR:
        take_behind_cr(r, at[0]);
        return 1;
    case CSV_SKIP:
        if (at[0] == '\n')
            line_end(r);
        return 1;
    }
    return 1;
}

enum result csv_reader_add(struct csv_reader *r, const char *bytes, size_t length)
{
    while (length > 0 && r->stopped == RESULT_OK) {
        size_t n = take(r, bytes, length);

        bytes += n;
        length -= n;
    }
    return r->stopped;
}

enum result csv_reader_end(struct csv_reader *r)
{
    if (r->stopped != RESULT_OK)
        return r->stopped;
    if (r->state == CSV_BOM && r->bom > 0)
        row_add(r, "\xef\xbb\xbf", r->bom);
    if (r->state == CSV_QUOTED)
        row_spoil(r, open_quote);
    if (r->state == CSV_CR && r->any)
        row_spoil(r, bad_cr);
    r->any = r->any || r->state == CSV_QUOTED;
    row_end(r);
    return r->stopped;
}
