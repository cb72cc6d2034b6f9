/* counter.c - exact counts per wave, channel and state, moved in the transaction of what they
 * count, so that progress is one read. */
/* This module. */
#include "service/store/store_core.h"

enum { HOUR_MS = 3600000, HOURS_MOST = 20000 };

void counter_add(struct store_work *work, int64_t wave, unsigned channel, unsigned key,
                 int64_t delta)
{
    if (delta == 0)
        return;
    sql_exec(work->sql,
             "INSERT INTO counter (wave, channel, key, value) VALUES ($1, $2, $3, $4)"
             " ON CONFLICT (wave, channel, key) DO UPDATE SET value = counter.value + $4",
             SQL_INT(wave), SQL_INT(channel), SQL_INT(key), SQL_INT(delta));
}

void counter_hour_add(struct store_work *work, const struct wave_counter *delta, time_ms at)
{
    sql_exec(work->sql,
             "INSERT INTO counter_hour (wave, channel, hour, key, value)"
             " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (wave, channel, hour, key)"
             " DO UPDATE SET value = counter_hour.value + $5",
             SQL_INT(delta->wave), SQL_INT(delta->channel), SQL_INT(at / HOUR_MS),
             SQL_INT(delta->key), SQL_INT(delta->value));
}

void counters_people(struct store_work *work, int64_t wave, const struct wave_counter *deltas,
                     size_t n)
{
    for (size_t i = 0; i < n; i++)
        counter_add(work, wave, COUNTER_PEOPLE, deltas[i].key, deltas[i].value);
}

STORE_READ(counts_get, store_counts)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT channel, key, value FROM counter"
                                        " WHERE wave = $1 AND value <> 0 ORDER BY channel, key",
                                        SQL_INT(req->wave));
    req->counters = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->counters = rows_grow(work, arena, req->counters, req->n, sizeof(*req->counters));
        if (req->counters == NULL)
            break;
        req->counters[req->n++] = (struct wave_counter){.wave = req->wave,
                                                        .channel = (uint8_t)sql_int(query, 0),
                                                        .key = (uint8_t)sql_int(query, 1),
                                                        .value = sql_int(query, 2)};
    }
    return RESULT_OK;
}

STORE_READ(hours_get, store_hours)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT hour, channel, key, value FROM (SELECT hour, channel, key, value"
                  " FROM counter_hour WHERE wave = $1 AND hour >= $2"
                  " ORDER BY hour DESC, channel, key LIMIT $3) AS newest"
                  " ORDER BY hour, channel, key",
                  SQL_INT(req->wave), SQL_INT(req->from_hour), SQL_INT(HOURS_MOST));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        req->rows[req->n++] = (struct hour_count){.hour = sql_int(query, 0),
                                                  .channel = (uint8_t)sql_int(query, 1),
                                                  .key = (uint8_t)sql_int(query, 2),
                                                  .value = sql_int(query, 3)};
    }
    return RESULT_OK;
}
