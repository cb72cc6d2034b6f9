/* sheet_pdf.c - the same blocks as A4 pages by Cairo and Pango. Happy path: a cursor runs down the
 * page, a block that does not fit begins a new one, tables go on row by row. Failure modes: Cairo
 * says no (memory): false, and nothing is given. The date comes from the report, so that the same
 * report gives the same bytes. */
/* System. */
#include <string.h>

/* Libraries. */
#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/evidence/sheet.h"

enum { WIDTH = 595, HEIGHT = 842, MARGIN = 56, FOOT = 28, PLOT_HEIGHT = 130, GAP = 6 };

struct page {
    const struct sheet *sheet;
    cairo_t *cairo;
    PangoLayout *layout;
    double y;
    unsigned number;
};

static cairo_status_t take_bytes(void *context, const unsigned char *bytes, unsigned length)
{
    return buf_add(context, bytes, length) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void set_font(struct page *page, const char *font)
{
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(page->layout, description);
    pango_font_description_free(description);
}

/* Lays the text out in a width; its height. */
static double measure(struct page *page, const char *text, double width)
{
    int height = 0;
    pango_layout_set_width(page->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_text(page->layout, str_or(text, ""), -1);
    pango_layout_get_pixel_size(page->layout, NULL, &height);
    return height;
}

static void show(struct page *page, double x, double y)
{
    cairo_move_to(page->cairo, x, y);
    pango_cairo_show_layout(page->cairo, page->layout);
}

static void end_page(struct page *page)
{
    struct buf text;
    buf_init(&text, 1024);
    buf_printf(&text, "%s - page %u", str_or(page->sheet->footer, ""), page->number);
    set_font(page, "DejaVu Sans 7");
    pango_layout_set_alignment(page->layout, PANGO_ALIGN_LEFT);
    measure(page, text.data, WIDTH - 2 * MARGIN);
    show(page, MARGIN, HEIGHT - MARGIN + GAP);
    buf_free(&text);
    cairo_show_page(page->cairo);
    page->number++;
    page->y = MARGIN;
}

static void need(struct page *page, double height)
{
    if (page->y + height > HEIGHT - MARGIN - FOOT / 2.0 && page->y > MARGIN)
        end_page(page);
}

static void put_text(struct page *page, const char *text, const char *font, double before)
{
    page->y += before;
    set_font(page, font);
    double height = measure(page, text, WIDTH - 2 * MARGIN);
    if (page->y + height > HEIGHT - MARGIN) {
        end_page(page);
        set_font(page, font);
        height = measure(page, text, WIDTH - 2 * MARGIN);
    }
    show(page, MARGIN, page->y);
    page->y += height + GAP;
}

static void put_rule(struct page *page, double width)
{
    cairo_set_line_width(page->cairo, width);
    cairo_move_to(page->cairo, MARGIN, page->y);
    cairo_line_to(page->cairo, WIDTH - MARGIN, page->y);
    cairo_stroke(page->cairo);
}

/* The first column takes what the others leave. */
static void put_row(struct page *page, const struct sheet_block *block, size_t row)
{
    const double all = WIDTH - 2 * MARGIN;
    const double other = block->columns < 2    ? 0
                         : block->columns == 2 ? all * 0.35
                                               : all * 0.72 / (double)(block->columns - 1);
    const double first = all - other * (double)(block->columns - 1);
    const char *font = row == 0 ? "DejaVu Sans Bold 7.5" : "DejaVu Sans 8";
    double height = 0;
    set_font(page, font);
    for (size_t i = 0; i < block->columns; i++) {
        double h = measure(page, block->cells[row * block->columns + i], i ? other : first);
        height = h > height ? h : height;
    }
    need(page, height + 4);
    set_font(page, font);
    for (size_t i = 0; i < block->columns; i++) {
        pango_layout_set_alignment(page->layout, i ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
        measure(page, block->cells[row * block->columns + i], i ? other - 4 : first - 4);
        show(page, MARGIN + (i ? first + other * (double)(i - 1) + 4 : 0), page->y);
    }
    pango_layout_set_alignment(page->layout, PANGO_ALIGN_LEFT);
    page->y += height + 2;
    put_rule(page, row == 0 ? 0.8 : 0.2);
    page->y += 2;
}

static void put_table(struct page *page, const struct sheet_block *block)
{
    page->y += GAP;
    need(page, 60); /* a caption is not left alone */
    put_text(page, block->text, "DejaVu Sans Bold 9", 0);
    for (size_t row = 0; row < block->rows; row++)
        put_row(page, block, row);
    page->y += GAP;
}

static void put_bar(struct page *page, double x, double width, double height)
{
    cairo_rectangle(page->cairo, x, page->y + PLOT_HEIGHT - height, width, height);
    cairo_fill(page->cairo);
}

static void put_plot(struct page *page, const struct sheet_block *block)
{
    int64_t most = 1;
    const double step = (WIDTH - 2.0 * MARGIN) / (double)(block->n_bars ? block->n_bars : 1);
    const double width = step * 0.4 < 40 ? step * 0.4 : 40;
    struct buf caption;
    buf_init(&caption, 4096);
    need(page, PLOT_HEIGHT + 50);
    for (size_t i = 0; i < block->n_bars; i++) {
        most = block->bars[i].first > most ? block->bars[i].first : most;
        most = block->bars[i].second > most ? block->bars[i].second : most;
    }
    for (size_t i = 0; i < block->n_bars; i++) {
        const double x = MARGIN + step * (double)i;
        cairo_set_source_rgb(page->cairo, 0.48, 0.55, 0.64);
        put_bar(page, x, width, PLOT_HEIGHT * (double)block->bars[i].first / (double)most);
        cairo_set_source_rgb(page->cairo, 0.08, 0.31, 0.55);
        put_bar(page, x + width, width, PLOT_HEIGHT * (double)block->bars[i].second / (double)most);
    }
    cairo_set_source_rgb(page->cairo, 0, 0, 0);
    page->y += PLOT_HEIGHT;
    put_rule(page, 0.8);
    if (block->n_bars > 0)
        buf_printf(&caption, "%s to %s. ", block->bars[0].label,
                   block->bars[block->n_bars - 1].label);
    buf_printf(&caption, "%s Light: %s; dark: %s; the tallest bar is %lld.", block->text,
               block->first, block->second, (long long)most);
    put_text(page, caption.data, "DejaVu Sans 7.5", 3);
    buf_free(&caption);
}

static void put_block(struct page *page, const struct sheet_block *block)
{
    switch (block->kind) {
    case SHEET_TITLE:
        put_text(page, block->text, "DejaVu Sans Bold 16", 0);
        break;
    case SHEET_HEADING:
        need(page, 150); /* with the beginning of what it is about */
        put_text(page, block->text, "DejaVu Sans Bold 12", 10);
        break;
    case SHEET_TEXT:
        put_text(page, block->text, "DejaVu Sans 9", 0);
        break;
    case SHEET_TABLE:
        put_table(page, block);
        break;
    case SHEET_PLOT:
        put_plot(page, block);
        break;
    case SHEET_LINE:
        need(page, 56);
        page->y += 30;
        put_rule(page, 0.6);
        put_text(page, block->text, "DejaVu Sans 8", 2);
        break;
    }
}

bool sheet_pdf(const struct sheet *sheet, struct buf *to)
{
    char at[TIME_TEXT_SIZE];
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take_bytes, to, WIDTH, HEIGHT);
    struct page page = {.sheet = sheet, .cairo = cairo_create(surface), .y = MARGIN, .number = 1};
    PangoFontMap *fonts = pango_cairo_font_map_new(); /* not the thread's: it ends with the page */
    PangoContext *context = pango_font_map_create_context(fonts);
    pango_cairo_update_context(page.cairo, context);
    page.layout = pango_layout_new(context);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, sheet->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                   time_format(at, sheet->at));
    for (size_t i = 0; i < sheet->n; i++)
        put_block(&page, &sheet->blocks[i]);
    end_page(&page);
    cairo_surface_finish(surface);
    const bool good = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS &&
                      cairo_status(page.cairo) == CAIRO_STATUS_SUCCESS && !to->failed;
    g_object_unref(page.layout);
    g_object_unref(context);
    g_object_unref(fonts);
    cairo_destroy(page.cairo);
    cairo_surface_destroy(surface);
    return good;
}

void sheet_fonts_end(void)
{
    cairo_debug_reset_static_data();
    FcFini();
}
