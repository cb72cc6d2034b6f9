/* rows.c - arrays of rows that grow in the caller's arena. Failure modes: a full arena fails the
 * request with TOO_LARGE. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

void *rows_grow(struct store_work *work, struct arena *arena, void *array, size_t n, size_t size)
{
    enum { FIRST = 8 };
    bool full = n == 0 || (n >= FIRST && (n & (n - 1)) == 0); /* 0, 8, 16, 32, ... */
    if (!full)
        return array;
    void *more = arena_alloc(arena, (n == 0 ? FIRST : n * 2) * size);
    if (more == NULL) {
        sql_fail(work->sql, RESULT_TOO_LARGE);
        return NULL;
    }
    if (n > 0)
        memcpy(more, array, n * size);
    return more;
}

struct arena *request_arena(struct store_request *request)
{
    require(request->arena != NULL);
    return request->arena;
}

int64_t rows_limit(unsigned asked, unsigned most)
{
    return asked == 0 ? 1 : asked < most ? asked : most;
}
