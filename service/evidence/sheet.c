/* sheet.c - building a page for people, and writing it as HTML. Everything that comes from a
 * document is escaped; styles are inline, so that the file stands alone. */
/* System. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/sheet.h"

enum { TEXT_MAX = 4096 };

void sheet_init(struct sheet *sheet, struct arena *arena, const char *title)
{
    memset(sheet, 0, sizeof(*sheet));
    sheet->arena = arena;
    sheet->title = title;
    sheet->at = 0;
}

static struct sheet_block *block_new(struct sheet *sheet, enum sheet_kind kind)
{
    require(sheet->n < SHEET_BLOCKS_MAX);
    struct sheet_block *block = &sheet->blocks[sheet->n++];
    block->kind = kind;
    return block;
}

void sheet_text(struct sheet *sheet, enum sheet_kind kind, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    block_new(sheet, kind)->text = str_or(arena_strdup(sheet->arena, text), "");
}

void sheet_table(struct sheet *sheet, const char *caption, const char *const *cells, size_t columns,
                 size_t rows)
{
    struct sheet_block *block = block_new(sheet, SHEET_TABLE);
    const char **copy = arena_alloc(sheet->arena, columns * rows * sizeof(*copy) + 1);
    require(copy != NULL);
    for (size_t i = 0; i < columns * rows; i++)
        copy[i] = str_or(arena_strdup(sheet->arena, str_or(cells[i], "")), "");
    block->text = caption;
    block->cells = copy;
    block->columns = columns;
    block->rows = rows;
}

void sheet_plot(struct sheet *sheet, const struct sheet_block *plot)
{
    struct sheet_block *block = block_new(sheet, SHEET_PLOT);
    *block = *plot;
    block->kind = SHEET_PLOT;
}

/* ---- HTML. ---- */

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>";
static const char style[] =
    "</title>\n<style>body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem "
    "auto;padding:0 1rem;color:#1a1a1a;background:#fff}table{border-collapse:collapse;margin:.5rem "
    "0 1.5rem}caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{border-bottom:1px "
    "solid "
    "#ccc;padding:.25rem .8rem .25rem 0;text-align:left}td+td,th+th{text-align:right}h1{font-size:"
    "1.6rem}h2{font-size:1.2rem;margin-top:2rem}.line{border-bottom:1px solid "
    "#1a1a1a;height:2.2rem;"
    "max-width:30rem}figure{margin:1rem 0}@media "
    "print{body{margin:0}}</style></head><body><main>\n";

static void put_escaped(struct buf *to, const char *text)
{
    for (const char *p = str_or(text, ""); *p; p++) {
        if (*p == '&')
            buf_puts(to, "&amp;");
        else if (*p == '<')
            buf_puts(to, "&lt;");
        else if (*p == '>')
            buf_puts(to, "&gt;");
        else if (*p == '"')
            buf_puts(to, "&quot;");
        else
            buf_putc(to, *p);
    }
}

static void put_element(struct buf *to, const char *name, const char *text)
{
    buf_printf(to, "<%s>", name);
    put_escaped(to, text);
    buf_printf(to, "</%s>", name);
}

static void put_table(struct buf *to, const struct sheet_block *block)
{
    buf_puts(to, "<table>");
    put_element(to, "caption", block->text);
    for (size_t row = 0; row < block->rows; row++) {
        buf_puts(to, row == 0 ? "<thead><tr>" : "<tr>");
        for (size_t i = 0; i < block->columns; i++)
            put_element(to, row == 0 ? "th" : "td", block->cells[row * block->columns + i]);
        buf_puts(to, row == 0 ? "</tr></thead>\n" : "</tr>\n");
    }
    buf_puts(to, "</table>\n");
}

enum { PLOT_WIDTH = 720, PLOT_HEIGHT = 200, PLOT_FOOT = 30 };

static int64_t largest(const struct sheet_block *block)
{
    int64_t most = 1;
    for (size_t i = 0; i < block->n_bars; i++) {
        most = block->bars[i].first > most ? block->bars[i].first : most;
        most = block->bars[i].second > most ? block->bars[i].second : most;
    }
    return most;
}

static void put_bar(struct buf *to, const struct sheet_block *block, size_t i)
{
    const struct sheet_bar *bar = &block->bars[i];
    const int64_t most = largest(block);
    const int64_t step = PLOT_WIDTH / (int64_t)block->n_bars, width = step > 5 ? step * 2 / 5 : 1;
    const int64_t x = (int64_t)i * PLOT_WIDTH / (int64_t)block->n_bars;
    const int64_t a = bar->first * PLOT_HEIGHT / most, b = bar->second * PLOT_HEIGHT / most;
    buf_printf(to,
               "<rect x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\" fill=\"#7a8ca3\"/>"
               "<rect x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\" fill=\"#14508c\"/>",
               (long long)x, (long long)(PLOT_HEIGHT - a), (long long)width, (long long)a,
               (long long)(x + width), (long long)(PLOT_HEIGHT - b), (long long)width,
               (long long)b);
    if (i == 0 || i + 1 == block->n_bars) {
        buf_printf(to, "<text x=\"%lld\" y=\"%d\" font-size=\"12\"%s>",
                   (long long)(i == 0 ? x : PLOT_WIDTH), PLOT_HEIGHT + 18,
                   i == 0 ? "" : " text-anchor=\"end\"");
        put_escaped(to, bar->label);
        buf_puts(to, "</text>");
    }
}

static void put_plot(struct buf *to, const struct sheet_block *block)
{
    buf_printf(to,
               "<figure><svg viewBox=\"0 0 %d %d\" width=\"100%%\" role=\"img\" "
               "aria-label=\"",
               PLOT_WIDTH, PLOT_HEIGHT + PLOT_FOOT);
    put_escaped(to, block->text);
    buf_printf(to, "\"><path d=\"M0 %d H%d\" stroke=\"#1a1a1a\"/>", PLOT_HEIGHT, PLOT_WIDTH);
    for (size_t i = 0; i < block->n_bars; i++)
        put_bar(to, block, i);
    buf_puts(to, "</svg><figcaption>");
    put_escaped(to, block->text);
    buf_puts(to, " Light: ");
    put_escaped(to, block->first);
    buf_puts(to, "; dark: ");
    put_escaped(to, block->second);
    buf_printf(to, "; the tallest bar is %lld.</figcaption></figure>\n", (long long)largest(block));
}

static void put_block(struct buf *to, const struct sheet_block *block)
{
    switch (block->kind) {
    case SHEET_TITLE:
        put_element(to, "h1", block->text);
        break;
    case SHEET_HEADING:
        put_element(to, "h2", block->text);
        break;
    case SHEET_TEXT:
        put_element(to, "p", block->text);
        break;
    case SHEET_TABLE:
        put_table(to, block);
        break;
    case SHEET_PLOT:
        put_plot(to, block);
        break;
    case SHEET_LINE:
        buf_puts(to, "<div class=\"line\"></div>");
        put_element(to, "p", block->text);
        break;
    }
    buf_putc(to, '\n');
}

bool sheet_html(const struct sheet *sheet, struct buf *to)
{
    buf_puts(to, head);
    put_escaped(to, sheet->title);
    buf_puts(to, style);
    for (size_t i = 0; i < sheet->n; i++)
        put_block(to, &sheet->blocks[i]);
    put_element(to, "footer", sheet->footer);
    return buf_puts(to, "\n</main></body></html>\n");
}
