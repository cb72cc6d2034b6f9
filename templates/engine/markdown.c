/* markdown.c - where cmark parses: bound Markdown in, a tree of blocks out (inlines:
 * markdown_inline.c). Runs when a notice is compiled, never per person.
 *
 * A paragraph that holds nothing but a section mark is a tag on a line of its own: it opens or
 * closes a section over the blocks between. Such a paragraph cuts a list in two; lists that only
 * sections part are joined again, so that conditional items keep one list and its numbers. Refused
 * with a sentence: raw HTML, images, code blocks, links that are not plain https/mailto/tel
 * addresses, a person's value in a link, sections across blocks or emphasis.
 */

/* System. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "notice_internal.h"

enum { BLOCKS_DEPTH_MAX = 24 };

/* cmark's registry of extensions is filled without a lock. */
static pthread_once_t registered = PTHREAD_ONCE_INIT;

struct builder {
    const struct notice *notice;
    struct error *error;
    unsigned depth;
};

static enum result refuse(const struct builder *b, cmark_node *node, const char *text)
{
    return markdown_refuse(b->error, node, text);
}

static bool is_table(cmark_node *node)
{
    return !strcmp(cmark_node_get_type_string(node), "table");
}

/* ---- Blocks ---- */

/* Is the paragraph one mark and nothing else? */
static bool only_mark(cmark_node *node, struct mark *mark)
{
    cmark_node *child = cmark_node_first_child(node);
    if (cmark_node_get_type(node) != CMARK_NODE_PARAGRAPH || !child || cmark_node_next(child) ||
        cmark_node_get_type(child) != CMARK_NODE_TEXT)
        return false;
    const char *text = cmark_node_get_literal(child), *end = text + strlen(text), *after = text;
    return mark_find(text, end, mark, &after) == text && text < end && after == end;
}

static struct block *new_block(const struct builder *b, enum block_kind kind, cmark_node *node)
{
    struct block *block = arena_new(b->notice->arena, struct block);
    if (block)
        *block = (struct block){.kind = kind, .node = node, .start = 1};
    return block;
}

/* The kind of a block, or -1 for what a notice does not take. */
static int kind_of(cmark_node *node)
{
    switch ((unsigned)cmark_node_get_type(node)) {
    case CMARK_NODE_HEADING:
        return BLOCK_HEADING;
    case CMARK_NODE_PARAGRAPH:
        return BLOCK_PARAGRAPH;
    case CMARK_NODE_LIST:
        return BLOCK_LIST;
    case CMARK_NODE_ITEM:
        return BLOCK_ITEM;
    case CMARK_NODE_BLOCK_QUOTE:
        return BLOCK_QUOTE;
    case CMARK_NODE_THEMATIC_BREAK:
        return BLOCK_RULE;
    default:
        return is_table(node) ? BLOCK_TABLE : -1;
    }
}

static enum result build_blocks(struct builder *b, cmark_node *parent, struct block **ret_first);

static enum result check_table(const struct builder *b, cmark_node *table)
{
    enum result result = RESULT_OK;
    for (cmark_node *row = cmark_node_first_child(table); row; row = cmark_node_next(row))
        for (cmark_node *cell = cmark_node_first_child(row); cell && !result;
             cell = cmark_node_next(cell))
            result = inlines_check(b->error, cell);
    return result;
}

static enum result build_block(struct builder *b, cmark_node *node, struct block **ret_block)
{
    int kind = kind_of(node);
    if (kind < 0)
        return refuse(b, node,
                      "Raw HTML and code blocks are not for notices: write plain Markdown.");
    struct block *block = new_block(b, (enum block_kind)kind, node);
    if (!block)
        return refuse(b, node, "The notice is too long: shorten it.");
    *ret_block = block;
    if (kind == BLOCK_HEADING)
        block->level = cmark_node_get_heading_level(node);
    if (kind == BLOCK_LIST) {
        block->ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
        block->start = cmark_node_get_list_start(node);
    }
    if (kind == BLOCK_LIST || kind == BLOCK_ITEM || kind == BLOCK_QUOTE)
        return build_blocks(b, node, &block->child);
    return kind == BLOCK_TABLE ? check_table(b, node) : inlines_check(b->error, node);
}

