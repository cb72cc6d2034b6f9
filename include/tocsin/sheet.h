/* sheet.h - a roster as a spreadsheet wrote it: which file it is, in which encoding, with which
 * delimiter, under which column names, and what the spreadsheet did to its cells. Pure, not
 * thread-safe; bytes are pushed as they come, memory is constant.
 *
 * Nothing is guessed silently: what was found is told with its evidence (struct sheet_report), and
 * what can be read in two ways is refused with a sentence that says how to declare it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/result.h"
#include "base/str.h"
#include "tocsin/csv.h"
#include "tocsin/recipient.h"

/* ---- What kind of file. ---- */

/* A sentence when these first bytes are of another kind of file (PDF, XLSX, XLS, ODS, HTML, gzip,
 * ...), saying how to export a roster from it; NULL when they may be text. Static. */
const char *sheet_foreign(const char *head, size_t length);

/* ---- Encoding. ---- */
enum sheet_charset {
    SHEET_UNSAID, /* declared: nothing; found: nothing yet */
    SHEET_ASCII,
    SHEET_UTF8,
    SHEET_UTF16LE,
    SHEET_UTF16BE,
    SHEET_WINDOWS_1252,
    SHEET_UTF16, /* declared only: the byte order mark says which */
};
const char *sheet_charset_name(enum sheet_charset charset); /* "UTF-8", ... */
/* From the charset parameter of Content-Type, any case; false: not one that can be read. The WHATWG
 * Encoding Standard reads iso-8859-1 and us-ascii labels as windows-1252; so does this. */
bool sheet_charset_find(const char *label, enum sheet_charset *ret_charset);

/* Turns a stream into UTF-8. Without a declaration: byte order mark, else the zeros of UTF-16, else
 * the first 64 KiB from the first byte that is not ASCII on: valid UTF-8, or Windows-1252 when
 * every such byte stands where a Western letter or mark would, or refused. */
struct sheet_decoder;
struct sheet_decoder *sheet_decoder_create(enum sheet_charset declared);
void sheet_decoder_destroy(struct sheet_decoder **decoder);
/* Appends to `out`. INVALID: the encoding is ambiguous, contradicts what was declared or is left
 * later on; error->field is "charset". */
enum result sheet_decoder_add(struct sheet_decoder *decoder, const char *bytes, size_t length,
                              struct buf *out, struct error *error);
enum result sheet_decoder_end(struct sheet_decoder *decoder, struct buf *out, struct error *error);
/* What was found so far, and a phrase that says by what: "a byte order mark". */
enum sheet_charset sheet_decoder_charset(const struct sheet_decoder *decoder);
const char *sheet_decoder_evidence(const struct sheet_decoder *decoder);

/* sheet_western.c: do these bytes read as Windows-1252? Counts the bytes above ASCII that are
 * Western letters where one belongs, and those that nothing speaks for; `in_front` is the byte
 * before the first, or 0. */
struct western_count {
    size_t fits, doubts;
};
struct western_count western_count(const char *bytes, size_t length, char in_front);
/* The code point of a byte; -1: it has none in Windows-1252. */
int32_t western_point(uint8_t byte);
/* "Ã©" back to "é": true when the text is UTF-8 that was read as Windows-1252 once, and `to` holds
 * what it was. */
bool western_undo(const char *text, size_t length, char *to, size_t size);

/* ---- Header names. ---- */

/* The roster's column for a header cell: itself, or by the table of aliases ("E-mail" is email,
 * "ZIP code" address_postal_code). NULL: none. `to` holds fields_... names. Case, blanks, dashes,
 * dots and underscores do not count. */
enum { SHEET_COLUMN_SIZE = 80 };
const char *sheet_column_find(const char *cell, char to[SHEET_COLUMN_SIZE]);

/* ---- Delimiter and header row. ---- */
struct sheet_shape {
    char delimiter;       /* , ; TAB | */
    const char *evidence; /* static phrase */
    size_t skip;          /* bytes in front: a line "sep=;" */
};
/* From the first lines (decoded). INVALID, with the line in the sentence: the header is not the
 * first row, there are two header rows, there is no line end in it. `whole`: nothing follows. */
enum result sheet_shape_read(const char *head, size_t length, bool whole,
                             struct sheet_shape *ret_shape, struct error *error);

