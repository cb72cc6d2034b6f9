/* csv.h - roster files line by line: a strict streaming reader of CSV (RFC 4180), one of NDJSON,
 * and a writer of CSV that a spreadsheet cannot be tricked with. Pure, not thread-safe.
 *
 * Both readers are pushed: bytes in, as they come from the wire; rows out, through a callback. A
 * row that is malformed or past a bound comes out too, with `problem` set, and reading goes on
 * behind it: one bad row never costs the good ones. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/result.h"
#include "tocsin/recipient.h"

enum { ROW_BYTES_MAX = 65536, ROW_COLUMNS_MAX = 256 };

/* One row. Everything ends with the callback. */
struct csv_row {
    uint64_t line;            /* where it begins, from 1 */
    const char *problem;      /* NULL, or why it cannot be read (static text); then n is 0 */
    const char *const *cells; /* NUL-terminated, unquoted; no cell holds a NUL byte */
    const size_t *lengths;
    unsigned n;
};
/* Anything but RESULT_OK stops the reader, which hands it on. */
typedef enum result csv_row_fn(void *context, const struct csv_row *row);

/* Reads: comma, CRLF or LF, quoted fields with "" inside, a UTF-8 byte order mark in front.
 * Refuses: bare CR, quotes inside an unquoted field, text behind a closing quote, NUL, rows over
 * ROW_BYTES_MAX, more than ROW_COLUMNS_MAX columns. Empty lines are skipped. */
struct csv_reader;
struct csv_reader *csv_reader_create(csv_row_fn *row, void *context);
/* Before the first byte: another delimiter than the comma, another number for the first line. */
void csv_reader_shape(struct csv_reader *reader, char delimiter, uint64_t line);
/* Bytes of the row at hand so far, kept or not: who feeds it may lose patience. */
size_t csv_reader_row_bytes(const struct csv_reader *reader);
/* RESULT_OK: all bytes taken. Otherwise what the callback said; the reader takes no more then. */
enum result csv_reader_add(struct csv_reader *reader, const char *bytes, size_t length);
/* The end of the file: a last row without a line end comes out. */
enum result csv_reader_end(struct csv_reader *reader);
void csv_reader_destroy(struct csv_reader **reader);

/* One line of NDJSON, without its line end; `text` is not NUL-terminated. */
struct ndjson_line {
    uint64_t line;       /* from 1 */
    const char *problem; /* NULL, or why it was not kept (static text); then text is NULL */
    const char *text;
    size_t length;
};
typedef enum result ndjson_line_fn(void *context, const struct ndjson_line *line);

/* Lines up to ROW_BYTES_MAX; LF or CRLF; blank lines are counted and skipped. As above. */
struct ndjson_reader;
struct ndjson_reader *ndjson_reader_create(ndjson_line_fn *line, void *context);
enum result ndjson_reader_add(struct ndjson_reader *reader, const char *bytes, size_t length);
enum result ndjson_reader_end(struct ndjson_reader *reader);
void ndjson_reader_destroy(struct ndjson_reader **reader);

/* The header row of a roster: column names are the JSON names joined by `_` (address_line1,
 * consent_electronic, fields_plan), or what spreadsheets call them (sheet_column_find() in sheet.h:
 * "E-mail", "ZIP code"; "First name" and "Last name" become the name). Empty columns at the end are
 * left out. RESULT_INVALID: an unknown, empty or doubled column, or recipient_id is missing;
 * error->field names the column where its name is harmless. The caller owns it. */
struct recipient_columns;
enum result recipient_columns_read(const struct csv_row *header,
                                   struct recipient_columns **ret_columns, struct error *error);
void recipient_columns_destroy(struct recipient_columns **columns);

/* One person from one row. Empty cells are absent; data_types and flags are split at | or ;
 * yes/no/true/false/1/0 are the booleans. Errors as recipient_read(). The record borrows the names
 * of merge fields from `columns`. */
enum result recipient_from_csv_row(const struct recipient_columns *columns,
                                   const struct csv_row *row, struct arena *arena,
                                   struct recipient *ret_recipient, struct error *error);

/* Appends one cell, quoted where RFC 4180 asks for it. A text that a spreadsheet would run as a
 * formula gets a ' in front (OWASP, "CSV Injection"): = + - @ TAB CR LF and the full-width forms of
 * the first four. */
bool csv_write_cell(struct buf *to, const char *text, size_t length);
/* Appends n cells, NULL being empty, with commas and CRLF. */
bool csv_write_row(struct buf *to, const char *const *cells, size_t n);
