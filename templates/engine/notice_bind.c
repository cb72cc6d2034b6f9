/* notice_bind.c - binds the incident's part of a notice: the parsed template is walked once, facts
 * go in as Markdown, values as literal marks, sections over incident values are decided, and what
 * belongs to the person stays as marks.
 *
 * A mark is private-use characters around letters and digits, so that cmark treats it as a word and
 * never as markup, and no value is ever parsed as Markdown. Private-use characters in a text are
 * refused beforehand. A section of the person whose tags have their lines to themselves becomes a
 * paragraph of its own (see markdown.c).
 *
 * Fails on an unknown name, a fact used inside a line, a bad fact; absent names are collected, not
 * the first only.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "notice_internal.h"

const char *mark_find(const char *text, const char *end, struct mark *mark, const char **ret_after)
{
    const size_t size = sizeof MARK_BEGIN - 1;
    const char *at = memmem(text, (size_t)(end - text), MARK_BEGIN, size);
    if (!at)
        return end;
    const char *digit = at + size + 1;
    *mark = (struct mark){.kind = at[size]};
    while (digit < end && *digit >= '0' && *digit <= '9')
        mark->number = mark->number * 10 + (unsigned)(*digit++ - '0');
    *ret_after = digit + size < end ? digit + size : end;
    return at;
}

static enum field_kind field_kind_of(const char *name)
{
    static const char *const texts[] = {"name",        "reference",   "minor",    "deceased",
                                        "about",       "represented", "guardian", "former_user",
                                        "large_print", "data_owner",  "discreet"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (str_equal(name, texts[i]))
            return FIELD_TEXT;
    if (str_equal(name, "address"))
        return FIELD_ADDRESS;
    if (str_equal(name, "data_types"))
        return FIELD_TYPES;
    if (str_starts(name, "data_types."))
        return FIELD_TYPE_TEST;
    return str_starts(name, "fields.") ? FIELD_TEXT : (enum field_kind) - 1;
}

static int type_find(const struct words *words, const char *id)
{
    for (unsigned i = 0; i < words->n_types; i++)
        if (str_equal(words->types[i].id, id))
            return (int)i;
    return -1;
}

int notice_field(struct notice *notice, const char *name)
{
    for (unsigned i = 0; i < notice->n_fields; i++)
        if (str_equal(notice->fields[i].name, name))
            return (int)i;
    struct field field = {.kind = field_kind_of(name)};
    if (field.kind == (enum field_kind) - 1)
        return -1;
    int type = 0;
    if (field.kind == FIELD_TYPE_TEST)
        type = type_find(&notice->words, name + strlen("data_types."));
    field.name = arena_strdup(notice->arena, name);
    if (type < 0 || !field.name || notice->n_fields == NOTICE_FIELDS_MAX)
        return -2;
    field.type = (unsigned)type;
    notice->fields[notice->n_fields] = field;
    return (int)notice->n_fields++;
}

static void add_mark(struct binder *b, char kind, unsigned number, bool own_line)
{
    const char *around = own_line ? "\n\n" : "";
    buf_printf(b->to, "%s" MARK_BEGIN "%c%u" MARK_END "%s", around, kind, number, around);
}

static enum result bad_field(struct binder *b, const char *name)
{
    return error_set(b->error, RESULT_INVALID, name,
                     "This data type is not known, or there are too many placeholders: see "
                     "templates/notices/README.md.");
}

/* Names in an item of a list come before those of the person. */
static bool find_in_items(const struct binder *b, const char *name, struct json_object **ret_json)
{
    struct mustache_context items = {.n = 0};
    for (unsigned i = 1; i < b->context.n; i++)
        items.stack[items.n++] = b->context.stack[i];
    return items.n && mustache_find(&items, name, ret_json);
}

static enum result bind_nodes(struct binder *b, const struct mustache_node *node);

static enum result add_literal(struct binder *b, const char *name, struct json_object *json)
{
    struct notice *notice = b->notice;
    const char *text = json_object_get_string(json);
    bool scalar =
        !json_object_is_type(json, json_type_object) && !json_object_is_type(json, json_type_array);
    if (notice->n_literals == LITERALS_MAX)
        return error_set(b->error, RESULT_TOO_LARGE, name,
                         "The notice writes too many values: shorten its lists.");
    if (!scalar)
        return error_set(b->error, RESULT_INVALID, name,
                         "A list or an object cannot be written as text: open a section over it.");
    struct buf clean, written;
    buf_init(&clean, NOTICE_SOURCE_MAX);
    buf_init(&written, NOTICE_SOURCE_MAX);
    value_add_clean(&clean, slice_of(text), false, false);
    words_add_value(&notice->words, &written, clean.data, clean.length);
    char *copy = arena_strndup(notice->arena, written.data, written.length);
    if (copy) {
        notice->literals[notice->n_literals] = (struct literal){copy, written.length};
        add_mark(b, 'l', notice->n_literals++, false);
    }
    buf_free(&clean);
    buf_free(&written);
    return copy ? RESULT_OK
                : error_set(b->error, RESULT_TOO_LARGE, name, "The value is too long: shorten it.");
}

/* Is there something else on the line where the output stands? */
static bool at_line_start(const struct buf *to)
{
    size_t i = to->length;
    while (i && (to->data[i - 1] == ' ' || to->data[i - 1] == '\t'))
        i--;
    return i == 0 || to->data[i - 1] == '\n';
}

static bool line_ends(const struct mustache_node *next)
{
    if (!next)
        return true;
    if (next->kind != MUSTACHE_TEXT)
        return next->standalone;
    const char *at = next->text + strspn(next->text, " \t\r");
    return *at == '\n' || (*at == 0 && !next->next);
}

