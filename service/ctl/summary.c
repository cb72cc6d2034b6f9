/* summary.c - an incident's JSON added up over its waves. Absent members count as nothing, so that
 * a newer or older server still gives a table. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/summary.h"

/* Adds the numbers of `from` to those of the same names in `to`. */
static void add_numbers(struct json_object *to, struct json_object *from)
{
    if (!json_object_is_type(from, json_type_object))
        return;
    json_object_object_foreach(from, key, value)
    {
        if (json_object_is_type(value, json_type_int))
            json_object_object_add(
                to, key,
                json_object_new_int64(json_get_int(to, key, 0) + json_object_get_int64(value)));
    }
}

static void add_channels(struct json_object *to, struct json_object *from)
{
    if (!json_object_is_type(from, json_type_object))
        return;
    json_object_object_foreach(from, channel, counts)
    {
        struct json_object *sum = json_get(to, channel);

        if (sum == NULL) {
            sum = json_object_new_object();
            json_object_object_add(to, channel, sum);
        }
        add_numbers(sum, counts);
    }
}

static void add_eta(struct summary *s, const char *text)
{
    time_ms at;

    if (text != NULL && time_parse(text, &at) && (s->eta == TIME_NONE || at > s->eta))
        s->eta = at;
}

static bool state_final(const char *state)
{
    return str_equal(state, "settled") || str_equal(state, "canceled");
}

static void add_brake(struct summary *s, struct json_object *wave, const char *what,
                      const char *more)
{
    if (s->n_brakes < SUMMARY_BRAKES_MAX)
        (void)snprintf(s->brakes[s->n_brakes++], sizeof(s->brakes[0]), "wave %lld: %s%s%s",
                       (long long)json_get_int(wave, "ordinal", 1), what, more[0] ? " " : "", more);
}

/* What is in the way, until when; what stopped by itself. */
static void add_brakes(struct summary *s, struct json_object *wave)
{
    struct json_object *brakes = json_get(wave, "brakes"), *stops = json_get(brakes, "stops");
    const char *waits = json_get_string(brakes, "waits_for");

    for (size_t i = 0; stops != NULL && i < json_object_array_length(stops); i++) {
        struct json_object *stop = json_object_array_get_idx(stops, i);
        char what[80];
        (void)snprintf(what, sizeof(what), "stopped: %s",
                       str_or(json_get_string(stop, "reason"), "-"));
        add_brake(s, wave, what, str_or(json_get_string(stop, "scope"), ""));
    }
    if (str_equal(json_get_string(brakes, "stage"), "waiting"))
        add_brake(s, wave, "the canary is out and waits: tocsin wave continue", "");
    else if (waits != NULL && !str_equal(waits, "person"))
        add_brake(s, wave, waits, str_or(json_get_string(brakes, "next_at"), ""));
}

static void add_wave(struct summary *s, struct json_object *wave)
{
    add_brakes(s, wave);
    add_numbers(s->people, json_get(wave, "people"));
    add_channels(s->channels, json_get(wave, "channels"));
    s->rate_per_second += (double)json_get_int(wave, "rate_per_minute", 0) / 60;
    add_eta(s, json_get_string(wave, "estimated_end"));
    if (json_get_string(wave, "hold_until") != NULL)
        s->hold_until = json_get_string(wave, "hold_until");
    if (json_get(wave, "break_glass") != NULL &&
        json_get_string(json_get(wave, "break_glass"), "reviewed_by") == NULL)
        s->alone = true;
    if (json_get_string(wave, "state") != NULL)
        s->settled = s->settled && state_final(json_get_string(wave, "state"));
}

/* Those who are planned and not yet anything else wait. */
static void add_waiting(struct json_object *people)
{
    int64_t waiting = json_get_int(people, "planned", 0) - json_get_int(people, "told", 0) -
                      json_get_int(people, "unreachable", 0) - json_get_int(people, "withheld", 0);

    if (json_get(people, "planned") != NULL && json_get(people, "waiting") == NULL)
        json_object_object_add(people, "waiting", json_object_new_int64(waiting < 0 ? 0 : waiting));
}

static void read_roster(struct summary *s, struct json_object *roster)
{
    if (roster != NULL)
        (void)snprintf(s->roster, sizeof(s->roster),
                       "%lld accepted, %lld duplicates, %lld rejected",
                       (long long)json_get_int(roster, "accepted", 0),
                       (long long)json_get_int(roster, "duplicates", 0),
                       (long long)json_get_int(roster, "rejected", 0));
}

bool summary_read(struct summary *s, struct json_object *incident)
{
    struct json_object *waves = json_get(incident, "waves"), *roster = json_get(incident, "roster");
    const char *state = json_get_string(incident, "state"), *title;

    if (state == NULL || json_get_string(incident, "id") == NULL)
        return false;
    title = str_or(json_get_string(incident, "title"),
                   json_get_string(json_get(incident, "incident"), "title"));
    *s = (struct summary){.id = json_get_string(incident, "id"),
                          .title = title,
                          .state = state,
                          .test = json_get_bool(incident, "test", false),
                          .settled = state_final(state),
                          .channels = json_object_new_object(),
                          .people = json_object_new_object(),
                          .eta = TIME_NONE};
    read_roster(s, roster != NULL ? roster : json_get(incident, "recipients"));
    for (size_t i = 0; waves != NULL && i < json_object_array_length(waves); i++)
        add_wave(s, json_object_array_get_idx(waves, i));
    add_numbers(s->people, json_get(incident, "people"));
    add_channels(s->channels, json_get(incident, "counts"));
    add_waiting(s->people);
    s->rate_per_second += (double)json_get_int(incident, "rate_per_second", 0);
    add_eta(s, json_get_string(incident, "eta_at"));
    return true;
}

void summary_free(struct summary *s)
{
    json_object_put(s->channels);
    json_object_put(s->people);
    s->channels = s->people = NULL;
}

static void left_text(int64_t ms, char *to, size_t size)
{
    int64_t minutes = (ms + 59999) / 60000;

    if (minutes < 90)
        (void)snprintf(to, size, "%lld min", (long long)minutes);
    else if (minutes < 48 * 60)
        (void)snprintf(to, size, "%lld h", (long long)(minutes + 30) / 60);
    else
        (void)snprintf(to, size, "%lld days", (long long)(minutes + 720) / 1440);
}

bool summary_pace(const struct summary *s, time_ms now, char *to, size_t size)
{
    char left[32] = "", rate[32];

    if (s->settled || (s->rate_per_second <= 0 && s->eta == TIME_NONE))
        return false;
    (void)snprintf(rate, sizeof(rate), s->rate_per_second < 10 ? "%.1f" : "%.0f",
                   s->rate_per_second);
    if (s->eta != TIME_NONE && s->eta > now)
        left_text(s->eta - now, left, sizeof(left));
    (void)snprintf(to, size, "%s a second%s%s", rate, left[0] ? ", done in about " : "", left);
    return true;
}
