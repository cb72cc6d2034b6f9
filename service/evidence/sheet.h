/* sheet.h - a page for people as a list of blocks, written as HTML (self-contained, no script) and
 * as PDF (A4). The same blocks give the same bytes. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"

enum sheet_kind { SHEET_TITLE, SHEET_HEADING, SHEET_TEXT, SHEET_TABLE, SHEET_PLOT, SHEET_LINE };
struct sheet_bar { /* one day: two numbers side by side */
    const char *label;
    int64_t first, second;
};
struct sheet_block {
    enum sheet_kind kind;
    const char *text; /* TITLE, HEADING, TEXT; of TABLE and PLOT the caption; of LINE what is
                         to be filled in */
    const char *const *cells; /* TABLE: row by row, the first row is the head */
    size_t columns, rows;
    const struct sheet_bar *bars; /* PLOT */
    size_t n_bars;
    const char *first, *second; /* PLOT: names of the two series */
};
enum { SHEET_BLOCKS_MAX = 64 };
struct sheet {
    struct arena *arena; /* someone else's; all texts live there */
    struct sheet_block blocks[SHEET_BLOCKS_MAX];
    size_t n;
    const char *title;
    const char *footer; /* on every page of the PDF */
    time_ms at;         /* the PDF's date: never the clock's */
};
void sheet_init(struct sheet *sheet, struct arena *arena, const char *title);
void sheet_text(struct sheet *sheet, enum sheet_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Cells are copied; the caption is borrowed. */
void sheet_table(struct sheet *sheet, const char *caption, const char *const *cells, size_t columns,
                 size_t rows);
void sheet_plot(struct sheet *sheet, const struct sheet_block *plot);

bool sheet_html(const struct sheet *sheet, struct buf *to);
bool sheet_pdf(const struct sheet *sheet, struct buf *to);
/* At the end of the program, when no page is being drawn: gives back what the fonts took. */
void sheet_fonts_end(void);