static bool is_list_like(const struct block *block, const struct block *list)
{
    if (block->kind == BLOCK_LIST)
        return block->ordered == list->ordered;
    if (block->kind != BLOCK_SECTION || !block->child)
        return false;
    for (const struct block *child = block->child; child; child = child->next)
        if (!is_list_like(child, list))
            return false;
    return true;
}

static struct block *first_list(struct block *block)
{
    while (block && block->kind == BLOCK_SECTION)
        block = block->child;
    return block && block->kind == BLOCK_LIST ? block : NULL;
}

/* Replaces lists by their items, inside sections too; returns the end of the chain. */
static void splice_items(struct block **link)
{
    while (*link) {
        struct block *block = *link;
        if (block->kind == BLOCK_SECTION) {
            splice_items(&block->child);
            link = &block->next;
            continue;
        }
        struct block **tail = &block->child;
        while (*tail)
            tail = &(*tail)->next;
        *tail = block->next;
        *link = block->child;
        link = tail;
    }
}

/* Joins what sections have parted: a run of lists of one type, in sections or not, becomes one
 * list. */
static void join_lists(const struct builder *b, struct block **link)
{
    for (; *link; link = &(*link)->next) {
        const struct block *list = first_list(*link);
        if (!list || !is_list_like(*link, list))
            continue;
        struct block *first = *link, *last = first;
        bool section = first->kind == BLOCK_SECTION;
        while (last->next && is_list_like(last->next, list)) {
            last = last->next;
            section = section || last->kind == BLOCK_SECTION;
        }
        struct block *joined = section ? new_block(b, BLOCK_LIST, list->node) : NULL;
        if (!joined)
            continue;
        joined->ordered = list->ordered;
        joined->start = list->start;
        joined->child = first;
        joined->next = last->next;
        last->next = NULL;
        splice_items(&joined->child);
        *link = joined;
    }
}

/* ---- A section around a whole paragraph or item is a section over that block ---- */

static struct slice literal_of(cmark_node *node)
{
    bool text = node && cmark_node_get_type(node) == CMARK_NODE_TEXT;
    return text ? slice_of(cmark_node_get_literal(node)) : (struct slice){NULL, 0};
}

/* The mark that begins the text, or ends it. */
static bool edge_mark(struct slice text, bool first, struct mark *mark, size_t *ret_length)
{
    const char *end = text.data + text.length, *after = text.data, *at = text.data;
    if (!text.length)
        return false;
    while ((at = mark_find(after, end, mark, &after)) < end)
        if (first ? at == text.data : after == end) {
            *ret_length = (size_t)(after - at);
            return true;
        } else if (first)
            return false;
    return false;
}

/* Does the first section last until the end? check_inlines has seen that they are balanced. */
static bool spans(cmark_node *paragraph)
{
    unsigned depth = 0, zeros = 0;
    for (cmark_node *node = cmark_node_first_child(paragraph); node; node = cmark_node_next(node)) {
        struct slice text = literal_of(node);
        const char *end = text.data + text.length, *after = text.data;
        struct mark mark;
        while (text.length && mark_find(after, end, &mark, &after) < end) {
            depth += mark.kind == 'o' || mark.kind == 'i';
            depth -= mark.kind == 'c';
            zeros += mark.kind == 'c' && depth == 0;
        }
    }
    return zeros == 1;
}

static void set_literal(cmark_node *node, const char *text, size_t length)
{
    char *copy = mem_strndup(text, length);
    cmark_node_set_literal(node, copy);
    mem_free(copy);
}

/* Takes the section's marks off the paragraph when it is all inside. */
static bool take_section(cmark_node *paragraph, struct mark *ret_mark)
{
    cmark_node *first = cmark_node_first_child(paragraph);
    cmark_node *last = cmark_node_last_child(paragraph);
    struct mark open, close;
    size_t open_length = 0, close_length = 0;
    if (!edge_mark(literal_of(first), true, &open, &open_length) ||
        !edge_mark(literal_of(last), false, &close, &close_length) ||
        (open.kind != 'o' && open.kind != 'i') || close.kind != 'c' || !spans(paragraph))
        return false;
    struct slice text = literal_of(last);
    set_literal(last, text.data, text.length - close_length);
    text = literal_of(first);
    set_literal(first, text.data + open_length, text.length - open_length);
    *ret_mark = open;
    return true;
}

