/* link: domain - rosters: the same rows come out however the bytes are cut, for CSV and NDJSON, and
 * no row breaks its bounds. */

/* System. */
#include <string.h>

/* Base. */
#include "base/result.h"

/* Interfaces. */
#include "tocsin/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct roster {
    struct recipient_columns *columns;
    struct buf rows;
};

static void read_person(struct roster *roster, const struct csv_row *row)
{
    struct arena *arena = arena_create(1 << 20);
    struct recipient recipient;
    struct error error;

    if (roster->columns == NULL)
        (void)recipient_columns_read(row, &roster->columns, &error);
    else if (recipient_from_csv_row(roster->columns, row, arena, &recipient, &error) == RESULT_OK)
        require(recipient_write(&roster->rows, &recipient));
    arena_destroy(&arena);
}

static enum result take_row(void *context, const struct csv_row *row)
{
    struct roster *roster = context;

    require((row->problem != NULL) == (row->n == 0) && row->n <= ROW_COLUMNS_MAX);
    (void)buf_add_u64(&roster->rows, row->line);
    for (unsigned i = 0; i < row->n; i++) {
        require(strlen(row->cells[i]) == row->lengths[i]);
        (void)buf_add(&roster->rows, row->cells[i], row->lengths[i] + 1);
    }
    read_person(roster, row);
    return RESULT_OK;
}

static enum result take_line(void *context, const struct ndjson_line *line)
{
    struct roster *roster = context;

    require(line->length <= ROW_BYTES_MAX);
    require(line->problem != NULL || memchr(line->text, '\n', line->length) == NULL);
    (void)buf_add_u64(&roster->rows, line->line);
    (void)buf_add(&roster->rows, line->text, line->length);
    return RESULT_OK;
}

static void read_roster(struct roster *roster, const char *bytes, size_t size, size_t step)
{
    struct csv_reader *csv = csv_reader_create(take_row, roster);
    struct ndjson_reader *ndjson = ndjson_reader_create(take_line, roster);

    buf_init(&roster->rows, SIZE_MAX);
    roster->columns = NULL;
    for (size_t at = 0; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;

        require(csv_reader_add(csv, bytes + at, n) == RESULT_OK);
    }
    require(csv_reader_end(csv) == RESULT_OK);
    for (size_t at = 0; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;

        require(ndjson_reader_add(ndjson, bytes + at, n) == RESULT_OK);
    }
    require(ndjson_reader_end(ndjson) == RESULT_OK);
    recipient_columns_destroy(&roster->columns);
    ndjson_reader_destroy(&ndjson);
    csv_reader_destroy(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct roster whole, cut;

    if (size == 0)
        return 0;
    read_roster(&whole, (const char *)data, size, size);
    read_roster(&cut, (const char *)data, size, 1 + data[0] % 7U);
    require(whole.rows.length == cut.rows.length &&
            memcmp(whole.rows.data, cut.rows.data, cut.rows.length) == 0);
    buf_free(&whole.rows);
    buf_free(&cut.rows);
    return 0;
}
