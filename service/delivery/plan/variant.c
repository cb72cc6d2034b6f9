/* variant.c - see the header. The made-up person's values are marked as such; a real one's are as
 * they are. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/outcome/judge.h"
#include "service/delivery/plan/notice_values.h"
#include "service/delivery/plan/variant.h"

static const char nowhere[] = "-";

void variant_of(struct variant *ret, const struct policy *policy, const struct recipient *r,
                unsigned channel, const char *locale)
{
    const char *place = str_or(r->jurisdiction, r->has_address ? r->address.country : nowhere);
    size_t length = strcspn(place, "-");
    if (str_starts(place, "EU-")) /* a member state */
        length = strlen(place);
    memset(ret, 0, sizeof(*ret));
    ret->channel = channel;
    str_copy(ret->group, sizeof(ret->group), nowhere);
    if (length > 0 && length < sizeof(ret->group)) {
        memcpy(ret->group, place, length);
        ret->group[length] = 0;
    }
    str_copy(ret->locale, sizeof(ret->locale), locale);
    ret->data_types = r->data_types != 0 ? r->data_types : policy->data_types;
    ret->flags = r->flags;
}

void variant_key(char to[VARIANT_KEY_SIZE], const struct variant *variant,
                 const struct policy *policy)
{
    snprintf(to, VARIANT_KEY_SIZE, "%s~%s~%s~%llx~%x", policy->channels[variant->channel].channel,
             variant->group, variant->locale, (unsigned long long)variant->data_types,
             variant->flags);
}

/* The next piece before '~' or the end; false when it does not fit. */
static bool piece(const char **at, char *to, size_t size)
{
    size_t length = strcspn(*at, "~");
    if (length == 0 || length >= size)
        return false;
    memcpy(to, *at, length);
    to[length] = 0;
    *at += length + ((*at)[length] == '~');
    return true;
}

static bool hex_of(const char *text, uint64_t *ret)
{
    *ret = 0;
    if (strlen(text) > 16 || strspn(text, "0123456789abcdef") != strlen(text))
        return false;
    for (; *text != 0; text++)
        *ret = *ret << 4 | (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
    return true;
}

bool variant_parse(struct variant *ret, const struct policy *policy, const char *key)
{
    char channel[24], types[20], flags[20], again[VARIANT_KEY_SIZE];
    const char *whole = key;
    uint64_t bits;
    struct variant variant = {.channel = POLICY_CHANNELS_MAX};
    if (!piece(&key, channel, sizeof(channel)) ||
        !piece(&key, variant.group, sizeof(variant.group)) ||
        !piece(&key, variant.locale, sizeof(variant.locale)) ||
        !piece(&key, types, sizeof(types)) || !piece(&key, flags, sizeof(flags)) || *key != 0 ||
        !hex_of(types, &variant.data_types) || !hex_of(flags, &bits) || bits > 0xff)
        return false;
    variant.flags = (unsigned)bits;
    for (unsigned i = 0; i < policy->n_channels; i++)
        if (str_equal(policy->channels[i].channel, channel))
            variant.channel = i;
    if (variant.channel == POLICY_CHANNELS_MAX ||
        !text_is_line(variant.locale, strlen(variant.locale)))
        return false;
    variant_key(again, &variant, policy);
    if (!str_equal(again, whole)) /* one key a variant */
        return false;
    *ret = variant;
    return true;
}

void variant_person(struct recipient *ret, const struct variant *variant, struct arena *arena)
{
    const bool known = strlen(variant->group) == 2;
    *ret = (struct recipient){
        .recipient_id = "sample",
        .account_id = "sample-account",
        .name = "Alex Sample",
        .email = "alex.sample@example.org",
        .phone = "+15005550006",
        .address = {.line1 = "1 Sample Street",
                    .city = "Sampletown",
                    .postal_code = "00000",
                    .country = known ? arena_strdup(arena, variant->group) : "US"},
        .has_address = true,
        .jurisdiction = known ? arena_strdup(arena, variant->group) : NULL,
        .locale = arena_strdup(arena, variant->locale),
        .data_types = variant->data_types,
        .flags = variant->flags,
    };
}

/* ---- Rendering. ---- */

enum { ROUNDS = 4 };

static void add_text(struct json_object *to, const char *name, const struct buf *text)
{
    json_object_object_add(
        to, name,
        text->length == 0 ? NULL : json_object_new_string_len(text->data, (int)text->length));
}

static const char *missing_names(const struct notice_missing *missing, struct arena *arena)
{
    const char *names = "";
    for (size_t i = 0; i < missing->n && names != NULL; i++)
        names = arena_printf(arena, "%s%s%s", names, i ? ", " : "", missing->names[i]);
    return names;
}

/* Fills what is missing: "[fields.plan]". False: nothing was, or there is no room. */
static bool fill(struct notice_person *person, const struct notice_missing *missing,
                 struct arena *arena)
{
    size_t n = person->n;
    struct notice_value *values = arena_alloc(arena, (n + missing->n) * sizeof(*values));
    if (values == NULL || missing->n == 0)
        return false;
    memcpy(values, person->values, n * sizeof(*values));
    for (size_t i = 0; i < missing->n; i++) {
        const char *name = arena_strdup(arena, missing->names[i]);
        const char *text = arena_printf(arena, "[%s]", missing->names[i]);
        if (name == NULL || text == NULL)
            return false;
        values[n++] = (struct notice_value){name, text};
    }
    *person = (struct notice_person){values, n};
    return true;
}

static struct json_object *sample_json(const struct variant_ask *ask,
                                       const struct notice_rendering *out, enum result result)
{
    struct json_object *json = json_object_new_object();
    const char *to = ladder_address(ask->dossier->drivers[ask->channel]->facts.address,
                                    ask->recipient, ask->arena);
    if (result == RESULT_OK) {
        add_text(json, "subject", &out->subject);
        add_text(json, "line", &out->line);
        add_text(json, "text", &out->text);
        add_text(json, "html", &out->html);
    } else {
        const char *names = missing_names(&out->missing, ask->arena);
        json_object_object_add(json, "missing",
                               json_object_new_string(result == RESULT_INVALID
                                                          ? str_or(names, "")
                                                          : result_name(result)));
    }
    json_object_object_add(json, "to", to == NULL ? NULL : json_object_new_string(to));
    json_object_object_add(json, "made_up", json_object_new_boolean(ask->made_up));
    return json;
}

struct json_object *variant_render(const struct variant_ask *ask)
{
    struct notice_rendering out;
    struct notice_person person;
    enum result result = RESULT_INVALID;
    const struct notice *notice = dossier_notice(ask->dossier, ask->recipient->locale);
    if (notice == NULL || ask->dossier->drivers[ask->channel] == NULL ||
        !notice_values_of_person(ask->arena, ask->recipient, ask->seed,
                                 ask->dossier->policy.data_types, &person))
        return NULL;
    enum notice_format format = notice_format_of(ask->dossier->drivers[ask->channel]->facts.form);
    notice_rendering_init(&out);
    for (unsigned round = 0; round < ROUNDS && result == RESULT_INVALID; round++) {
        result = notice_render(notice, format, &person, &out);
        if (result == RESULT_INVALID && (!ask->made_up || !fill(&person, &out.missing, ask->arena)))
            break;
    }
    struct json_object *json = sample_json(ask, &out, result);
    notice_rendering_free(&out);
    return json;
}
