/* counts.c - see the header: an open table of places into an array that grows. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/counts.h"

enum { PLACES = 2 * COUNTS_MAX }; /* a power of two, never more than half full */

void counts_init(struct counts *counts)
{
    counts->items = mem_alloc(COUNTS_MAX, sizeof(*counts->items));
    counts->table = mem_alloc(PLACES, sizeof(*counts->table));
    counts->n = 0;
    counts->left_out = 0;
}

void counts_free(struct counts *counts)
{
    mem_free(counts->items);
    mem_free(counts->table);
    *counts = (struct counts){0};
}

static size_t place_of(const char *key) /* FNV-1a */
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *key != 0; key++)
        hash = (hash ^ (uint8_t)*key) * UINT32_C(16777619);
    return hash & (PLACES - 1);
}

struct count *counts_at(struct counts *counts, const char *key)
{
    size_t place = place_of(key);
    while (counts->table[place] != 0) {
        struct count *item = &counts->items[counts->table[place] - 1];
        if (strcmp(item->key, key) == 0)
            return item;
        place = (place + 1) & (PLACES - 1);
    }
    if (counts->n == COUNTS_MAX || strlen(key) >= COUNTS_KEY_SIZE) {
        counts->left_out++;
        return NULL;
    }
    struct count *item = &counts->items[counts->n++];
    counts->table[place] = (uint16_t)counts->n;
    str_copy(item->key, sizeof(item->key), key);
    return item;
}

static int by_number(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return strcmp(x->key, y->key);
}

void counts_sort(struct counts *counts)
{
    qsort(counts->items, counts->n, sizeof(*counts->items), by_number);
}
