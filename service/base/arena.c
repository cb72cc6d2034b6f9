/* arena.c - memory that lives as long as a unit of work: a chain of zeroed blocks, wiped when it
 * ends. Happy path: bump a pointer in the newest block. Failure modes: NULL at the limit or when
 * memory is short. */
/* System. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/arena.h"
#include "base/mem.h"

enum { ALIGNMENT = 16, BLOCK_FIRST = 2048, BLOCK_MAX = 65536 };

struct block {
    struct block *older;
    size_t size, used; /* of bytes[] */
    _Alignas(ALIGNMENT) unsigned char bytes[];
};
struct arena {
    size_t limit, used; /* bytes handed out, padding included */
    struct block *newest;
};

struct arena *arena_create(size_t limit)
{
    struct arena *arena = mem_new(struct arena);
    arena->limit = limit;
    return arena;
}

static struct block *block_add(struct arena *arena, size_t size)
{
    size_t wanted = BLOCK_FIRST;
    if (arena->newest != NULL)
        wanted = arena->newest->size < BLOCK_MAX / 2 ? arena->newest->size * 2 : BLOCK_MAX;
    if (wanted < size)
        wanted = size;
    if (wanted > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *block = mem_try_alloc(1, sizeof(*block) + wanted);
    if (block == NULL)
        return NULL;
    block->size = wanted;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + (size == 0) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > arena->limit - arena->used)
        return NULL;
    struct block *block = arena->newest;
    if (block == NULL || size > block->size - block->used) {
        block = block_add(arena, size);
        if (block == NULL)
            return NULL;
    }
    void *bytes = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    return bytes;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, length + 1);
    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

void arena_reset(struct arena *arena)
{
    while (arena->newest != NULL && arena->newest->older != NULL) {
        struct block *block = arena->newest;
        arena->newest = block->older;
        mem_wipe_free(block, sizeof(*block) + block->used);
    }
    if (arena->newest != NULL) {
        explicit_bzero(arena->newest->bytes, arena->newest->used);
        arena->newest->used = 0;
    }
    arena->used = 0;
}

void arena_destroy(struct arena **arena)
{
    if (*arena == NULL)
        return;
    arena_reset(*arena);
    mem_free((*arena)->newest);
    mem_free(*arena);
    *arena = NULL;
}
