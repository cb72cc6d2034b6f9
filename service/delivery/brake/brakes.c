/* brakes.c - see the header. Failure modes: a member of another type, out of range or unknown. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/brakes.h"

#define COUNT_MAX INT64_C(1000000000)

void brakes_default(struct brakes *brakes)
{
    *brakes = (struct brakes){.on = true,
                              .seeds = true,
                              .canary = 100,
                              .ramp = {1000, 5000, 20000},
                              .n_ramp = 3,
                              .start_at = TIME_NONE,
                              .bounces = 50,
                              .complaints = 3,
                              .sample = 100,
                              .policy_blocks = 5,
                              .silence = true,
                              .call_centre = true};
}

/* ---- Money. ---- */

bool money_parse(const char *text, int64_t *ret_money)
{
    int64_t units = 0, parts = 0, scale = MONEY_UNIT / 10;
    const char *at = text;
    if (text == NULL || *at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        units = units * 10 + (*at - '0');
        if (units > INT64_C(9000000000))
            return false;
    }
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9' && scale > 0; at++, scale /= 10)
            parts += (*at - '0') * scale;
        if (at[-1] == '.')
            return false;
    }
    if (*at != 0)
        return false;
    *ret_money = units * MONEY_UNIT + parts;
    return true;
}

char *money_format(char to[32], int64_t money)
{
    int n = snprintf(to, 32, "%lld.%06lld", (long long)(money / MONEY_UNIT),
                     (long long)(money % MONEY_UNIT));
    while (n > 3 && to[n - 1] == '0' && to[n - 3] != '.')
        to[--n] = 0;
    return to;
}

/* ---- Read. ---- */

static enum result refuse(struct error *error, const char *member, const char *sentence)
{
    char field[64];
    snprintf(field, sizeof(field), "/brakes/%s", member);
    return error_set(error, RESULT_INVALID, field, "%s", sentence);
}

static enum result read_count(struct json_object *json, const char *member, int64_t *to,
                              struct error *error)
{
    const char *name = strrchr(member, '/');
    struct json_object *value = json_get(json, name == NULL ? member : name + 1);
    if (value == NULL)
        return RESULT_OK;
    int64_t count = json_object_get_int64(value);
    if (!json_object_is_type(value, json_type_int) || count < 0 || count > COUNT_MAX)
        return refuse(error, member,
                      "It must be a whole number from 0 (no bound) to 1,000,000,000; correct it.");
    *to = count;
    return RESULT_OK;
}

static enum result read_flag(struct json_object *json, const char *member, bool *to,
                             struct error *error)
{
    const char *name = strrchr(member, '/');
    struct json_object *value = json_get(json, name == NULL ? member : name + 1);
    if (value == NULL)
        return RESULT_OK;
    if (!json_object_is_type(value, json_type_boolean))
        return refuse(error, member, "It must be true or false; correct it.");
    *to = json_object_get_boolean(value);
    return RESULT_OK;
}

static enum result read_ramp(struct brakes *brakes, struct json_object *json, struct error *error)
{
    struct json_object *ramp = json_get(json, "ramp");
    if (ramp == NULL)
        return RESULT_OK;
    if (!json_object_is_type(ramp, json_type_array) ||
        json_object_array_length(ramp) > BRAKES_RAMP_MAX)
        return refuse(error, "ramp",
                      "It must be a list of up to twelve numbers, messages per hour; [] is none.");
    brakes->n_ramp = 0;
    for (size_t i = 0; i < json_object_array_length(ramp); i++) {
        struct json_object *step = json_object_array_get_idx(ramp, i);
        int64_t count = json_object_get_int64(step);
        if (!json_object_is_type(step, json_type_int) || count < 1 || count > COUNT_MAX)
            return refuse(error, "ramp",
                          "A step is a whole number of messages an hour, at least 1; correct it.");
        brakes->ramp[brakes->n_ramp++] = count;
    }
    return RESULT_OK;
}

static enum result read_texts(struct brakes *brakes, struct json_object *json, struct error *error)
{
    struct json_object *start = json_get(json, "start_at"), *budget = json_get(json, "budget");
    struct json_object *urgent = json_get(json, "urgent");
    if (start != NULL && !time_parse(str_or(json_object_get_string(start), ""), &brakes->start_at))
        return refuse(error, "start_at",
                      "It must be a time such as 2026-11-23T06:00:00Z; correct it.");
    if (budget != NULL && (!json_object_is_type(budget, json_type_string) ||
                           !money_parse(json_object_get_string(budget), &brakes->budget)))
        return refuse(error, "budget",
                      "It must be an amount as a string, such as \"1200.50\"; correct it.");
    if (urgent == NULL)
        return RESULT_OK;
    if (json_object_is_type(urgent, json_type_boolean)) /* as it is stored */
        brakes->urgent = json_object_get_boolean(urgent);
    else if (json_object_is_type(urgent, json_type_string) &&
             json_object_get_string_len(urgent) > 3)
        brakes->urgent = true;
    else
        return refuse(error, "urgent",
                      "It must say in words why the recipients' night does not count; write why.");
    return RESULT_OK;
}

