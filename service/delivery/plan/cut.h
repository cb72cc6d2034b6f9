/* cut.h - cuts people into chunks by cohort: planning and escalation alike. Pure. */
#pragma once
#include "base/arena.h"
#include "tocsin/store.h"

struct cut_entry {
    const char *cohort;
    uint32_t number;
    time_ms due_at; /* 0: at once */
    uint8_t channel, rung, address;
};
struct cut {
    struct cut_entry *entries;
    size_t n_entries, capacity;
    struct chunk_row *chunks; /* mem_free by cut_free; members are in the arena */
    size_t n_chunks;
};
void cut_init(struct cut *cut, size_t capacity);
void cut_add(struct cut *cut, struct cut_entry entry); /* aborts past the capacity */
/* Sorts and fills `chunks`; incident, wave and due_at are taken from `like`. */
void cut_chunks(struct cut *cut, const struct chunk_row *like, struct arena *arena);
void cut_free(struct cut *cut);
