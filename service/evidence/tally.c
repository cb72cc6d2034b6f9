/* tally.c - see the header. Rows stand in an array; a small hash finds them. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/tally.h"

enum { NAME_SIZE = 48, SLOTS_FIRST = 256 };

struct row {
    enum tally_group group;
    char name[NAME_SIZE], column[NAME_SIZE];
    int64_t value;
};
struct tally {
    struct row *rows;
    size_t n, capacity;
    uint32_t *slots; /* 1 + index of a row; 0: free */
    size_t n_slots;
};

static const char *const group_names[TALLY_GROUPS_N] = {
    [TALLY_ROWS] = "rows",
    [TALLY_PEOPLE] = "people",
    [TALLY_TOLD_BY] = "told_by",
    [TALLY_REASONS] = "reasons",
    [TALLY_JURISDICTION] = "jurisdictions",
    [TALLY_RECEIPTS] = "receipts",
    [TALLY_ATTEMPTS] = "attempts",
    [TALLY_DAYS] = "days",
    [TALLY_RERENDERED] = "rerendered",
};

const char *tally_group_name(enum tally_group group)
{
    return group_names[group];
}

struct tally *tally_create(void)
{
    struct tally *tally = mem_new(struct tally);
    tally->n_slots = SLOTS_FIRST;
    tally->slots = mem_alloc(tally->n_slots, sizeof(*tally->slots));
    return tally;
}

void tally_destroy(struct tally **place)
{
    if (*place == NULL)
        return;
    mem_free((*place)->rows);
    mem_free((*place)->slots);
    mem_free(*place);
    *place = NULL;
}