/* A fact is Markdown of its own: blank lines keep its first and last line from joining what is
 * around it. */
static enum result bind_fact(struct binder *b, const struct mustache_node *node, const char *text)
{
    if (!b->body || b->in_fact)
        return error_set(b->error, RESULT_INVALID, node->text,
                         "A fact is Markdown and stands in the body only: use a value here.");
    bool own_line = at_line_start(b->to) && line_ends(node->next);
    if (!own_line && strchr(text, '\n'))
        return error_set(b->error, RESULT_INVALID, node->text,
                         "A fact of several lines stands on a line of its own: move its tag.");
    buf_puts(b->to, own_line ? "\n\n" : "");
    struct mustache_context context = b->context;
    b->context.n = 1;
    b->in_fact = true;
    char where[96];
    snprintf(where, sizeof where, "/facts/%.60s", node->text);
    enum result result = bind_text(b, slice_of(text), where);
    b->in_fact = false;
    b->context = context;
    buf_puts(b->to, own_line ? "\n\n" : "");
    return result;
}

static void note_absent(struct binder *b, const char *name)
{
    char entry[160];
    snprintf(entry, sizeof entry, " %s,", name);
    if (!strstr(b->absent.data, entry))
        buf_puts(&b->absent, entry);
}

static enum result bind_variable(struct binder *b, const struct mustache_node *node)
{
    struct json_object *json = NULL;
    if (find_in_items(b, node->text, &json) && json)
        return add_literal(b, node->text, json);
    int field = notice_field(b->notice, node->text);
    if (field >= 0) {
        const struct field *f = &b->notice->fields[field];
        if (f->kind == FIELD_TYPE_TEST)
            return error_set(b->error, RESULT_INVALID, node->text,
                             "A single data type is a condition, not a text: open a section.");
        add_mark(b, 'v', (unsigned)field, false);
        return RESULT_OK;
    }
    if (field == -2)
        return bad_field(b, node->text);
    const char *fact = json_get_string(b->facts, node->text);
    if (!str_empty(fact))
        return bind_fact(b, node, fact);
    if (mustache_find(&b->context, node->text, &json) && mustache_true(json))
        return add_literal(b, node->text, json);
    note_absent(b, node->text);
    return RESULT_OK;
}

static enum result bind_person_section(struct binder *b, const struct mustache_node *node,
                                       unsigned field)
{
    bool inverted = node->kind == MUSTACHE_INVERTED;
    add_mark(b, inverted ? 'i' : 'o', field, node->standalone && b->body);
    enum result result = bind_nodes(b, node->child);
    add_mark(b, 'c', field, node->close_standalone && b->body);
    return result;
}

static enum result bind_inside(struct binder *b, const struct mustache_node *node,
                               struct json_object *json)
{
    if (b->context.n == MUSTACHE_DEPTH_MAX)
        return error_set(b->error, RESULT_TOO_LARGE, node->text,
                         "Sections are nested too deep: take some out.");
    b->context.stack[b->context.n++] = json;
    enum result result = bind_nodes(b, node->child);
    b->context.n--;
    return result;
}

static enum result bind_section(struct binder *b, const struct mustache_node *node)
{
    struct json_object *json = NULL;
    bool found = find_in_items(b, node->text, &json);
    int field = found ? -1 : notice_field(b->notice, node->text);
    if (field == -2)
        return bad_field(b, node->text);
    if (field >= 0)
        return bind_person_section(b, node, (unsigned)field);
    bool fact = !found && !str_empty(json_get_string(b->facts, node->text));
    found = found || mustache_find(&b->context, node->text, &json);
    bool yes = fact || (found && mustache_true(json));
    if (yes == (node->kind == MUSTACHE_INVERTED))
        return RESULT_OK;
    if (fact || !json || !yes ||
        (!json_object_is_type(json, json_type_array) &&
         !json_object_is_type(json, json_type_object)))
        return bind_nodes(b, node->child);
    if (json_object_is_type(json, json_type_object))
        return bind_inside(b, node, json);
    size_t n = json_object_array_length(json);
    enum result result = RESULT_OK;
    for (size_t i = 0; i < n && !result; i++)
        result = bind_inside(b, node, json_object_array_get_idx(json, i));
    return result;
}

static enum result bind_node(struct binder *b, const struct mustache_node *node)
{
    switch (node->kind) {
    case MUSTACHE_TEXT:
        buf_add(b->to, node->text, node->length);
        return RESULT_OK;
    case MUSTACHE_VARIABLE:
        return bind_variable(b, node);
    case MUSTACHE_SECTION:
    case MUSTACHE_INVERTED:
        return bind_section(b, node);
    case MUSTACHE_RAW:
    case MUSTACHE_PARTIAL:
        break; /* strict mode has refused them */
    }
    return RESULT_INVALID;
}

static enum result bind_nodes(struct binder *b, const struct mustache_node *node)
{
    enum result result = RESULT_OK;
    for (; node && !result; node = node->next) {
        result = bind_node(b, node);
        if (!result && b->to->failed)
            result = error_set(b->error, RESULT_TOO_LARGE, node->text,
                               "The notice is too long: shorten it.");
    }
    return result;
}

enum result bind_text(struct binder *b, struct slice text, const char *where)
{
    struct mustache *template = NULL;
    if (!source_is_clean(text.data, text.length))
        return error_set(b->error, RESULT_INVALID, where,
                         "The text holds control, invisible or private-use characters: take them "
                         "out.");
    enum result result = mustache_parse(text, MUSTACHE_STRICT, &template, b->error);
    if (!result)
        result = bind_nodes(b, mustache_root(template));
    if (result && b->in_fact && b->error)
        error_wrap(b->error, "%s", where);
    mustache_destroy(&template);
    return result;
}
