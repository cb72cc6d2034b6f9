/* mustache.c - the parser of Mustache templates: source text in, a tree of nodes out.
 *
 * One pass over the source finds tags and gives each a node in the arena of the template; sections
 * keep a stack of where their children go. A tag that prints nothing and has its line to itself
 * takes the line with it
 * ("standalone", mustache.github.io/mustache.5.html and the specification's *.json). Fails on
 * unbalanced sections, unclosed tags, bad names and, in strict mode, on everything that could put
 * an unescaped value into a notice.
 */

/* System. */
#include <string.h>

/* Base. */
#include "base/arena.h"
#include "base/mem.h"

/* This module. */
#include "mustache.h"

enum { DELIMITER_MAX = 16, NAME_MAX_LENGTH = 128, NODES_LIMIT = 4 * 1024 * 1024 };

struct mustache {
    struct arena *arena;
    struct mustache_node *root;
};

struct open_section {
    struct mustache_node *node;
    struct mustache_node **link; /* where the parent goes on */
};

struct parser {
    struct mustache *template;
    enum mustache_mode mode;
    const char *start, *at, *end;
    char open[DELIMITER_MAX], close[DELIMITER_MAX];
    struct mustache_node **link; /* where the next node goes */
    struct open_section sections[MUSTACHE_DEPTH_MAX];
    unsigned depth;
    struct error *error;
};

/* One tag as found in the source. */
struct tag {
    char type;            /* 0 = variable; else # ^ / > ! & { = */
    struct slice content; /* trimmed, without the type */
    const char *begin, *end;
    bool standalone;
    struct slice indent;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static struct slice trimmed(const char *from, const char *to)
{
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    return (struct slice){from, (size_t)(to - from)};
}

static const char *find(const char *from, const char *end, const char *what)
{
    return memmem(from, (size_t)(end - from), what, strlen(what));
}

static enum result refuse(struct parser *p, const char *text, struct slice name)
{
    char shown[64];
    size_t n = name.length < sizeof shown - 1 ? name.length : sizeof shown - 1;
    memcpy(shown, name.data, n);
    shown[n] = 0;
    return error_set(p->error, RESULT_INVALID, shown, "%s", text);
}

static struct mustache_node *add_node(struct parser *p, enum mustache_kind kind, struct slice text)
{
    struct mustache_node *node = arena_new(p->template->arena, struct mustache_node);
    char *copy = arena_strndup(p->template->arena, text.data, text.length);
    if (!node || !copy)
        return NULL;
    node->kind = kind;
    node->text = copy;
    node->length = text.length;
    *p->link = node;
    p->link = &node->next;
    return node;
}

static enum result too_large(struct parser *p)
{
    return error_set(p->error, RESULT_TOO_LARGE, "text", "The template is too large: shorten it.");
}

/* A tag has its line to itself when nothing but blanks is before and behind it. */
static void look_around(const struct parser *p, struct tag *tag)
{
    const char *line = tag->begin;
    while (line > p->start && is_blank(line[-1]))
        line--;
    const char *rest = tag->end;
    while (rest < p->end && is_blank(*rest))
        rest++;
    if (line > p->start && line[-1] != '\n')
        return;
    if (rest < p->end && *rest == '\r' && rest + 1 < p->end && rest[1] == '\n')
        rest++;
    if (rest < p->end && *rest != '\n')
        return;
    tag->standalone = true;
    tag->indent = (struct slice){line, (size_t)(tag->begin - line)};
    tag->begin = line;
    tag->end = rest < p->end ? rest + 1 : rest;
}

/* Reads the tag that begins at `begin`, where the opening delimiter was found. */
static enum result read_tag(struct parser *p, const char *begin, struct tag *tag)
{
    *tag = (struct tag){.begin = begin};
    const char *from = begin + strlen(p->open);
    const char *inner = from;
    while (inner < p->end && is_space(*inner))
        inner++;
    if (inner < p->end && *inner && strchr("#^/>!&=", *inner))
        tag->type = *inner;
    bool braces = !strcmp(p->open, "{{") && inner == from && from < p->end && *from == '{';
    if (braces)
        tag->type = '{';
    char closing[DELIMITER_MAX + 1];
    const char *prefix = braces ? "}" : tag->type == '=' ? "=" : "";
    stpcpy(stpcpy(closing, prefix), p->close);
    from = tag->type ? inner + 1 : inner;
    const char *close = find(from, p->end, closing);
    if (!close)
        return refuse(p, "A tag is not closed: add the closing braces.",
                      trimmed(from, p->end - from > 40 ? from + 40 : p->end));
    tag->content = trimmed(from, close);
    tag->end = close + strlen(closing);
    if (tag->type && strchr("#^/>!=", tag->type))
        look_around(p, tag);
    return RESULT_OK;
}

/* "." or names joined by dots, of letters, digits, '_' and '-' (anything unblank outside strict
 * mode). */
static bool name_valid(struct slice name, enum mustache_mode mode)
{
    if (name.length == 0 || name.length > NAME_MAX_LENGTH)
        return false;
    bool dot = true; /* a part must follow */
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (is_space(c) || c == 0)
            return false;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
        if (mode == MUSTACHE_STRICT && !letter && (c != '.' || (dot && name.length > 1)))
            return false;
        dot = c == '.';
    }
    return name.length == 1 || !dot;
}

