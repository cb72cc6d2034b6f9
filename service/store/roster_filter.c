/* roster_filter.c - a Bloom filter over one incident's recipient ids (12 bits a key, 8 probes: 0.3
 * % of new keys are looked up for nothing), in the writer's memory: 1.5 MiB for a million people.
 * Happy path: it grows by being rebuilt twice as large from the stored runs. Failure modes: past
 * FILTER_BITS_MAX it gets less sharp, never wrong. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/roster_key.h"

enum { BITS_A_KEY = 12, PROBES = 8, ENTRY_SIZE = BLIND_SIZE + 4 };
#define FILTER_KEYS_MIN ((size_t)1 << 16)
#define FILTER_BITS_MAX ((size_t)1 << 31) /* 256 MiB: 180 million people */

struct roster_filter {
    id incident;
    size_t keys, capacity; /* keys added; keys it is sharp for */
    size_t bits;
    uint8_t *bytes;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void hashes(const uint8_t *blind, uint64_t *ret_start, uint64_t *ret_step)
{
    uint64_t head, tail;
    memcpy(&head, blind, sizeof(head));
    memcpy(&tail, blind + BLIND_SIZE - sizeof(tail), sizeof(tail));
    *ret_start = mix(head);
    *ret_step = mix(tail ^ UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

bool filter_maybe(const struct roster_filter *filter, const uint8_t *blind)
{
    uint64_t at, step;
    hashes(blind, &at, &step);
    for (int i = 0; i < PROBES; i++, at += step) {
        uint64_t bit = at % filter->bits;
        if ((filter->bytes[bit / 8] >> (bit % 8) & 1) == 0)
            return false;
    }
    return true;
}

void filter_add(struct roster_filter *filter, const uint8_t *blind)
{
    uint64_t at, step;
    hashes(blind, &at, &step);
    for (int i = 0; i < PROBES; i++, at += step) {
        uint64_t bit = at % filter->bits;
        filter->bytes[bit / 8] |= (uint8_t)(1u << (bit % 8));
    }
    filter->keys++;
}

void filter_free(struct roster_filter **filter)
{
    if (*filter == NULL)
        return;
    mem_free((*filter)->bytes);
    mem_free(*filter);
    *filter = NULL;
}

static size_t stored_keys(struct store_work *work, id incident)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT sum(n) FROM roster_run WHERE incident = $1 AND kind = 0",
                  SQL_INT(incident));
    size_t n = sql_step(query) ? (size_t)sql_int(query, 0) : 0;
    sql_end(query);
    return n;
}

static void fill(struct store_work *work, struct roster_filter *filter)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT p.keys FROM roster_run r JOIN roster_page p ON p.run = r.id"
                  " WHERE r.incident = $1 AND r.kind = 0",
                  SQL_INT(filter->incident));
    while (sql_step(query)) {
        struct blob keys = sql_blob(query, 0);
        const uint8_t *entries = keys.data;
        for (size_t at = 0; at + ENTRY_SIZE <= keys.length; at += ENTRY_SIZE)
            filter_add(filter, entries + at);
    }
}

struct roster_filter *filter_of(struct store_work *work, id incident, size_t more)
{
    struct roster_filter *filter = *work->filter;
    if (filter != NULL && filter->incident == incident &&
        (filter->keys + more <= filter->capacity || filter->bits >= FILTER_BITS_MAX))
        return filter;
    filter_free(work->filter);
    filter = mem_new(struct roster_filter);
    filter->incident = incident;
    filter->capacity = FILTER_KEYS_MIN;
    size_t wanted = stored_keys(work, incident) + more;
    while (filter->capacity < wanted)
        filter->capacity *= 2;
    filter->bits = filter->capacity * BITS_A_KEY;
    if (filter->bits > FILTER_BITS_MAX)
        filter->bits = FILTER_BITS_MAX;
    filter->bytes = mem_alloc(filter->bits / 8, 1);
    *work->filter = filter;
    fill(work, filter);
    if (sql_status(work->sql) != RESULT_OK)
        filter->incident = 0; /* half filled: not to be used by the next request */
    return filter;
}