/* ---- The whole reader. ---- */
struct sheet_report {
    enum sheet_charset charset;
    const char *charset_evidence;
    char delimiter;
    const char *delimiter_evidence;
};
struct sheet_reader;
struct sheet_reader *sheet_reader_create(enum sheet_charset declared, csv_row_fn *row,
                                         void *context);
/* INVALID: refused as a whole, error says why; else what the callback said. A row that does not end
 * within 1 MiB refuses the file there and then. */
enum result sheet_reader_add(struct sheet_reader *reader, const char *bytes, size_t length,
                             struct error *error);
enum result sheet_reader_end(struct sheet_reader *reader, struct error *error);
struct sheet_report sheet_reader_report(const struct sheet_reader *reader);
void sheet_reader_destroy(struct sheet_reader **reader);

/* ---- Damage. ---- */
enum cell_kind {
    CELL_TEXT,
    CELL_ID,    /* recipient_id, account_id: digits lost are a person lost */
    CELL_PHONE, /* `country` helps */
    CELL_TIME,
    CELL_COUNTRY,
    CELL_LOCALE
};
enum cell_verdict { CELL_SOUND, CELL_REPAIRED, CELL_DAMAGED };
struct cell_fix {
    char text[512];     /* REPAIRED: what it was */
    const char *reason; /* REPAIRED, DAMAGED: static sentence without the value */
};
/* What a spreadsheet did to this cell: error values, ####, 1.4156E+10, a date as a number, "Ã©",
 * lost characters. `country` may be NULL. */
enum cell_verdict sheet_cell_judge(enum cell_kind kind, struct slice cell, const char *country,
                                   struct cell_fix *fix);
/* A postal code that lost its leading zeros: 2139 is 02139 where the region says Massachusetts;
 * where nothing proves it, it is DAMAGED. Looks at the whole address. */
enum cell_verdict sheet_postal_judge(const struct recipient *recipient, struct cell_fix *fix);

/* ---- Rows, field by field. ---- */
enum { ROW_NOTES_MAX = 24 };
struct row_note {
    bool repaired;    /* else the field was left out */
    char field[64];   /* "email", "address.postal_code", "fields.plan" */
    char reason[128]; /* no values */
};
struct row_notes {
    unsigned n;
    struct row_note notes[ROW_NOTES_MAX];
};
void row_notes_add(struct row_notes *notes, bool repaired, const char *field, const char *reason);

/* recipient_from_csv_row() for rows as they are: what is damaged is repaired where it can be
 * proved, a bad optional field is left out, and both are noted. INVALID only when the person cannot
 * be kept: no recipient_id, or a row that is no row. */
enum result recipient_from_sheet_row(const struct recipient_columns *columns,
                                     const struct csv_row *row, struct arena *arena,
                                     struct row_notes *notes, struct recipient *ret_recipient,
                                     struct error *error);
/* recipient_read_text() in the same spirit. Members that nobody knows still refuse the person. */
enum result recipient_read_lenient(struct slice text, struct arena *arena, struct row_notes *notes,
                                   struct recipient *ret_recipient, struct error *error);

/* Which column of the file became what; false past the end. `alias`: under another name. */
struct sheet_column {
    const char *header; /* as the file calls it; "" where it may not be shown */
    const char *column;
    bool alias;
};
bool recipient_columns_get(const struct recipient_columns *columns, unsigned i,
                           struct sheet_column *ret_column);
/* The number in the column rejected_row of a correction; 0: none. */
int64_t recipient_columns_row(const struct recipient_columns *columns, const struct csv_row *row);
/* Is this row the header once more? */
bool recipient_columns_repeated(const struct recipient_columns *columns, const struct csv_row *row);

/* ---- Jurisdictions from addresses. ---- */

/* "US-MA", "CA-ON", "EU-DE", "GB" for an address; NULL: its country is not one of ISO 3166-1.
 * Static strings. A state or province may be a code or a name in English; one that is not known
 * leaves the country alone ("US"). */
const char *jurisdiction_of_address(const struct postal_address *address);
/* Is there a law on record for it? "No record" people are told all the same. */
bool jurisdiction_on_record(const char *jurisdiction);
/* "Germany", "USA", "us" -> "DE", "US"; NULL: not known. Static. */
const char *country_find(const char *text);
/* The state's code for "MA", "ma", "Massachusetts"; NULL. Static. */
const char *us_state_find(const char *text);
/* Do these three digits begin the ZIP codes of this state? (USPS Publication 65, L002.) */
bool us_zip_prefix_is(unsigned prefix, const char *state);
