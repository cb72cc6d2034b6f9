/* difference.c - documents member by member, texts line by line (longest common subsequence, as
 * diff(1) shows it). Failure modes: texts of very many lines are shown as wholly replaced. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/difference.h"

enum { ENTRIES_MAX = 500, LINES_MAX = 1500, CONTEXT = 3, PATH_MAX_BYTES = 400 };

/* ---- Lines. ---- */

struct lines {
    struct slice items[LINES_MAX];
    size_t n;
};

static void lines_cut(struct lines *lines, const char *text)
{
    lines->n = 0;
    while (*text != 0 && lines->n < LINES_MAX) {
        size_t length = strcspn(text, "\n");
        lines->items[lines->n++] = (struct slice){text, length};
        text += length + (text[length] == '\n');
    }
}

static bool same(struct slice a, struct slice b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

struct edit {
    char op; /* ' ', '-', '+' */
    struct slice line;
};
struct edits {
    struct edit *items;
    size_t n;
};

static void edit_add(struct edits *edits, char op, struct slice line)
{
    edits->items[edits->n++] = (struct edit){op, line};
}

/* table[i * (m + 1) + j]: common lines of a[i..] and b[j..]. */
static uint16_t *lcs_table(const struct lines *a, const struct lines *b)
{
    size_t width = b->n + 1;
    uint16_t *table = mem_alloc((a->n + 1) * width, sizeof(*table));
    for (size_t i = a->n; i-- > 0;)
        for (size_t j = b->n; j-- > 0;) {
            uint16_t down = table[(i + 1) * width + j], right = table[i * width + j + 1];
            table[i * width + j] = same(a->items[i], b->items[j])
                                       ? (uint16_t)(table[(i + 1) * width + j + 1] + 1)
                                   : down >= right ? down
                                                   : right;
        }
    return table;
}

static void walk(const struct lines *a, const struct lines *b, struct edits *edits)
{
    uint16_t *table = lcs_table(a, b);
    size_t i = 0, j = 0, width = b->n + 1;
    while (i < a->n || j < b->n) {
        if (i < a->n && j < b->n && same(a->items[i], b->items[j])) {
            edit_add(edits, ' ', a->items[i++]);
            j++;
        } else if (j == b->n ||
                   (i < a->n && table[(i + 1) * width + j] >= table[i * width + j + 1])) {
            edit_add(edits, '-', a->items[i++]);
        } else {
            edit_add(edits, '+', b->items[j++]);
        }
    }
    mem_free(table);
}

static bool near_change(const struct edits *edits, size_t at)
{
    size_t from = at > CONTEXT ? at - CONTEXT : 0;
    for (size_t i = from; i < edits->n && i <= at + CONTEXT; i++)
        if (edits->items[i].op != ' ')
            return true;
    return false;
}

static void line_put(struct json_object *to, const char *op, struct slice text)
{
    struct json_object *line = json_object_new_object();
    json_object_object_add(line, "op", json_object_new_string(op));
    json_object_object_add(line, "text", json_object_new_string_len(text.data, (int)text.length));
    json_object_array_add(to, line);
}

static struct json_object *edits_json(const struct edits *edits)
{
    struct json_object *array = json_object_new_array();
    bool left_out = false;
    for (size_t i = 0; i < edits->n; i++) {
        const char op[2] = {edits->items[i].op, 0};
        if (near_change(edits, i)) {
            line_put(array, op, edits->items[i].line);
            left_out = false;
        } else if (!left_out) {
            line_put(array, "~", (struct slice){"", 0});
            left_out = true;
        }
    }
    return array;
}

struct json_object *difference_lines(const char *before, const char *after)
{
    struct lines *a = mem_new(struct lines), *b = mem_new(struct lines);
    struct edits edits = {mem_alloc(2 * LINES_MAX, sizeof(struct edit)), 0};
    lines_cut(a, before);
    lines_cut(b, after);
    walk(a, b, &edits);
    struct json_object *json = edits_json(&edits);
    mem_free(edits.items);
    mem_free(a);
    mem_free(b);
    return json;
}

/* ---- Members. ---- */

static bool equal(struct json_object *a, struct json_object *b)
{
    return json_object_equal(a, b) != 0;
}

static bool many_lines(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strchr(json_object_get_string(value), '\n') != NULL;
}

static void entry_put(struct json_object *to, const char *path, struct json_object *before,
                      struct json_object *after)
{
    if (json_object_array_length(to) >= ENTRIES_MAX)
        return;
    bool full = json_object_array_length(to) == ENTRIES_MAX - 1;
    struct json_object *entry = json_object_new_object();
    json_object_object_add(entry, "member", json_object_new_string(full ? "more" : path));
    if (!full && (many_lines(before) || many_lines(after))) {
        json_object_object_add(entry, "lines",
                               difference_lines(str_or(json_object_get_string(before), ""),
                                                str_or(json_object_get_string(after), "")));
    } else if (!full) {
        json_object_object_add(entry, "before", json_object_get(before));
        json_object_object_add(entry, "after", json_object_get(after));
    }
    json_object_array_add(to, entry);
}

static void compare(struct json_object *to, const char *path, struct json_object *before,
                    struct json_object *after);

static void compare_member(struct json_object *to, const char *path, const char *name,
                           struct json_object *const sides[2])
{
    char full[PATH_MAX_BYTES];
    int n = snprintf(full, sizeof(full), "%s%s%s", path, *path ? "." : "", name);
    if (n > 0 && (size_t)n < sizeof(full))
        compare(to, full, sides[0], sides[1]);
}

static void compare(struct json_object *to, const char *path, struct json_object *before,
                    struct json_object *after)
{
    if (equal(before, after))
        return;
    if (!json_object_is_type(before, json_type_object) ||
        !json_object_is_type(after, json_type_object)) {
        entry_put(to, path, before, after);
        return;
    }
    json_object_object_foreach(before, name, value)
    {
        struct json_object *const sides[2] = {value, json_get(after, name)};
        compare_member(to, path, name, sides);
    }
    json_object_object_foreach(after, fresh, added)
    {
        struct json_object *const sides[2] = {NULL, added};
        if (json_get(before, fresh) == NULL)
            compare_member(to, path, fresh, sides);
    }
}

struct json_object *difference_make(struct json_object *before, struct json_object *after)
{
    struct json_object *array = json_object_new_array();
    compare(array, "", before, after);
    return array;
}

void difference_names(struct json_object *before, struct json_object *after, char *to, size_t size)
{
    size_t used = 0;
    to[0] = 0;
    json_object_object_foreach(after, name, value)
    {
        if (equal(json_get(before, name), value))
            continue;
        int n = snprintf(to + used, size - used, "%s%s", used ? ", " : "", name);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}
