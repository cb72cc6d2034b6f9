/* emit_text.c - blocks become the operations that write plain text: underlined headings and wrapped
 * lines for mail, or a paragraph a line for banners and the words of a letter. Pure. Paragraphs
 * without a person's values are wrapped here, once; the others when rendered.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmark-gfm.h>

/* This module. */
#include "notice_internal.h"

struct writer {
    struct emitter emitter;
    bool wrap;
};

static void add_text(void *context, const char *text, size_t length)
{
    struct writer *w = context;
    program_literal(w->emitter.to, text, length);
}

static void add_markup(void *context, enum inline_markup markup, bool open)
{
    (void)open;
    if (markup == INLINE_BREAK)
        add_text(context, "\n", 1);
}

static void add_link(void *context, const char *url)
{
    url = str_starts(url, "mailto:") ? url + 7 : str_starts(url, "tel:") ? url + 4 : url;
    add_text(context, url, strlen(url));
}

static void add_mark(void *context, struct mark mark)
{
    struct writer *w = context;
    emitter_mark(&w->emitter, mark);
}

static void emit_inlines(struct writer *w, struct cmark_node *node)
{
    struct inline_sink sink = {add_text, add_markup, add_link, add_mark, w};
    inline_walk(node, &sink);
}

static void add_indent(struct writer *w, unsigned indent)
{
    while (indent--)
        program_puts(w->emitter.to, " ");
}

/* When the paragraph is one literal, wraps it now: its literal is the last thing in the program. */
static bool wrap_now(struct program *to, unsigned begin, unsigned column, unsigned indent)
{
    if (to->n != begin + 2 || to->ops[begin + 1].code != OP_LITERAL)
        return false;
    const struct op literal = to->ops[begin + 1];
    struct buf wrapped;
    buf_init(&wrapped, SIZE_MAX);
    text_add_wrapped(&wrapped, (struct slice){to->literals.data + literal.a, literal.b}, column,
                     indent);
    to->literals.length = literal.a;
    to->n = begin;
    program_literal(to, wrapped.data, wrapped.length);
    buf_free(&wrapped);
    return true;
}

/* Inlines as one paragraph that begins at `column`; its other lines are indented. */
static void emit_flow(struct writer *w, struct cmark_node *node, unsigned column, unsigned indent)
{
    struct program *to = w->emitter.to;
    if (!w->wrap) {
        emit_inlines(w, node);
        return;
    }
    unsigned begin = program_op(to, (struct op){.code = OP_WRAP_BEGIN});
    emit_inlines(w, node);
    if (!wrap_now(to, begin, column, indent))
        program_op(to, (struct op){.code = OP_WRAP_END, .a = column, .b = indent});
}

static void emit_blocks(struct writer *w, const struct block *block, unsigned indent, bool tight);

/* An underline as long as the heading, when that is known now. */
static void emit_heading(struct writer *w, const struct block *block, unsigned indent)
{
    struct program *to = w->emitter.to;
    unsigned n = to->n;
    size_t from = to->literals.length;
    add_indent(w, indent);
    emit_flow(w, block->node, indent, indent);
    size_t length = 0; /* characters */
    for (size_t i = from; i < to->literals.length; i++)
        length += ((unsigned char)to->literals.data[i] & 0xC0) != 0x80;
    bool known = to->n <= n + 1 && length < TEXT_COLUMNS;
    program_puts(to, "\n");
    if (w->wrap && known && block->level <= 2) {
        char line[TEXT_COLUMNS + 1];
        memset(line, block->level == 1 ? '=' : '-', length);
        program_literal(to, line, length);
        program_puts(to, "\n");
    }
    program_puts(to, "\n");
}

