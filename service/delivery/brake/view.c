/* view.c - see the header. What is stored is the truth; what is in the way now is asked of the wave
 * at work, if this process works on it. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/brake/view.h"

static void add_time(struct json_object *to, const char *name, time_ms at)
{
    char text[TIME_TEXT_SIZE];
    json_object_object_add(to, name,
                           at == TIME_NONE ? NULL : json_object_new_string(time_format(text, at)));
}

static struct json_object *parsed(const char *text, size_t length)
{
    struct json_object *json = NULL;
    return json_read(text, length, &json, NULL) == RESULT_OK ? json : json_object_new_object();
}

static struct json_object *document(const struct brakes *brakes)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    brakes_write(&text, brakes);
    struct json_object *json = parsed(text.data, text.length);
    buf_free(&text);
    return json;
}

static struct json_object *stops(const struct store_brake_get *stored)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < stored->n_stops; i++) {
        const struct brake_stop *stop = &stored->stops[i];
        struct json_object *json = json_object_new_object();
        json_object_object_add(json, "scope", json_object_new_string(stop->scope));
        json_object_object_add(json, "reason", json_object_new_string(stop->reason));
        json_object_object_add(json, "figures", parsed(stop->figures, strlen(stop->figures)));
        add_time(json, "at", stop->at);
        json_object_array_add(array, json);
    }
    return array;
}

/* "w12:t0:gmail.com:sent": the tallies, summed up by channel. */
static struct json_object *channels(const struct brake_showing *it)
{
    struct json_object *all = json_object_new_object();
    for (size_t i = 0; i < it->stored->n_counts; i++) {
        const struct brake_count *count = &it->stored->counts[i];
        const char *at = strchr(str_or(count->scope, ""), ':');
        const char *what = at == NULL ? NULL : strrchr(at, ':');
        if (at == NULL || at[1] != 't' || what == at || at[2] < '0' || at[2] > '9')
            continue;
        unsigned channel = (unsigned)(at[2] - '0');
        if (at[3] >= '0' && at[3] <= '9')
            channel = channel * 10 + (unsigned)(at[3] - '0');
        if (channel >= it->policy->n_channels)
            continue;
        const char *name = it->policy->channels[channel].channel;
        struct json_object *json = json_get(all, name);
        if (json == NULL) {
            json = json_object_new_object();
            json_object_object_add(all, name, json);
        }
        json_object_object_add(
            json, what + 1, json_object_new_int64(json_get_int(json, what + 1, 0) + count->value));
    }
    return all;
}

static int64_t count_of(const struct brake_showing *it, const char *what)
{
    int64_t sum = 0;
    for (size_t i = 0; i < it->stored->n_counts; i++) {
        const char *at = strchr(str_or(it->stored->counts[i].scope, ""), ':');
        if (at != NULL && str_equal(at + 1, what))
            sum += it->stored->counts[i].value;
    }
    return sum;
}

/* The wave's first channel as it is asked for room; false: nobody works on it here. */
static bool facts_now(const struct brake_showing *it, struct brake_facts *ret)
{
    struct active_wave *active = schedule_find(it->delivery, it->wave->id);
    if (active == NULL || active->dossier == NULL || active->policy.n_ladder == 0)
        return false;
    braking_facts(ret, active, active->policy.ladder[0], "-");
    return active->braking.loaded;
}

static void add_now(const struct brake_showing *it, struct json_object *json)
{
    struct brake_facts facts;
    struct brake_verdict verdict = {.next = TIME_NONE};
    enum brake_stage stage = it->stored->stage;
    const char *waits = NULL;
    bool sending = it->wave->state == WAVE_SENDING;
    if (sending && facts_now(it, &facts)) {
        brake_judge(&verdict, &facts, it->delivery->book, delivery_now(it->delivery));
        stage = brake_stage_now(&facts);
        waits = verdict.room == 0 ? verdict.reason : NULL;
    }
    if (sending && (stage == BRAKE_WAITING || it->stored->n_stops > 0))
        waits = "person";
    bool begun = it->wave->state >= WAVE_SENDING;
    json_object_object_add(json, "stage",
                           begun ? json_object_new_string(brake_stage_name(stage)) : NULL);
    json_object_object_add(json, "waits_for", waits == NULL ? NULL : json_object_new_string(waits));
    add_time(json, "next_at", verdict.room == 0 && waits != NULL ? verdict.next : TIME_NONE);
}

const char *brake_show(const struct brake_showing *it, struct arena *arena)
{
    char money[32];
    const char *text = NULL;
    struct buf out;
    if (!it->policy->brakes.on)
        return NULL;
    struct json_object *json = json_object_new_object();
    json_object_object_add(json, "document", document(&it->policy->brakes));
    add_now(it, json);
    add_time(json, "since", it->stored->since);
    json_object_object_add(json, "canary_sent", json_object_new_int64(count_of(it, "canary")));
    json_object_object_add(json, "spent",
                           json_object_new_string(money_format(money, count_of(it, "budget"))));
    json_object_object_add(json, "stops", stops(it->stored));
    json_object_object_add(json, "channels", channels(it));
    buf_init(&out, SIZE_MAX);
    if (json_write(&out, json))
        text = arena_strndup(arena, out.data, out.length);
    buf_free(&out);
    json_object_put(json);
    return text;
}

time_ms brake_show_eta(const struct brake_showing *it)
{
    struct brake_facts facts;
    struct active_wave *active = schedule_find(it->delivery, it->wave->id);
    if (!facts_now(it, &facts) || braking_stopped(&active->braking, facts.channel, "") != NULL)
        return TIME_NONE;
    const struct hours *quiet = &it->delivery->config.braking.quiet;
    if (active->drivers[active->policy.ladder[0]] != NULL &&
        active->drivers[active->policy.ladder[0]]->facts.quiet_hours && quiet->from != quiet->to) {
        facts.quiet = quiet;
        facts.zones = &facts.centre_zone; /* where most of them may be: not known by the wave */
        facts.n_zones = 1;
    }
    struct brake_course course = {&facts, it->delivery->book, it->remaining, it->rate};
    return brake_eta(&course, delivery_now(it->delivery));
}
