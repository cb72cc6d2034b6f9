/* policy.c - see the header. Failure modes: an unknown channel is the user's error; a damaged
 * stored policy is ours. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/policy.h"

static int live_find(const struct delivery_config *config, const char *channel,
                     const char *provider)
{
    for (size_t i = 0; i < config->n_channels; i++) {
        const struct channel_facts *facts = &config->channels[i].driver->facts;
        if (str_equal(facts->channel, channel) &&
            (provider == NULL || str_equal(facts->provider, provider)))
            return (int)i;
    }
    return -1;
}

/* The channel's index in the policy, appended when it is new; -1 when it is not configured. */
static int policy_channel_add(struct policy *policy, const struct delivery_config *config,
                              const char *name)
{
    for (unsigned i = 0; i < policy->n_channels; i++)
        if (str_equal(policy->channels[i].channel, name))
            return (int)i;
    int live = live_find(config, name, NULL);
    if (live < 0 || policy->n_channels == POLICY_CHANNELS_MAX)
        return -1;
    const struct delivery_channel *from = &config->channels[live];
    struct policy_channel *to = &policy->channels[policy->n_channels];
    str_copy(to->channel, sizeof(to->channel), from->driver->facts.channel);
    str_copy(to->provider, sizeof(to->provider), from->driver->facts.provider);
    to->sufficient = from->sufficient;
    to->settles = from->settles;
    to->wait_ms = from->wait_ms;
    to->live = live;
    return (int)policy->n_channels++;
}

static bool names_have(struct json_object *names, const char *name)
{
    size_t n = names == NULL ? 0 : json_object_array_length(names);
    for (size_t i = 0; i < n; i++)
        if (str_equal(json_object_get_string(json_object_array_get_idx(names, i)), name))
            return true;
    return n == 0;
}

struct rung_list {
    const char *const *names;
    size_t n;
    uint8_t *to;
    unsigned *n_to;
};

static enum result rungs_add(struct policy *policy, const struct delivery_config *config,
                             struct json_object *wanted, const struct rung_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!names_have(wanted, list->names[i]))
            continue;
        int index = policy_channel_add(policy, config, list->names[i]);
        if (index < 0)
            return RESULT_INVALID;
        list->to[(*list->n_to)++] = (uint8_t)index;
    }
    return RESULT_OK;
}

/* Every channel the incident asks for must be one that we have. */
static enum result wanted_check(const struct delivery_config *config, struct json_object *wanted,
                                struct error *error)
{
    size_t n = wanted == NULL ? 0 : json_object_array_length(wanted);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(wanted, i));
        if (live_find(config, name, NULL) < 0)
            return error_set(error, RESULT_INVALID, "/channels",
                             "This channel is not configured here; ask the operator, or leave "
                             "channels out to use the configured ladder.");
    }
    return RESULT_OK;
}

static uint64_t data_types_read(struct json_object *names)
{
    uint64_t bits = 0;
    size_t n = names == NULL ? 0 : json_object_array_length(names);
    for (size_t i = 0; i < n; i++) {
        int type = data_type_find(json_object_get_string(json_object_array_get_idx(names, i)));
        if (type >= 0)
            bits |= UINT64_C(1) << type;
    }
    return bits;
}

enum result policy_make(struct policy *ret_policy, const struct delivery_config *config,
                        struct json_object *document, struct error *error)
{
    struct policy policy = {0};
    struct json_object *wanted = json_get(document, "channels");
    enum result result = wanted_check(config, wanted, error);
    if (result != RESULT_OK)
        return result;
    const struct rung_list ladder = {config->ladder, config->n_ladder, policy.ladder,
                                     &policy.n_ladder};
    const struct rung_list beside = {config->beside, config->n_beside, policy.beside,
                                     &policy.n_beside};
    if (rungs_add(&policy, config, wanted, &ladder) != RESULT_OK ||
        rungs_add(&policy, config, wanted, &beside) != RESULT_OK)
        return error_set(error, RESULT_INVALID, "ladder",
                         "The ladder names a channel that is not configured; ask the operator.");
    policy.consent_required = json_get_bool(document, "consent_required", config->consent_required);
    policy.furnished_mailbox = json_get_bool(document, "furnished_mailbox", false);
    policy.spacing_ms = json_get_bool(document, "urgent", false) ? 0 : config->spacing_ms;
    policy.test = json_get_bool(document, "test", false);
    if (brakes_read(&policy.brakes, json_get(document, "brakes"), &config->braking.defaults,
                    error) != RESULT_OK)
        return RESULT_INVALID;
    policy.data_types = data_types_read(json_get(document, "data_types"));
    str_copy(policy.kind, sizeof(policy.kind), str_or(json_get_string(document, "kind"), "breach"));
    *ret_policy = policy;
    return RESULT_OK;
}

void policy_name_channels(const struct policy *policy, struct chunk_row *chunks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        chunks[i].channel_name = policy->channels[chunks[i].channel].channel;
}

static void write_indexes(struct buf *to, const char *name, const uint8_t *indexes, unsigned n)
{
    buf_printf(to, ",\"%s\":[", name);
    for (unsigned i = 0; i < n; i++)
        buf_printf(to, "%s%u", i ? "," : "", indexes[i]);
    buf_puts(to, "]");
}

