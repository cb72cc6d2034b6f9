/* mustache_render.c - walks a parsed Mustache template over JSON data, as the specification says.
 * Notices do not come this way (notice_bind.c walks the same tree): this is the plain engine, held
 * to the specification's own tests. Fails only when the output or the nesting passes its bound.
 */

/* System. */
#include <string.h>

/* This module. */
#include "mustache.h"

struct walk {
    struct mustache_context context;
    const struct mustache_partials *partials;
    unsigned partial_depth;
    struct buf *to;
};

static enum result walk_nodes(struct walk *walk, const struct mustache_node *node);

bool mustache_true(struct json_object *json)
{
    switch (json_object_get_type(json)) {
    case json_type_null:
        return false;
    case json_type_boolean:
        return json_object_get_boolean(json);
    case json_type_string:
        return json_object_get_string_len(json) > 0;
    case json_type_array:
        return json_object_array_length(json) > 0;
    case json_type_object:
    case json_type_int:
    case json_type_double:
        break;
    }
    return true;
}

static bool find_member(struct json_object *object, const char *name, size_t length,
                        struct json_object **ret_json)
{
    char key[160];
    if (!json_object_is_type(object, json_type_object) || length >= sizeof key)
        return false;
    memcpy(key, name, length);
    key[length] = 0;
    return json_object_object_get_ex(object, key, ret_json);
}

bool mustache_find(const struct mustache_context *context, const char *name,
                   struct json_object **ret_json)
{
    if (!strcmp(name, ".")) {
        *ret_json = context->n ? context->stack[context->n - 1] : NULL;
        return context->n > 0;
    }
    size_t length = strcspn(name, ".");
    struct json_object *json = NULL;
    bool found = false;
    for (unsigned i = context->n; i-- > 0 && !found;)
        found = find_member(context->stack[i], name, length, &json);
    while (found && name[length]) {
        name += length + 1;
        length = strcspn(name, ".");
        found = find_member(json, name, length, &json);
    }
    if (found)
        *ret_json = json;
    return found;
}

static void add_escaped(struct buf *to, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '&':
            buf_puts(to, "&amp;");
            break;
        case '<':
            buf_puts(to, "&lt;");
            break;
        case '>':
            buf_puts(to, "&gt;");
            break;
        case '"':
            buf_puts(to, "&quot;");
            break;
        default:
            buf_putc(to, text[i]);
        }
    }
}

static void add_value(struct walk *walk, const struct mustache_node *node)
{
    struct json_object *json = NULL;
    if (!mustache_find(&walk->context, node->text, &json) || !json)
        return;
    const char *text = json_object_get_string(json);
    size_t length = json_object_is_type(json, json_type_string)
                        ? (size_t)json_object_get_string_len(json)
                        : strlen(text);
    if (node->kind == MUSTACHE_RAW)
        buf_add(walk->to, text, length);
    else
        add_escaped(walk->to, text, length);
}

static enum result walk_inside(struct walk *walk, const struct mustache_node *node,
                               struct json_object *json)
{
    if (walk->context.n == MUSTACHE_DEPTH_MAX)
        return RESULT_TOO_LARGE;
    walk->context.stack[walk->context.n++] = json;
    enum result result = walk_nodes(walk, node->child);
    walk->context.n--;
    return result;
}

static enum result walk_section(struct walk *walk, const struct mustache_node *node)
{
    struct json_object *json = NULL;
    bool yes = mustache_find(&walk->context, node->text, &json) && mustache_true(json);
    if (node->kind == MUSTACHE_INVERTED)
        return yes ? RESULT_OK : walk_nodes(walk, node->child);
    if (!yes)
        return RESULT_OK;
    if (!json_object_is_type(json, json_type_array))
        return walk_inside(walk, node, json);
    size_t n = json_object_array_length(json);
    for (size_t i = 0; i < n; i++) {
        enum result result = walk_inside(walk, node, json_object_array_get_idx(json, i));
        if (result)
            return result;
    }
    return RESULT_OK;
}

/* The partial's own lines are indented, not the values in it: so the indent goes in before parsing.
 */
static void indent_lines(struct buf *to, const char *text, struct slice indent)
{
    while (*text) {
        size_t line = strcspn(text, "\n");
        line += text[line] == '\n';
        buf_add(to, indent.data, indent.length);
        buf_add(to, text, line);
        text += line;
    }
}

static enum result walk_partial(struct walk *walk, const struct mustache_node *node)
{
    const char *text =
        walk->partials ? walk->partials->find(walk->partials->context, node->text) : NULL;
    if (!text)
        return RESULT_OK;
    if (walk->partial_depth == MUSTACHE_DEPTH_MAX)
        return RESULT_TOO_LARGE;
    struct buf source;
    buf_init(&source, walk->to->limit);
    indent_lines(&source, text, node->indent);
    struct mustache *partial = NULL;
    enum result result = source.failed ? RESULT_TOO_LARGE
                                       : mustache_parse((struct slice){source.data, source.length},
                                                        MUSTACHE_FULL, &partial, NULL);
    if (!result) {
        walk->partial_depth++;
        result = walk_nodes(walk, mustache_root(partial));
        walk->partial_depth--;
        mustache_destroy(&partial);
    }
    buf_free(&source);
    return result;
}

static enum result walk_node(struct walk *walk, const struct mustache_node *node)
{
    switch (node->kind) {
    case MUSTACHE_TEXT:
        buf_add(walk->to, node->text, node->length);
        return RESULT_OK;
    case MUSTACHE_VARIABLE:
    case MUSTACHE_RAW:
        add_value(walk, node);
        return RESULT_OK;
    case MUSTACHE_SECTION:
    case MUSTACHE_INVERTED:
        return walk_section(walk, node);
    case MUSTACHE_PARTIAL:
        return walk_partial(walk, node);
    }
    return RESULT_OK;
}

static enum result walk_nodes(struct walk *walk, const struct mustache_node *node)
{
    enum result result = RESULT_OK;
    for (; node && !result; node = node->next) {
        result = walk_node(walk, node);
        if (walk->to->failed)
            result = RESULT_TOO_LARGE;
    }
    return result;
}

enum result mustache_render(const struct mustache *template, struct json_object *data,
                            const struct mustache_partials *partials, struct buf *to)
{
    struct walk walk = {.partials = partials, .to = to};
    walk.context.stack[walk.context.n++] = data;
    return walk_nodes(&walk, mustache_root(template));
}
