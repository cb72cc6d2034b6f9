/* retries.c - see the header. */
/* System. */
#include <string.h>

/* This module. */
#include "service/delivery/run/retries.h"

enum { VERSION = 1 };

void retries_write(struct buf *to, const struct retries *retries)
{
    buf_add_u8(to, VERSION);
    buf_add_u64(to, (uint64_t)retries->evidence_until);
    for (unsigned i = 0; i < retries->n; i++) {
        const struct retry *r = &retries->list[i];
        buf_add_u16(to, r->position);
        buf_add_u8(to, r->attempt);
        buf_add_u8(to, r->flags);
        buf_add_u64(to, (uint64_t)r->due_at);
    }
}

bool retries_read(struct retries *ret, struct blob bytes)
{
    struct bytes_reader reader;
    memset(ret, 0, sizeof(*ret));
    if (bytes.length == 0)
        return true;
    reader_init(&reader, bytes.data, bytes.length);
    if (read_u8(&reader) != VERSION)
        return false;
    ret->evidence_until = (time_ms)read_u64(&reader);
    while (!reader.failed && reader.at < reader.end && ret->n < CHUNK_MEMBERS) {
        struct retry *r = &ret->list[ret->n++];
        r->position = read_u16(&reader);
        r->attempt = read_u8(&reader);
        r->flags = read_u8(&reader);
        r->due_at = (time_ms)read_u64(&reader);
    }
    return !reader.failed;
}

struct retry *retries_find(struct retries *retries, uint16_t position)
{
    for (unsigned i = 0; i < retries->n; i++)
        if (retries->list[i].position == position)
            return &retries->list[i];
    return NULL;
}

void retries_put(struct retries *retries, struct retry retry)
{
    struct retry *there = retries_find(retries, retry.position);
    if (there == NULL && retries->n < CHUNK_MEMBERS)
        there = &retries->list[retries->n++];
    if (there != NULL)
        *there = retry;
}

void retries_remove(struct retries *retries, uint16_t position)
{
    struct retry *there = retries_find(retries, position);
    if (there != NULL)
        *there = retries->list[--retries->n];
}

time_ms retries_due(const struct retries *retries)
{
    time_ms due = TIME_NONE;
    for (unsigned i = 0; i < retries->n; i++)
        if (due == TIME_NONE || retries->list[i].due_at < due)
            due = retries->list[i].due_at;
    return due;
}

int64_t backoff_ms(int64_t base, int64_t most, unsigned attempt, uint32_t random)
{
    int64_t ms = base;
    for (unsigned i = 1; i < attempt && ms < most; i++)
        ms *= 2;
    if (ms > most)
        ms = most;
    return ms / 2 + (int64_t)((double)(ms / 2) * ((double)random / 4294967296.0));
}