/* FNV-1a. */
static uint32_t hash_of(enum tally_group group, const char *name, const char *column)
{
    uint32_t hash = 2166136261u ^ (uint32_t)group;
    for (const char *p = name; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    hash = (hash ^ 0xffu) * 16777619u;
    for (const char *p = column; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return hash;
}

static uint32_t *slot_of(const struct tally *tally, enum tally_group group, const char *name,
                         const char *column)
{
    size_t i = hash_of(group, name, column) & (tally->n_slots - 1);
    for (;; i = (i + 1) & (tally->n_slots - 1)) {
        uint32_t *slot = &tally->slots[i];
        const struct row *row = *slot == 0 ? NULL : &tally->rows[*slot - 1];
        if (row == NULL || (row->group == group && strcmp(row->name, name) == 0 &&
                            strcmp(row->column, column) == 0))
            return slot;
    }
}

static void grow_slots(struct tally *tally)
{
    mem_free(tally->slots);
    tally->n_slots *= 2;
    tally->slots = mem_alloc(tally->n_slots, sizeof(*tally->slots));
    for (size_t i = 0; i < tally->n; i++) {
        const struct row *row = &tally->rows[i];
        *slot_of(tally, row->group, row->name, row->column) = (uint32_t)i + 1;
    }
}

static void name_copy(char to[NAME_SIZE], const char *from)
{
    size_t length = strlen(from);
    length = length < NAME_SIZE ? length : NAME_SIZE - 1;
    memcpy(to, from, length);
    to[length] = 0;
}

void tally_add(struct tally *tally, enum tally_group group, const char *name, const char *column,
               int64_t n)
{
    struct row fresh = {.group = group};
    name_copy(fresh.name, str_or(name, ""));
    name_copy(fresh.column, str_or(column, ""));
    uint32_t *slot = slot_of(tally, group, fresh.name, fresh.column);
    if (*slot == 0) {
        if (tally->n == tally->capacity) {
            tally->capacity = tally->capacity * 2 + 64;
            tally->rows = mem_resize(tally->rows, tally->capacity, sizeof(*tally->rows));
        }
        tally->rows[tally->n++] = fresh;
        *slot = (uint32_t)tally->n;
    }
    tally->rows[*slot - 1].value += n;
    if (tally->n * 2 > tally->n_slots)
        grow_slots(tally);
}

int64_t tally_sum(const struct tally *tally, enum tally_group group, const char *name,
                  const char *column)
{
    int64_t sum = 0;
    for (size_t i = 0; i < tally->n; i++) {
        const struct row *row = &tally->rows[i];
        if (row->group == group && (name == NULL || strcmp(row->name, name) == 0) &&
            (column == NULL || strcmp(row->column, column) == 0))
            sum += row->value;
    }
    return sum;
}

/* ---- Lists. ---- */

/* Puts a word into its place of an ascending list without doubles; counts on past the capacity. */
static void insert(const char **list, size_t capacity, size_t *n, const char *word)
{
    size_t have = *n < capacity ? *n : capacity, at = 0;
    while (at < have && strcmp(list[at], word) < 0)
        at++;
    if (at < have && strcmp(list[at], word) == 0)
        return;
    if (*n < capacity) {
        memmove(&list[at + 1], &list[at], (have - at) * sizeof(*list));
        list[at] = word;
    }
    ++*n;
}

size_t tally_names(const struct tally *tally, enum tally_group group, const char **names,
                   size_t capacity)
{
    size_t n = 0;
    for (size_t i = 0; i < tally->n; i++)
        if (tally->rows[i].group == group)
            insert(names, capacity, &n, tally->rows[i].name);
    return n;
}

size_t tally_columns(const struct tally *tally, enum tally_group group, const char *name,
                     const char **columns, size_t capacity)
{
    size_t n = 0;
    for (size_t i = 0; i < tally->n; i++) {
        const struct row *row = &tally->rows[i];
        if (row->group == group && (name == NULL || strcmp(row->name, name) == 0))
            insert(columns, capacity, &n, row->column);
    }
    return n;
}

/* ---- Does it add up? ---- */

bool tally_lines(const struct tally *tally, struct tally_line lines[TALLY_LINES])
{
    const int64_t accepted = tally_sum(tally, TALLY_ROWS, "accepted", NULL);
    const int64_t told = tally_sum(tally, TALLY_PEOPLE, "told", NULL);
    const int64_t receipts = tally_sum(tally, TALLY_RECEIPTS, NULL, NULL);
    const struct tally_line made[TALLY_LINES] = {
        {"People accepted", "people by state", accepted,
         tally_sum(tally, TALLY_PEOPLE, NULL, NULL)},
        {"People accepted", "people by jurisdiction", accepted,
         tally_sum(tally, TALLY_JURISDICTION, NULL, NULL)},
        {"People told", "told by channel and evidence", told,
         tally_sum(tally, TALLY_TOLD_BY, NULL, NULL)},
        {"People not told", "reasons", tally_sum(tally, TALLY_PEOPLE, NULL, NULL) - told,
         tally_sum(tally, TALLY_REASONS, NULL, NULL)},
        {"Receipts", "receipts by day", receipts, tally_sum(tally, TALLY_DAYS, NULL, "receipts")},
        {"Attempts", "attempts by channel and outcome",
         tally_sum(tally, TALLY_RECEIPTS, "attempt", NULL),
         tally_sum(tally, TALLY_ATTEMPTS, NULL, NULL)},
    };
    bool good = true;
    for (size_t i = 0; i < TALLY_LINES; i++) {
        lines[i] = made[i];
        good = good && made[i].total == made[i].sum;
    }
    return good;
}

struct json_object *tally_json(const struct tally *tally)
{
    struct json_object *json = json_object_new_object();
    for (int g = 0; g < TALLY_GROUPS_N; g++)
        json_object_object_add(json, group_names[g], json_object_new_object());
    for (size_t i = 0; i < tally->n; i++) {
        const struct row *row = &tally->rows[i];
        struct json_object *group = json_get(json, group_names[row->group]), *names;
        struct json_object *value = json_object_new_int64(row->value);
        if (row->column[0] == 0) {
            json_object_object_add(group, row->name, value);
            continue;
        }
        names = json_get(group, row->name);
        if (names == NULL) {
            names = json_object_new_object();
            json_object_object_add(group, row->name, names);
        }
        json_object_object_add(names, row->column, value);
    }
    return json;
}
