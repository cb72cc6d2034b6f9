/* mem.c - the heap. Happy path: zeroed memory. Failure modes: the plain calls abort, the try-calls
 * give NULL, also on demand (mem_fault). */
/* System. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"

static atomic_uint fault_in, fault_repeat;

void mem_fault(unsigned n, unsigned repeat)
{
    atomic_store(&fault_repeat, repeat);
    atomic_store(&fault_in, n);
}

/* Counts down to 1 and stays there for `repeat` more calls. */
static bool fault_due(void)
{
    unsigned n = atomic_load_explicit(&fault_in, memory_order_relaxed);
    if (n == 0)
        return false;
    if (n > 1) {
        atomic_store(&fault_in, n - 1);
        return false;
    }
    unsigned left = atomic_load(&fault_repeat);
    if (left == 0)
        atomic_store(&fault_in, 0);
    else
        atomic_store(&fault_repeat, left - 1);
    return true;
}

void *mem_alloc(size_t n, size_t size)
{
    void *pointer = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (pointer == NULL)
        panic("out of memory for %zu x %zu bytes", n, size);
    return pointer;
}

static void *resize(void *pointer, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return realloc(pointer, bytes > 0 ? bytes : 1);
}

void *mem_resize(void *pointer, size_t n, size_t size)
{
    void *moved = resize(pointer, n, size);
    if (moved == NULL)
        panic("out of memory for %zu x %zu bytes", n, size);
    return moved;
}

char *mem_strndup(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1, 1);
    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

void *mem_try_alloc(size_t n, size_t size)
{
    size_t bytes;
    if (fault_due() || __builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return calloc(1, bytes > 0 ? bytes : 1);
}

void *mem_try_resize(void *pointer, size_t n, size_t size)
{
    return fault_due() ? NULL : resize(pointer, n, size);
}

void mem_free(void *pointer)
{
    free(pointer);
}

void mem_wipe_free(void *pointer, size_t size)
{
    if (pointer == NULL)
        return;
    explicit_bzero(pointer, size);
    free(pointer);
}
