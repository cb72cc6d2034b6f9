/* markdown_inline.c - what stands inside a paragraph: checked once, then walked by each emitter.
 * Pure. Refuses images, raw HTML, links that are not plain addresses, and sections that would leave
 * markup open.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmark-gfm.h>

/* This module. */
#include "notice_internal.h"

enum { NEST_MAX = 8 }; /* the walks below recurse */

enum result markdown_refuse(struct error *error, cmark_node *node, const char *text)
{
    char field[32];
    snprintf(field, sizeof field, "line %d", cmark_node_get_start_line(node));
    return error_set(error, RESULT_INVALID, field, "%s", text);
}

/* https, mailto and tel only, no query or fragment (tracking), no user part (look-alikes), no
 * marks. */
static const char *link_fault(const char *url)
{
    if (strstr(url, MARK_BEGIN) || strstr(url, "%EE%80%80"))
        return "A placeholder stands in the address of a link: write the address out.";
    if (!str_starts(url, "https://") && !str_starts(url, "mailto:") && !str_starts(url, "tel:"))
        return "A link is neither https nor mailto nor tel: correct or remove it.";
    if (strpbrk(url, "?#") || (str_starts(url, "https://") && strchr(url, '@')))
        return "A link holds a query, a fragment or a user: give the plain address.";
    return NULL;
}

static enum result check_inline(struct error *error, cmark_node *node)
{
    switch ((unsigned)cmark_node_get_type(node)) {
    case CMARK_NODE_IMAGE:
        return markdown_refuse(error, node, "A notice has no images: remove it.");
    case CMARK_NODE_HTML_INLINE:
        return markdown_refuse(error, node, "A notice has no raw HTML: write Markdown.");
    case CMARK_NODE_LINK: {
        const char *fault = link_fault(cmark_node_get_url(node));
        return fault ? markdown_refuse(error, node, fault) : RESULT_OK;
    }
    default:
        return RESULT_OK;
    }
}

/* Sections must open and close among the same siblings, or markup would be left open. */
static enum result check_below(struct error *error, cmark_node *parent, unsigned depth)
{
    if (depth > NEST_MAX)
        return markdown_refuse(error, parent, "Emphasis is nested too deep: take some out.");
    struct mark open[MUSTACHE_DEPTH_MAX];
    unsigned n = 0;
    for (cmark_node *node = cmark_node_first_child(parent); node; node = cmark_node_next(node)) {
        enum result result = check_inline(error, node);
        if (!result && cmark_node_first_child(node))
            result = check_below(error, node, depth + 1);
        if (result)
            return result;
        const char *text = cmark_node_get_literal(node);
        const char *end = text ? text + strlen(text) : NULL, *after = text;
        struct mark mark;
        while (text && (text = mark_find(after, end, &mark, &after)) < end) {
            bool closes = mark.kind == 'c';
            bool known = !closes || (n && open[n - 1].number == mark.number);
            if (!known ||
                (!closes && mark.kind != 'v' && mark.kind != 'l' && n == MUSTACHE_DEPTH_MAX))
                return markdown_refuse(error, node,
                                       "A section opens outside of what it closes in: move it.");
            if (closes)
                n--;
            else if (mark.kind == 'o' || mark.kind == 'i')
                open[n++] = mark;
        }
    }
    return n ? markdown_refuse(error, parent,
                               "A section does not close where it opens: move the closing tag.")
             : RESULT_OK;
}

enum result inlines_check(struct error *error, cmark_node *parent)
{
    return check_below(error, parent, 0);
}

static void walk_text(const char *text, const struct inline_sink *sink)
{
    const char *end = text + strlen(text);
    while (text < end) {
        struct mark mark;
        const char *after = end;
        const char *at = mark_find(text, end, &mark, &after);
        sink->literal(sink->context, text, (size_t)(at - text));
        if (at < end)
            sink->mark(sink->context, mark);
        text = after;
    }
}

/* Are the link's words its address? */
static bool words_are(cmark_node *link, const char *url)
{
    cmark_node *child = cmark_node_first_child(link);
    const char *text = child ? cmark_node_get_literal(child) : NULL;
    if (!text || cmark_node_next(child))
        return false;
    return !strcmp(text, url) || (str_starts(url, "mailto:") && !strcmp(text, url + 7));
}

static void walk_link(cmark_node *node, const struct inline_sink *sink)
{
    const char *url = cmark_node_get_url(node);
    bool same = words_are(node, url);
    if (!same) {
        inline_walk(node, sink);
        sink->literal(sink->context, " (", 2);
    }
    sink->link(sink->context, url);
    if (!same)
        sink->literal(sink->context, ")", 1);
}

static void walk_markup(cmark_node *node, enum inline_markup markup, const struct inline_sink *sink)
{
    sink->markup(sink->context, markup, true);
    const char *literal = cmark_node_get_literal(node);
    if (literal)
        walk_text(literal, sink);
    inline_walk(node, sink);
    sink->markup(sink->context, markup, false);
}

void inline_walk(cmark_node *parent, const struct inline_sink *sink)
{
    for (cmark_node *node = cmark_node_first_child(parent); node; node = cmark_node_next(node)) {
        switch ((unsigned)cmark_node_get_type(node)) {
        case CMARK_NODE_TEXT:
            walk_text(cmark_node_get_literal(node), sink);
            break;
        case CMARK_NODE_SOFTBREAK:
            sink->literal(sink->context, " ", 1);
            break;
        case CMARK_NODE_LINEBREAK:
            sink->markup(sink->context, INLINE_BREAK, true);
            break;
        case CMARK_NODE_STRONG:
            walk_markup(node, INLINE_STRONG, sink);
            break;
        case CMARK_NODE_EMPH:
            walk_markup(node, INLINE_EMPHASIS, sink);
            break;
        case CMARK_NODE_CODE:
            walk_markup(node, INLINE_CODE, sink);
            break;
        case CMARK_NODE_LINK:
            walk_link(node, sink);
            break;
        default:
            inline_walk(node, sink);
        }
    }
}