/* {{=<% %>=}} */
static enum result set_delimiters(struct parser *p, const struct tag *tag)
{
    const char *at = tag->content.data, *end = at + tag->content.length;
    const char *first = at;
    while (at < end && !is_space(*at))
        at++;
    size_t first_length = (size_t)(at - first);
    struct slice second = trimmed(at, end);
    bool fits = first_length > 0 && first_length < DELIMITER_MAX && second.length > 0 &&
                second.length < DELIMITER_MAX;
    if (!fits || memchr(second.data, ' ', second.length) || memchr(first, '=', first_length) ||
        memchr(second.data, '=', second.length))
        return refuse(p, "A change of delimiters needs two of them: write {{=<% %>=}}.",
                      tag->content);
    memcpy(p->open, first, first_length);
    p->open[first_length] = 0;
    memcpy(p->close, second.data, second.length);
    p->close[second.length] = 0;
    return RESULT_OK;
}

static enum result open_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == MUSTACHE_DEPTH_MAX)
        return refuse(p, "Sections are nested too deep: take some out.", tag->content);
    enum mustache_kind kind = tag->type == '#' ? MUSTACHE_SECTION : MUSTACHE_INVERTED;
    struct mustache_node *node = add_node(p, kind, tag->content);
    if (!node)
        return too_large(p);
    node->standalone = tag->standalone;
    p->sections[p->depth++] = (struct open_section){node, p->link};
    p->link = &node->child;
    return RESULT_OK;
}

static enum result close_section(struct parser *p, const struct tag *tag)
{
    struct open_section *open = p->depth ? &p->sections[p->depth - 1] : NULL;
    if (!open || !slice_equal(tag->content, open->node->text))
        return refuse(p, "A section is closed that is not the one open: match the tags.",
                      tag->content);
    open->node->close_standalone = tag->standalone;
    p->link = open->link;
    p->depth--;
    return RESULT_OK;
}

static enum result take_tag(struct parser *p, const struct tag *tag)
{
    if (tag->type == '!')
        return RESULT_OK;
    if (p->mode == MUSTACHE_STRICT && tag->type && strchr("{&>=", tag->type))
        return refuse(
            p, "Raw values, partials and other delimiters are not for notices: write {{name}}.",
            tag->content);
    if (tag->type == '=')
        return set_delimiters(p, tag);
    if (!name_valid(tag->content, p->mode))
        return refuse(p, "A tag has no valid name: use letters, digits, '_' and '.'.",
                      tag->content);
    struct mustache_node *node = NULL;
    switch (tag->type) {
    case '#':
    case '^':
        return open_section(p, tag);
    case '/':
        return close_section(p, tag);
    case '>':
        node = add_node(p, MUSTACHE_PARTIAL, tag->content);
        if (node && tag->standalone)
            node->indent = (struct slice){
                arena_strndup(p->template->arena, tag->indent.data, tag->indent.length),
                tag->indent.length};
        break;
    case '&':
    case '{':
        node = add_node(p, MUSTACHE_RAW, tag->content);
        break;
    default:
        node = add_node(p, MUSTACHE_VARIABLE, tag->content);
    }
    return node ? RESULT_OK : too_large(p);
}

static enum result parse(struct parser *p)
{
    while (p->at < p->end) {
        const char *begin = find(p->at, p->end, p->open);
        struct tag tag = {.begin = p->end, .end = p->end};
        enum result result = begin ? read_tag(p, begin, &tag) : RESULT_OK;
        if (result)
            return result;
        struct slice text = {p->at, (size_t)(tag.begin - p->at)};
        if (text.length && !add_node(p, MUSTACHE_TEXT, text))
            return too_large(p);
        p->at = tag.end;
        if (begin && (result = take_tag(p, &tag)))
            return result;
    }
    if (p->depth)
        return refuse(p, "A section is not closed: add its closing tag.",
                      slice_of(p->sections[p->depth - 1].node->text));
    return RESULT_OK;
}

enum result mustache_parse(struct slice source, enum mustache_mode mode,
                           struct mustache **ret_template, struct error *error)
{
    struct mustache *template = mem_new(struct mustache);
    template->arena = arena_create(NODES_LIMIT);
    struct parser p = {.template = template,
                       .mode = mode,
                       .start = source.data,
                       .at = source.data,
                       .end = source.data + source.length,
                       .open = "{{",
                       .close = "}}",
                       .link = &template->root,
                       .error = error};
    enum result result = parse(&p);
    if (result)
        mustache_destroy(&template);
    else
        *ret_template = template;
    return result;
}

void mustache_destroy(struct mustache **template)
{
    if (!*template)
        return;
    arena_destroy(&(*template)->arena);
    mem_free(*template);
    *template = NULL;
}

const struct mustache_node *mustache_root(const struct mustache *template)
{
    return template->root;
}