/* The item's only block has become a section: then the item is conditional as a whole. */
static struct block *hoist_section(struct block *item)
{
    struct block *section = item->child;
    item->child = section->child;
    bool again = item->child && item->child->kind == BLOCK_SECTION && !item->child->next;
    section->child = again ? hoist_section(item) : item;
    return section;
}

static struct block *with_section(const struct builder *b, struct block *block)
{
    if (block->kind == BLOCK_ITEM) {
        const struct block *child = block->child;
        bool section = child && child->kind == BLOCK_SECTION && !child->next;
        return section ? hoist_section(block) : block;
    }
    struct mark mark;
    if (block->kind != BLOCK_PARAGRAPH || !take_section(block->node, &mark))
        return block;
    struct block *section = new_block(b, BLOCK_SECTION, NULL);
    if (!section)
        return NULL;
    section->mark = mark;
    section->child = with_section(b, block);
    return section->child ? section : NULL;
}

struct open_block {
    struct block **head, **link;
    struct mark mark;
};

static enum result take_mark(struct builder *b, cmark_node *node, struct mark mark,
                             struct open_block *open, unsigned *n)
{
    struct open_block *top = &open[*n];
    if (mark.kind == 'c') {
        if (*n == 0 || top->mark.number != mark.number)
            return refuse(b, node,
                          "A section closes in another block than it opens: move its tag.");
        join_lists(b, top->head);
        (*n)--;
        return RESULT_OK;
    }
    if (*n + 1 == MUSTACHE_DEPTH_MAX)
        return refuse(b, node, "Sections are nested too deep: take some out.");
    struct block *section = new_block(b, BLOCK_SECTION, NULL);
    if (!section)
        return refuse(b, node, "The notice is too long: shorten it.");
    section->mark = mark;
    *top->link = section;
    top->link = &section->next;
    open[++*n] = (struct open_block){&section->child, &section->child, mark};
    return RESULT_OK;
}

static bool is_types(const struct builder *b, struct mark mark)
{
    return mark.kind == 'v' && b->notice->fields[mark.number].kind == FIELD_TYPES;
}

static enum result build_blocks(struct builder *b, cmark_node *parent, struct block **ret_first)
{
    struct open_block open[MUSTACHE_DEPTH_MAX] = {{ret_first, ret_first, {0, 0}}};
    unsigned n = 0;
    enum result result = RESULT_OK;
    if (++b->depth > BLOCKS_DEPTH_MAX)
        return refuse(b, parent, "Lists and quotes are nested too deep: flatten them.");
    for (cmark_node *node = cmark_node_first_child(parent); node && !result;
         node = cmark_node_next(node)) {
        struct mark mark = {0};
        bool alone = only_mark(node, &mark);
        if (alone && strchr("oic", mark.kind)) {
            result = take_mark(b, node, mark, open, &n);
            continue;
        }
        struct block *block = NULL;
        result = build_block(b, node, &block);
        if (result)
            break;
        if (alone && is_types(b, mark)) {
            block->kind = BLOCK_TYPES;
            block->mark = mark;
        }
        block = with_section(b, block);
        if (!block)
            result = refuse(b, node, "The notice is too long: shorten it.");
        *open[n].link = block;
        open[n].link = block ? &block->next : open[n].link;
    }
    b->depth--;
    if (!result && n)
        return refuse(b, parent,
                      "A section does not close in the block it opens in: move its tag.");
    if (!result)
        join_lists(b, ret_first);
    return result;
}

bool block_has_sections(const struct block *block)
{
    for (const struct block *child = block->child; child; child = child->next)
        if (child->kind == BLOCK_SECTION || block_has_sections(child))
            return true;
    return false;
}

enum result document_parse(const struct notice *notice, const char *text, size_t length,
                           struct document *ret_document, struct error *error)
{
    pthread_once(&registered, cmark_gfm_core_extensions_ensure_registered);
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
    cmark_syntax_extension *table = cmark_find_syntax_extension("table");
    require(parser && table);
    cmark_parser_attach_syntax_extension(parser, table);
    cmark_parser_feed(parser, text, length);
    struct document document = {.root = cmark_parser_finish(parser)};
    cmark_parser_free(parser);
    struct builder builder = {notice, error, 0};
    enum result result = build_blocks(&builder, document.root, &document.blocks);
    if (result)
        document_free(&document);
    else
        *ret_document = document;
    return result;
}

void document_free(struct document *document)
{
    if (document->root)
        cmark_node_free(document->root);
    *document = (struct document){0};
}
