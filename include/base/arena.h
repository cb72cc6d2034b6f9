/* arena.h - an arena per unit of work (one HTTP request, one batch): allocate freely, release once.
 * Not thread-safe: one owner at a time; it may be handed over with the work. Wiped on release. */
#pragma once
#include <stddef.h>

struct arena;

/* A new arena that grows by blocks and holds at most `limit` bytes in all; the caller owns it. */
struct arena *arena_create(size_t limit);

/* Zeroed, aligned memory until the arena is reset or destroyed; NULL when the limit would be passed
 * (sizes from outside), so check it. */
void *arena_alloc(struct arena *arena, size_t size);
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

/* Copies; NULL when the limit would be passed. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

/* Wipes and forgets everything but the first block. */
void arena_reset(struct arena *arena);

/* Wipes, frees, and sets *arena to NULL; *arena may be NULL. */
void arena_destroy(struct arena **arena);
