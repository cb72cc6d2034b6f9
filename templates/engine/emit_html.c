/* emit_html.c - blocks become the operations that write HTML: headings, paragraphs, lists, tables;
 * no classes, no images, addresses always shown as they are. Pure; every text and value goes
 * through html_add.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmark-gfm.h>

/* This module. */
#include "notice_internal.h"

static void add_text(void *context, const char *text, size_t length)
{
    struct emitter *e = context;
    struct buf escaped;
    buf_init(&escaped, SIZE_MAX);
    html_add(&escaped, text, length);
    program_literal(e->to, escaped.data, escaped.length);
    buf_free(&escaped);
}

static void add_markup(void *context, enum inline_markup markup, bool open)
{
    static const char *const tags[][2] = {[INLINE_STRONG] = {"</strong>", "<strong>"},
                                          [INLINE_EMPHASIS] = {"</em>", "<em>"},
                                          [INLINE_CODE] = {"</code>", "<code>"},
                                          [INLINE_BREAK] = {"", "<br>\n"}};
    struct emitter *e = context;
    program_puts(e->to, tags[markup][open]);
}

/* The words of the link are its address: what is seen is where it goes. */
static void add_link(void *context, const char *url)
{
    struct emitter *e = context;
    const char *shown = str_starts(url, "mailto:") ? url + 7
                        : str_starts(url, "tel:")  ? url + 4
                                                   : url;
    program_puts(e->to, "<a href=\"");
    add_text(e, url, strlen(url));
    program_puts(e->to, "\">");
    add_text(e, shown, strlen(shown));
    program_puts(e->to, "</a>");
}

static void add_mark(void *context, struct mark mark)
{
    emitter_mark(context, mark);
}

static void emit_inlines(struct emitter *e, struct cmark_node *node)
{
    struct inline_sink sink = {add_text, add_markup, add_link, add_mark, e};
    inline_walk(node, &sink);
}

static void emit_blocks(struct emitter *e, const struct block *block, bool tight);

static void emit_heading(struct emitter *e, const struct block *block)
{
    char tag[16];
    snprintf(tag, sizeof tag, "<h%d>", block->level);
    program_puts(e->to, tag);
    emit_inlines(e, block->node);
    snprintf(tag, sizeof tag, "</h%d>\n", block->level);
    program_puts(e->to, tag);
}

static void emit_list(struct emitter *e, const struct block *block)
{
    char open[32] = "<ul>\n";
    if (block->ordered && block->start != 1)
        snprintf(open, sizeof open, "<ol start=\"%d\">\n", block->start);
    else if (block->ordered)
        snprintf(open, sizeof open, "<ol>\n");
    const char *close = block->ordered ? "</ol>\n" : "</ul>\n";
    bool sections = block_has_sections(block);
    if (sections)
        program_op_literal(e->to, OP_MARK, open);
    else
        program_puts(e->to, open);
    emit_blocks(e, block->child, true);
    if (sections)
        program_op_literal(e->to, OP_KEEP, close);
    else
        program_puts(e->to, close);
}

static void emit_table(struct emitter *e, struct cmark_node *table)
{
    program_puts(e->to, "<table>\n");
    bool head = true;
    for (cmark_node *row = cmark_node_first_child(table); row; row = cmark_node_next(row)) {
        program_puts(e->to, "<tr>");
        for (cmark_node *cell = cmark_node_first_child(row); cell; cell = cmark_node_next(cell)) {
            program_puts(e->to, head ? "<th scope=\"col\">" : "<td>");
            emit_inlines(e, cell);
            program_puts(e->to, head ? "</th>" : "</td>");
        }
        program_puts(e->to, "</tr>\n");
        head = false;
    }
    program_puts(e->to, "</table>\n");
}

static void emit_around(struct emitter *e, const struct block *block, const char *open,
                        const char *close)
{
    unsigned paragraphs = 0;
    for (const struct block *child = block->child; child; child = child->next)
        paragraphs += child->kind == BLOCK_PARAGRAPH || child->kind == BLOCK_SECTION;
    program_puts(e->to, open);
    emit_blocks(e, block->child, block->kind == BLOCK_ITEM && paragraphs < 2);
    program_puts(e->to, close);
}

static void emit_paragraph(struct emitter *e, const struct block *block, bool tight)
{
    program_puts(e->to, tight ? "" : "<p>");
    emit_inlines(e, block->node);
    program_puts(e->to, tight ? "" : "</p>\n");
}

static void emit_section(struct emitter *e, const struct block *block, bool tight)
{
    emitter_mark(e, block->mark);
    emit_blocks(e, block->child, tight);
    emitter_mark(e, (struct mark){'c', block->mark.number});
}

static void emit_blocks(struct emitter *e, const struct block *block, bool tight)
{
    for (; block; block = block->next) {
        switch (block->kind) {
        case BLOCK_HEADING:
            emit_heading(e, block);
            break;
        case BLOCK_PARAGRAPH:
            emit_paragraph(e, block, tight);
            break;
        case BLOCK_TYPES:
            program_op(e->to, (struct op){.code = OP_TYPES,
                                          .escape = ESCAPE_HTML,
                                          .field = (uint16_t)block->mark.number});
            break;
        case BLOCK_LIST:
            emit_list(e, block);
            break;
        case BLOCK_ITEM:
            emit_around(e, block, "<li>", "</li>\n");
            break;
        case BLOCK_QUOTE:
            emit_around(e, block, "<blockquote>\n", "</blockquote>\n");
            break;
        case BLOCK_RULE:
            program_puts(e->to, "<hr>\n");
            break;
        case BLOCK_TABLE:
            emit_table(e, block->node);
            break;
        case BLOCK_SECTION:
            emit_section(e, block, tight);
            break;
        }
    }
}

void emit_html(const struct notice *notice, const struct block *blocks, struct program *to)
{
    struct emitter emitter = {.notice = notice, .to = to, .escape = ESCAPE_HTML};
    emit_blocks(&emitter, blocks, false);
}