static void emit_item(struct writer *w, const struct block *item, const char *bullet,
                      unsigned indent)
{
    struct program *to = w->emitter.to;
    unsigned inner = indent + (bullet ? 2 : 3);
    add_indent(w, indent);
    if (bullet)
        program_puts(to, bullet);
    else
        program_op(to, (struct op){.code = OP_NUMBER});
    const struct block *child = item->child;
    if (child && child->kind == BLOCK_PARAGRAPH) {
        emit_flow(w, child->node, inner, inner);
        child = child->next;
    }
    program_puts(to, "\n");
    emit_blocks(w, child, inner, true);
}

static void emit_items(struct writer *w, const struct block *block, const char *bullet,
                       unsigned indent)
{
    for (; block; block = block->next) {
        if (block->kind == BLOCK_ITEM) {
            emit_item(w, block, bullet, indent);
            continue;
        }
        emitter_mark(&w->emitter, block->mark);
        emit_items(w, block->child, bullet, indent);
        emitter_mark(&w->emitter, (struct mark){'c', block->mark.number});
    }
}

static void emit_list(struct writer *w, const struct block *block, unsigned indent, bool tight)
{
    struct program *to = w->emitter.to;
    bool sections = block_has_sections(block);
    if (sections)
        program_op_literal(to, OP_MARK, "");
    if (block->ordered)
        program_op(to, (struct op){.code = OP_COUNT, .a = (uint32_t)block->start});
    emit_items(w, block->child, block->ordered ? NULL : "- ", indent);
    if (block->ordered)
        program_op(to, (struct op){.code = OP_COUNT_END});
    if (sections)
        program_op_literal(to, OP_KEEP, tight ? "" : "\n");
    else
        program_puts(to, tight ? "" : "\n");
}

/* A row a line: "cell: cell", and bars when there are more. */
static void emit_table(struct writer *w, const struct block *block, unsigned indent)
{
    cmark_node *row = cmark_node_first_child(block->node);
    for (; row; row = cmark_node_next(row)) {
        cmark_node *cell = cmark_node_first_child(row);
        bool pair = cell && cmark_node_next(cell) && !cmark_node_next(cmark_node_next(cell));
        add_indent(w, indent);
        for (; cell; cell = cmark_node_next(cell)) {
            emit_inlines(w, cell);
            if (cmark_node_next(cell))
                program_puts(w->emitter.to, pair ? ": " : " | ");
        }
        program_puts(w->emitter.to, "\n");
    }
    program_puts(w->emitter.to, "\n");
}

static void emit_block(struct writer *w, const struct block *block, unsigned indent, bool tight)
{
    struct program *to = w->emitter.to;
    switch (block->kind) {
    case BLOCK_HEADING:
        emit_heading(w, block, indent);
        break;
    case BLOCK_PARAGRAPH:
        add_indent(w, indent);
        emit_flow(w, block->node, indent, indent);
        program_puts(to, tight ? "\n" : "\n\n");
        break;
    case BLOCK_TYPES:
        program_op(to, (struct op){.code = OP_TYPES, .field = (uint16_t)block->mark.number});
        break;
    case BLOCK_LIST:
        emit_list(w, block, indent, tight);
        break;
    case BLOCK_QUOTE:
        emit_blocks(w, block->child, indent + 2, tight);
        break;
    case BLOCK_RULE:
        program_puts(to, "* * *\n\n");
        break;
    case BLOCK_TABLE:
        emit_table(w, block, indent);
        break;
    case BLOCK_SECTION:
        emitter_mark(&w->emitter, block->mark);
        emit_blocks(w, block->child, indent, tight);
        emitter_mark(&w->emitter, (struct mark){'c', block->mark.number});
        break;
    case BLOCK_ITEM:
        break; /* inside lists only */
    }
}

static void emit_blocks(struct writer *w, const struct block *block, unsigned indent, bool tight)
{
    for (; block; block = block->next)
        emit_block(w, block, indent, tight);
}

void emit_text(const struct notice *notice, const struct block *blocks, bool wrap,
               struct program *to)
{
    struct writer writer = {{.notice = notice, .to = to, .escape = ESCAPE_NONE}, wrap};
    emit_blocks(&writer, blocks, 0, false);
}
