/* audit_csv.c - receipts.csv says, row by row, what receipts.ndjson says. Each line of the latter
 * leaves eight bytes of a digest over what its row must hold; the table is read as a spreadsheet
 * does and compared. Columns of the details are the openings' and held by the manifest alone.
 * Failure modes: another header, a row too many or too few, a row that says something else. */
/* System. */
#include <inttypes.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/audit.h"

static const char *const columns[] = {"receipt_id", "log_index", "kind",    "event",   "day",
                                      "incident",   "wave",      "channel", "attempt", "outcome",
                                      "evidence",   "status",    "code",    "reason",  "actor",
                                      "person",     "notice",    "facts"};
enum { COLUMNS_N = sizeof columns / sizeof *columns, ROW_ROOM = 1 << 17 };

struct audit_csv {
    struct audit *audit;
    struct csv_reader *reader;
    struct buf row;
};

/* A cell that a spreadsheet would run has a quote in front; on both sides it does not count. */
static void add_cell(struct buf *row, const char *text, size_t length)
{
    if (length > 1 && text[0] == '\'' && strchr("=+-@\t\r\n\xef", text[1]) != NULL) {
        text++;
        length--;
    }
    buf_add(row, text, length);
    buf_putc(row, 0x1f);
}

static uint64_t digest_of(const struct buf *row)
{
    uint8_t digest[DIGEST_SIZE];
    uint64_t first;
    sha256(digest, row->data, row->length);
    memcpy(&first, digest, sizeof(first));
    return first;
}

/* ---- The side of receipts.ndjson. ---- */
/* Text without quotes and escapes; an object as the table writes it. */
static void add_value(struct buf *row, struct slice value)
{
    struct json_object *json = NULL;
    const bool text = value.length > 1 && value.data[0] == '"';
    if (value.length == 0) {
        add_cell(row, "", 0);
    } else if (!text && value.data[0] != '{') {
        add_cell(row, value.data, value.length);
    } else if (text && memchr(value.data, '\\', value.length) == NULL) {
        add_cell(row, value.data + 1, value.length - 2);
    } else if (value.data[0] == '{') {
        if (json_read(value.data, value.length, &json, NULL) == RESULT_OK)
            buf_puts(row, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
        buf_putc(row, 0x1f);
    } else {
        struct buf array; /* a lone string is no document to json_read() */
        buf_init(&array, ROW_ROOM);
        buf_printf(&array, "{\"a\":%.*s}", (int)value.length, value.data);
        if (json_read(array.data, array.length, &json, NULL) == RESULT_OK)
            add_cell(row, json_get_string(json, "a"), strlen(json_get_string(json, "a")));
        buf_free(&array);
    }
    json_object_put(json);
}

uint64_t audit_csv_expect(struct audit *audit, const struct audit_row *from)
{
    struct buf *row = &audit->csv_row;
    struct slice values[COLUMNS_N - 2] = {{NULL, 0}};
    buf_clear(row);
    add_value(row, from->receipt);
    if (slice_equal(from->index, "null"))
        add_cell(row, "", 0);
    else
        add_cell(row, from->index.data, from->index.length);
    audit_leaf_members(from->leaf, columns + 2, COLUMNS_N - 2, values);
    for (size_t i = 0; i < COLUMNS_N - 2; i++)
        add_value(row, values[i]);
    return digest_of(row);
}

/* ---- The side of receipts.csv. ---- */
static bool check_header(struct audit *audit, const struct csv_row *row)
{
    bool good = row->n >= COLUMNS_N;
    for (size_t i = 0; good && i < COLUMNS_N; i++)
        good = str_equal(row->cells[i], columns[i]);
    return good || audit_wrong(audit, "receipts.csv: it has other columns than it should");
}

static enum result on_row(void *context, const struct csv_row *row)
{
    struct audit_csv *csv = context;
    struct audit *audit = csv->audit;
    if (row->problem != NULL) {
        audit_wrong(audit, "receipts.csv, line %" PRIu64 ": %s", row->line, row->problem);
        return RESULT_INVALID;
    }
    if (!audit->csv_begun) {
        audit->csv_begun = true;
        return check_header(audit, row) ? RESULT_OK : RESULT_INVALID;
    }
    buf_clear(&csv->row);
    for (size_t i = 0; i < COLUMNS_N && i < row->n; i++)
        add_cell(&csv->row, row->cells[i], row->lengths[i]);
    if (audit->csv_rows < audit->receipts &&
        audit->commitments[audit->csv_rows].row == digest_of(&csv->row)) {
        audit->csv_rows++;
        return RESULT_OK;
    }
    audit_wrong(audit,
                "receipts.csv, line %" PRIu64 ": it does not say what line %" PRIu64
                " of receipts.ndjson says",
                row->line, audit->csv_rows + 1);
    return RESULT_INVALID;
}

struct audit_csv *audit_csv_begin(struct audit *audit)
{
    struct audit_csv *csv = mem_new(struct audit_csv);
    csv->audit = audit;
    csv->reader = csv_reader_create(on_row, csv);
    buf_init(&csv->row, ROW_ROOM);
    return csv;
}

bool audit_csv_add(struct audit_csv *csv, const char *bytes, size_t length)
{
    return csv_reader_add(csv->reader, bytes, length) == RESULT_OK;
}

bool audit_csv_end(struct audit_csv **place, bool good)
{
    struct audit_csv *csv = *place;
    struct audit *audit = csv->audit;
    if (good)
        good = csv_reader_end(csv->reader) == RESULT_OK;
    if (good && audit->csv_rows != audit->receipts)
        good = audit_wrong(audit, "receipts.csv has %" PRIu64 " rows, receipts.ndjson %" PRIu64,
                           audit->csv_rows, audit->receipts);
    csv_reader_destroy(&csv->reader);
    buf_free(&csv->row);
    mem_free(csv);
    *place = NULL;
    return good;
}