bool policy_write(struct buf *to, const struct policy *policy)
{
    buf_printf(to, "{\"approval\":\"%s\"", policy->approval);
    write_indexes(to, "beside", policy->beside, policy->n_beside);
    if (policy->brakes.on) {
        buf_puts(to, ",\"brakes\":");
        brakes_write(to, &policy->brakes);
    }
    buf_puts(to, ",\"channels\":[");
    for (unsigned i = 0; i < policy->n_channels; i++) {
        const struct policy_channel *c = &policy->channels[i];
        buf_printf(
            to,
            "%s{\"channel\":\"%s\",\"provider\":\"%s\",\"settles\":\"%s\",\"sufficient\":\"%s\","
            "\"wait_ms\":%lld}",
            i ? "," : "", c->channel, c->provider, evidence_name(c->settles),
            evidence_name(c->sufficient), (long long)c->wait_ms);
    }
    buf_printf(
        to,
        "],\"consent_required\":%s,\"data_types\":%llu,\"furnished_mailbox\":%s,\"kind\":\"%s\"",
        policy->consent_required ? "true" : "false", (unsigned long long)policy->data_types,
        policy->furnished_mailbox ? "true" : "false", policy->kind);
    write_indexes(to, "ladder", policy->ladder, policy->n_ladder);
    if (policy->notices[0] != 0)
        buf_printf(to, ",\"notices\":\"%s\"", policy->notices);
    if (policy->spacing_ms > 0)
        buf_printf(to, ",\"spacing_ms\":%lld", (long long)policy->spacing_ms);
    return buf_printf(to, ",\"test\":%s}", policy->test ? "true" : "false");
}

static unsigned read_indexes(struct json_object *json, const char *name, unsigned limit,
                             uint8_t *to)
{
    struct json_object *array = json_get(json, name);
    size_t n = array == NULL ? 0 : json_object_array_length(array);
    unsigned taken = 0;
    for (size_t i = 0; i < n && taken < POLICY_CHANNELS_MAX; i++) {
        int64_t index = json_object_get_int64(json_object_array_get_idx(array, i));
        if (index >= 0 && index < limit)
            to[taken++] = (uint8_t)index;
    }
    return taken;
}

static void read_channels(struct policy *policy, struct json_object *array,
                          const struct delivery_config *config)
{
    size_t n = array == NULL ? 0 : json_object_array_length(array);
    for (size_t i = 0; i < n && policy->n_channels < POLICY_CHANNELS_MAX; i++) {
        struct json_object *from = json_object_array_get_idx(array, i);
        struct policy_channel *to = &policy->channels[policy->n_channels++];
        int sufficient = evidence_find(str_or(json_get_string(from, "sufficient"), ""));
        int settles = evidence_find(str_or(json_get_string(from, "settles"), ""));
        str_copy(to->channel, sizeof(to->channel), str_or(json_get_string(from, "channel"), ""));
        str_copy(to->provider, sizeof(to->provider), str_or(json_get_string(from, "provider"), ""));
        to->sufficient = sufficient < 0 ? EVIDENCE_ACKNOWLEDGED : (enum evidence)sufficient;
        to->settles = settles < 0 ? EVIDENCE_ACKNOWLEDGED : (enum evidence)settles;
        to->wait_ms = json_get_int(from, "wait_ms", 0);
        to->live = live_find(config, to->channel, to->provider);
        if (to->live < 0) /* the provider was replaced: the channel is what was approved */
            to->live = live_find(config, to->channel, NULL);
    }
}

enum result policy_read(struct policy *ret_policy, struct blob text,
                        const struct delivery_config *config)
{
    struct policy policy = {0};
    struct json_object *json;
    enum result result = json_read(text.data, text.length, &json, NULL);
    if (result != RESULT_OK)
        return result;
    read_channels(&policy, json_get(json, "channels"), config);
    policy.n_ladder = read_indexes(json, "ladder", policy.n_channels, policy.ladder);
    policy.n_beside = read_indexes(json, "beside", policy.n_channels, policy.beside);
    const struct brakes unbraked = {.start_at = TIME_NONE};
    if (brakes_read(&policy.brakes, json_get(json, "brakes"), &unbraked, NULL) != RESULT_OK)
        result = RESULT_INVALID;
    policy.consent_required = json_get_bool(json, "consent_required", false);
    policy.furnished_mailbox = json_get_bool(json, "furnished_mailbox", false);
    policy.spacing_ms = json_get_int(json, "spacing_ms", 0);
    policy.test = json_get_bool(json, "test", false);
    policy.data_types = (uint64_t)json_get_int(json, "data_types", 0);
    str_copy(policy.kind, sizeof(policy.kind), str_or(json_get_string(json, "kind"), "breach"));
    str_copy(policy.approval, sizeof(policy.approval),
             str_or(json_get_string(json, "approval"), ""));
    str_copy(policy.notices, sizeof(policy.notices), str_or(json_get_string(json, "notices"), ""));
    json_object_put(json);
    if (result == RESULT_OK)
        *ret_policy = policy;
    return result;
}
