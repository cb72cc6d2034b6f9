/* cut.c - see the header. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "service/delivery/plan/cut.h"

void cut_init(struct cut *cut, size_t capacity)
{
    *cut = (struct cut){.entries = mem_alloc(capacity + 1, sizeof(*cut->entries)),
                        .capacity = capacity};
}

void cut_free(struct cut *cut)
{
    mem_free(cut->entries);
    mem_free(cut->chunks);
    *cut = (struct cut){0};
}

void cut_add(struct cut *cut, struct cut_entry entry)
{
    require(cut->n_entries < cut->capacity);
    cut->entries[cut->n_entries++] = entry;
}

static bool same_chunk(const struct cut_entry *a, const struct cut_entry *b)
{
    return a->channel == b->channel && a->rung == b->rung && a->address == b->address &&
           a->due_at == b->due_at && strcmp(a->cohort, b->cohort) == 0;
}

static int entry_compare(const void *a, const void *b)
{
    const struct cut_entry *x = a, *y = b;
    if (x->channel != y->channel)
        return x->channel < y->channel ? -1 : 1;
    if (x->rung != y->rung)
        return x->rung < y->rung ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->due_at != y->due_at)
        return x->due_at < y->due_at ? -1 : 1;
    int order = strcmp(x->cohort, y->cohort);
    if (order != 0)
        return order;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* How many entries from `first` on make one chunk. */
static unsigned run_length(const struct cut *cut, size_t first)
{
    unsigned n = 1;
    while (n < CHUNK_MEMBERS && first + n < cut->n_entries &&
           same_chunk(&cut->entries[first], &cut->entries[first + n]))
        n++;
    return n;
}

static void fill_chunk(struct chunk_row *chunk, const struct cut_entry *first, unsigned n,
                       struct arena *arena)
{
    uint32_t *members = arena_alloc(arena, n * sizeof(uint32_t));
    require(members != NULL);
    for (unsigned i = 0; i < n; i++)
        members[i] = first[i].number;
    chunk->n = n;
    chunk->rung = first->rung;
    chunk->channel = first->channel;
    chunk->address = first->address;
    if (first->due_at > chunk->due_at)
        chunk->due_at = first->due_at;
    chunk->cohort = first->cohort;
    chunk->members = members;
}

void cut_chunks(struct cut *cut, const struct chunk_row *like, struct arena *arena)
{
    size_t n = 0, at;
    if (cut->n_entries > 0)
        qsort(cut->entries, cut->n_entries, sizeof(*cut->entries), entry_compare);
    for (at = 0; at < cut->n_entries; at += run_length(cut, at))
        n++;
    cut->chunks = mem_alloc(n + 1, sizeof(*cut->chunks));
    for (at = 0; at < cut->n_entries; at += cut->chunks[cut->n_chunks++].n) {
        struct chunk_row *chunk = &cut->chunks[cut->n_chunks];
        chunk->incident = like->incident;
        chunk->wave = like->wave;
        chunk->due_at = like->due_at;
        fill_chunk(chunk, &cut->entries[at], run_length(cut, at), arena);
    }
}
