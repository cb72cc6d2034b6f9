/* counts.h - how many of each: numbers by a short text, in the order they came. Bounded; pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTS_MAX = 4096, COUNTS_KEY_SIZE = 96 };
struct count {
    char key[COUNTS_KEY_SIZE];
    int64_t n, first; /* two numbers: the caller says of what */
    void *user;
};
struct counts {
    struct count *items;
    size_t n;
    uint16_t *table;  /* places by hash */
    int64_t left_out; /* adds that found no room */
};
void counts_init(struct counts *counts);
void counts_free(struct counts *counts); /* `user` is the caller's */
/* The entry of this key, made when it is new (n and first are 0); NULL: no room, or the key is too
 * long, which is counted. */
struct count *counts_at(struct counts *counts, const char *key);
/* The largest number first; entries of one number by key. Keys can no longer be looked up. */
void counts_sort(struct counts *counts);