static enum result read_stop(struct brakes *brakes, struct json_object *json, struct error *error)
{
    struct json_object *stop = json_get(json, "stop");
    if (stop == NULL)
        return RESULT_OK;
    if (!json_object_is_type(stop, json_type_object))
        return refuse(error, "stop", "It must be an object; correct it.");
    json_object_object_foreach(stop, name, value)
    {
        (void)value;
        if (!str_equal(name, "bounces") && !str_equal(name, "complaints") &&
            !str_equal(name, "sample") && !str_equal(name, "policy_blocks") &&
            !str_equal(name, "silence"))
            return refuse(error, "stop", "It has a member that is not known; remove it.");
    }
    enum result result = read_count(stop, "stop/bounces", &brakes->bounces, error);
    if (result == RESULT_OK)
        result = read_count(stop, "stop/complaints", &brakes->complaints, error);
    if (result == RESULT_OK)
        result = read_count(stop, "stop/sample", &brakes->sample, error);
    if (result == RESULT_OK)
        result = read_count(stop, "stop/policy_blocks", &brakes->policy_blocks, error);
    if (result == RESULT_OK)
        result = read_flag(stop, "stop/silence", &brakes->silence, error);
    if (result == RESULT_OK && (brakes->bounces > 1000 || brakes->complaints > 1000))
        return refuse(error, "stop", "A rate is per mille, from 0 to 1000; correct it.");
    return result;
}

static enum result check_names(struct json_object *json, struct error *error)
{
    static const char *const names[] = {
        "budget", "call_centre", "canary",   "per_hour", "per_domain_hour", "per_provider_hour",
        "ramp",   "seeds",       "start_at", "stop",     "urgent"};
    if (!json_object_is_type(json, json_type_object))
        return error_set(error, RESULT_INVALID, "/brakes", "It must be an object; correct it.");
    json_object_object_foreach(json, name, value)
    {
        bool known = false;
        (void)value;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            known = known || str_equal(name, names[i]);
        if (!known)
            return error_set(error, RESULT_INVALID, "/brakes",
                             "There is a member that is not known; remove it.");
    }
    return RESULT_OK;
}

static enum result read_counts(struct brakes *brakes, struct json_object *json, struct error *error)
{
    const struct {
        const char *name;
        int64_t *to;
    } counts[] = {{"canary", &brakes->canary},
                  {"per_hour", &brakes->per_hour},
                  {"per_provider_hour", &brakes->per_provider_hour},
                  {"per_domain_hour", &brakes->per_domain_hour}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (read_count(json, counts[i].name, counts[i].to, error) != RESULT_OK)
            return RESULT_INVALID;
    return RESULT_OK;
}

enum result brakes_read(struct brakes *ret_brakes, struct json_object *json,
                        const struct brakes *defaults, struct error *error)
{
    struct brakes brakes = *defaults;
    if (json != NULL) {
        if (check_names(json, error) != RESULT_OK ||
            read_counts(&brakes, json, error) != RESULT_OK ||
            read_flag(json, "seeds", &brakes.seeds, error) != RESULT_OK ||
            read_flag(json, "call_centre", &brakes.call_centre, error) != RESULT_OK ||
            read_ramp(&brakes, json, error) != RESULT_OK ||
            read_texts(&brakes, json, error) != RESULT_OK ||
            read_stop(&brakes, json, error) != RESULT_OK)
            return RESULT_INVALID;
        brakes.on = true;
    }
    *ret_brakes = brakes;
    return RESULT_OK;
}

/* ---- Write. ---- */

static const char *word(bool flag)
{
    return flag ? "true" : "false";
}

bool brakes_write(struct buf *to, const struct brakes *b)
{
    char money[32], at[TIME_TEXT_SIZE];
    buf_puts(to, "{");
    if (b->budget > 0)
        buf_printf(to, "\"budget\":\"%s\",", money_format(money, b->budget));
    buf_printf(to, "\"call_centre\":%s,\"canary\":%lld,\"per_domain_hour\":%lld,\"per_hour\":%lld,",
               word(b->call_centre), (long long)b->canary, (long long)b->per_domain_hour,
               (long long)b->per_hour);
    buf_printf(to, "\"per_provider_hour\":%lld,\"ramp\":[", (long long)b->per_provider_hour);
    for (unsigned i = 0; i < b->n_ramp; i++)
        buf_printf(to, "%s%lld", i ? "," : "", (long long)b->ramp[i]);
    buf_printf(to, "],\"seeds\":%s,", word(b->seeds));
    if (b->start_at != TIME_NONE)
        buf_printf(to, "\"start_at\":\"%s\",", time_format(at, b->start_at));
    buf_printf(to,
               "\"stop\":{\"bounces\":%lld,\"complaints\":%lld,\"policy_blocks\":%lld,"
               "\"sample\":%lld,\"silence\":%s}",
               (long long)b->bounces, (long long)b->complaints, (long long)b->policy_blocks,
               (long long)b->sample, word(b->silence));
    return buf_printf(to, ",\"urgent\":%s}", word(b->urgent));
}
