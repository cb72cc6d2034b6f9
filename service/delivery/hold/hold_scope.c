/* hold_scope.c - what a hold covers, in words and in this process. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/hold/hold_private.h"

void hold_bound(char to[64], id incident)
{
    char text[ID_TEXT_SIZE];
    snprintf(to, 64, "hold:%s", id_format(text, "inc", incident));
}

const struct wave_row *scope_wave(const struct hold_scope *scope, const struct wave_row *waves,
                                  size_t n, bool *ret_known)
{
    *ret_known = scope->wave == 0 && scope->ordinal == 0;
    for (size_t i = 0; !*ret_known && i < n; i++)
        if (scope->wave != 0 ? waves[i].id == scope->wave : waves[i].ordinal == scope->ordinal) {
            *ret_known = true;
            return &waves[i];
        }
    return NULL;
}

struct json_object *hold_facts(const struct hold_row *row, const struct wave_row *waves, size_t n)
{
    char text[ID_TEXT_SIZE], until[TIME_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    if (row->id != 0)
        json_object_object_add(facts, "hold",
                               json_object_new_string(id_format(text, "hld", row->id)));
    for (size_t i = 0; i < n; i++)
        if (row->wave != 0 && waves[i].id == row->wave)
            json_object_object_add(facts, "wave", json_object_new_int(waves[i].ordinal));
    if (row->jurisdiction != NULL)
        json_object_object_add(facts, "jurisdiction", json_object_new_string(row->jurisdiction));
    if (row->channel != NULL)
        json_object_object_add(facts, "channel", json_object_new_string(row->channel));
    if (row->number >= 0)
        json_object_object_add(facts, "person", json_object_new_boolean(true));
    if (row->until != TIME_NONE)
        json_object_object_add(facts, "until",
                               json_object_new_string(time_format(until, row->until)));
    return facts;
}

static bool covers_run(const struct hold_row *row, const struct active_wave *wave,
                       const struct chunk_row *chunk)
{
    size_t n = row->jurisdiction == NULL ? 0 : strlen(row->jurisdiction);
    if (row->jurisdiction != NULL &&
        (strncmp(chunk->cohort, row->jurisdiction, n) != 0 || chunk->cohort[n] != '|'))
        return false;
    return row->channel == NULL ||
           str_equal(wave->policy.channels[chunk->channel].channel, row->channel);
}

static void stop_runs(struct active_wave *wave, const struct hold_row *row)
{
    struct list *next;
    for (struct list *r = run_next(&wave->runs); r != &wave->runs; r = next) {
        struct run *run = (struct run *)(void *)r;
        next = run_next(r);
        if (row->number >= 0)
            run_hold_person(run, (uint32_t)row->number);
        else if (covers_run(row, wave, run_chunk(run)))
            run_hold(run);
    }
}

void hold_stop(struct delivery *delivery, const struct hold_row *row)
{
    list_each(node, &delivery->waves)
    {
        struct active_wave *wave = container_of(node, struct active_wave, node);
        if (wave->incident != row->incident || (row->wave != 0 && row->wave != wave->id))
            continue;
        if (hold_is_whole(row))
            schedule_stop_wave(wave);
        else
            stop_runs(wave, row);
    }
}

void hold_free_person(struct delivery *delivery, id incident, uint32_t number)
{
    list_each(node, &delivery->waves)
    {
        struct active_wave *wave = container_of(node, struct active_wave, node);
        if (wave->incident != incident)
            continue;
        for (struct list *r = run_next(&wave->runs); r != &wave->runs; r = run_next(r))
            run_free_person((struct run *)(void *)r, number);
    }
}

void hold_wake(struct delivery *delivery, const struct wave_row *waves, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (waves[i].state == WAVE_PLANNING || waves[i].state == WAVE_SENDING)
            schedule_wave(delivery, &waves[i]);
}
