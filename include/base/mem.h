/* mem.h - memory. The program's own needs abort on failure (the queue is on disk, a restart loses
 * nothing); sizes that come from outside use the try-variants. Thread-safe. */
#pragma once
#include <stddef.h>

/* Zeroed memory of n * size bytes; never NULL; n * size is checked for overflow. Free with
 * mem_free. */
void *mem_alloc(size_t n, size_t size);
#define mem_new(type) ((type *)mem_alloc(1, sizeof(type)))

/* Grows or shrinks; never NULL for size > 0; new bytes are undefined. */
void *mem_resize(void *pointer, size_t n, size_t size);

/* Copies a string, or its first `length` bytes with a NUL behind. The caller frees with mem_free.
 */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);

/* As mem_alloc / mem_resize, but NULL on failure (the old block stays valid): for input-sized
 * buffers. */
void *mem_try_alloc(size_t n, size_t size);
void *mem_try_resize(void *pointer, size_t n, size_t size);

void mem_free(void *pointer);

/* Overwrites before freeing: for addresses, names, keys. `size` is the allocated size. */
void mem_wipe_free(void *pointer, size_t size);

/* Fault seam of the tests: the n-th try-allocation from now fails, then `repeat` more. n = 0 turns
 * it off. */
void mem_fault(unsigned n, unsigned repeat);
