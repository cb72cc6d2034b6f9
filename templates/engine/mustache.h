/* mustache.h - Mustache templates as a tree: parse once, walk as often as needed. Pure; a parsed
 * template is immutable. The specification's core modules (interpolation, sections, inverted,
 * comments, partials, delimiters); its optional modules (lambdas, inheritance, dynamic names) are
 * not supported and their tags are refused. False are: absent, null, false, the empty string and
 * the empty list. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/result.h"
#include "base/str.h"

enum mustache_kind {
    MUSTACHE_TEXT,
    MUSTACHE_VARIABLE, /* {{name}} */
    MUSTACHE_RAW,      /* {{{name}}} {{&name}} */
    MUSTACHE_SECTION,  /* {{#name}} */
    MUSTACHE_INVERTED, /* {{^name}} */
    MUSTACHE_PARTIAL   /* {{>name}} */
};

struct mustache_node {
    enum mustache_kind kind;
    bool standalone;       /* the opening tag had its line to itself */
    bool close_standalone; /* so had the closing tag */
    const char *text;      /* the literal text, or the name; NUL-terminated */
    size_t length;
    struct slice indent; /* of a standalone partial */
    struct mustache_node *child, *next;
};

struct mustache;

enum mustache_mode {
    MUSTACHE_FULL,  /* the specification */
    MUSTACHE_STRICT /* notices: no raw values, no partials, no other delimiters */
};

/* Parses a copy. RESULT_INVALID: error->field names the tag. The caller owns *ret_template. */
enum result mustache_parse(struct slice source, enum mustache_mode mode,
                           struct mustache **ret_template, struct error *error);
void mustache_destroy(struct mustache **template);
/* The first node of the tree, NULL for an empty template. */
const struct mustache_node *mustache_root(const struct mustache *template);

/* The contexts that names are looked up in, innermost last. */
enum { MUSTACHE_DEPTH_MAX = 32 };
struct mustache_context {
    struct json_object *stack[MUSTACHE_DEPTH_MAX];
    unsigned n;
};
/* Finds a dotted name (or "."); true when present, even if null. Never owns. */
bool mustache_find(const struct mustache_context *context, const char *name,
                   struct json_object **ret_json);
bool mustache_true(struct json_object *json);

/* Text of a partial, or NULL. */
struct mustache_partials {
    const char *(*find)(void *context, const char *name);
    void *context;
};

/* Appends the rendered template. RESULT_TOO_LARGE past the buffer's limit or too deep. `partials`
 * may be NULL. */
enum result mustache_render(const struct mustache *template, struct json_object *data,
                            const struct mustache_partials *partials, struct buf *to);
