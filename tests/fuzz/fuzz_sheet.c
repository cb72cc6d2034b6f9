/* link: domain - spreadsheets: however the bytes are cut the same rows, notes or refusal come out,
 * and what comes out is UTF-8. */

/* System. */
#include <string.h>

/* Base. */
#include "base/result.h"

/* Interfaces. */
#include "tocsin/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sheet {
    struct recipient_columns *columns;
    struct buf rows;
    struct error error;
    enum result result;
};

static void read_person(struct sheet *sheet, const struct csv_row *row)
{
    struct arena *arena = arena_create(1 << 20);
    struct row_notes notes;
    struct recipient recipient;
    struct error error;

    if (recipient_from_sheet_row(sheet->columns, row, arena, &notes, &recipient, &error) ==
        RESULT_OK) {
        require(recipient_write(&sheet->rows, &recipient));
        require(notes.n <= ROW_NOTES_MAX);
        for (unsigned i = 0; i < notes.n; i++)
            (void)buf_puts(&sheet->rows, notes.notes[i].field);
    }
    arena_destroy(&arena);
}

static enum result take_row(void *context, const struct csv_row *row)
{
    struct sheet *sheet = context;

    (void)buf_add_u64(&sheet->rows, row->line);
    if (sheet->columns == NULL)
        return recipient_columns_read(row, &sheet->columns, &sheet->error);
    read_person(sheet, row);
    return RESULT_OK;
}

static void read_sheet(struct sheet *sheet, const char *bytes, size_t size, size_t step)
{
    struct sheet_reader *reader = sheet_reader_create(SHEET_UNSAID, take_row, sheet);

    memset(sheet, 0, sizeof(*sheet));
    buf_init(&sheet->rows, SIZE_MAX);
    for (size_t at = 0; sheet->result == RESULT_OK && at < size; at += step)
        sheet->result = sheet_reader_add(reader, bytes + at, size - at < step ? size - at : step,
                                         &sheet->error);
    if (sheet->result == RESULT_OK)
        sheet->result = sheet_reader_end(reader, &sheet->error);
    recipient_columns_destroy(&sheet->columns);
    sheet_reader_destroy(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sheet whole, cut;

    if (size == 0)
        return 0;
    read_sheet(&whole, (const char *)data, size, size);
    read_sheet(&cut, (const char *)data, size, 1 + data[0] % 7U);
    require(whole.result == cut.result);
    if (whole.result == RESULT_OK)
        require(whole.rows.length == cut.rows.length &&
                memcmp(whole.rows.data, cut.rows.data, cut.rows.length) == 0);
    buf_free(&whole.rows);
    buf_free(&cut.rows);
    return 0;
}
