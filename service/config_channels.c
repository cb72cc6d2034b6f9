/* config_channels.c - the channels of the configuration: driver, rate, window, evidence, and their
 * order.
 *
 * Happy path: each entry finds its driver by channel and provider, its section (or an empty one) is
 * checked by the driver, evidence rules default by the form of the notice. Faults name the key
 * inside the driver's section. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/config_text.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* What suffices when the configuration does not say: an accepted mail that has not bounced for
 * three days, a text message delivered within a day, a call acknowledged, a banner seen, a letter
 * that has not come back in three weeks. */
static const struct {
    enum evidence sufficient, settles;
    int64_t wait_ms;
} evidence_defaults[FORM_N] = {
    [FORM_EMAIL] = {EVIDENCE_DELIVERED, EVIDENCE_ACCEPTED, 72 * HOUR_MS},
    [FORM_SMS] = {EVIDENCE_DELIVERED, EVIDENCE_DELIVERED, 24 * HOUR_MS},
    [FORM_VOICE] = {EVIDENCE_ACKNOWLEDGED, EVIDENCE_ACKNOWLEDGED, 24 * HOUR_MS},
    [FORM_LETTER] = {EVIDENCE_ACKNOWLEDGED, EVIDENCE_ACCEPTED, 21 * DAY_MS},
    [FORM_BANNER] = {EVIDENCE_DISPLAYED, EVIDENCE_DISPLAYED, 30 * DAY_MS},
};

struct at { /* one entry being read */
    struct config_reader *reader;
    const struct text_channel *text;
    struct delivery_channel *channel;
    unsigned index;
};

static const char *key_path(char to[KEY_PATH_SIZE], const struct at *at, const char *key)
{
    path_print(to, KEY_PATH_SIZE, "channels[%u]%s%s", at->index, *key ? "." : "", key);
    return to;
}

static enum result fault_at(const struct at *at, const char *key, const char *sentence)
{
    char path[KEY_PATH_SIZE];

    return config_fault_set(at->reader, key_path(path, at, key), "%s", sentence);
}

/* "twilio, kannel, webhook": the providers that this build has for a channel. */
static void providers_list(const char *channel, char *to, size_t size)
{
    size_t used = 0;

    *to = '\0';
    for (size_t i = 0; channel_drivers[i]; i++) {
        const struct channel_facts *facts = &channel_drivers[i]->facts;
        if (channel && !str_equal(facts->channel, channel))
            continue;
        if (used < size)
            used += (size_t)snprintf(to + used, size - used, "%s%s%s%s", used ? ", " : "",
                                     channel ? "" : facts->channel, channel ? "" : "/",
                                     facts->provider);
    }
}

static enum result find_driver(const struct at *at)
{
    const struct text_channel *text = at->text;
    char path[KEY_PATH_SIZE], known[256];

    if (str_empty(text->channel))
        return fault_at(at, "channel",
                        "the channel is missing: write email, sms, voice, postal or banner");
    if (str_empty(text->provider))
        return fault_at(at, "provider", "the provider is missing: write the name of its driver");
    at->channel->driver = channel_driver_find(text->channel, text->provider);
    if (at->channel->driver)
        return RESULT_OK;
    providers_list(text->channel, known, sizeof known);
    if (!*known) {
        providers_list(NULL, known, sizeof known);
        return config_fault_set(at->reader, key_path(path, at, "channel"),
                                "there is no such channel: choose among %s", known);
    }
    return config_fault_set(at->reader, key_path(path, at, "provider"),
                            "this channel has no such provider: choose among %s", known);
}

/* libcyaml takes "5s" as 5 and 010 as 8: the numbers of a driver's section are read again,
 * strictly. */
static void number_check(struct schema_visit *visit, const char *path,
                         const cyaml_schema_field_t *field, const void *data)
{
    struct config_reader *reader = visit->context;
    const char *text;
    int64_t value;

    (void)data;
    if (reader->fault->error.code != RESULT_OK ||
        (field->value.type != CYAML_UINT && field->value.type != CYAML_INT))
        return;
    text = config_lines_text(reader->lines, path);
    if (text && (!config_number(text, &value) || value < 0 || value > UINT32_MAX))
        config_fault_set(reader, path, "write a whole number without a unit");
}

static enum result section_check(const struct at *at)
{
    const struct channel_driver *driver = at->channel->driver;
    int own = schema_section(driver->facts.provider);
    struct schema_visit visit = {number_check, at->reader};
    struct error error = {0};
    char key[KEY_PATH_SIZE];

    for (int i = 0; i < SECTIONS_MAX; i++)
        if (i != own && at->text->sections[i])
            return fault_at(at, "",
                            "the section of another provider stands here: rename or remove it");
    path_print(key, sizeof key, "channels[%u].%s", at->index, driver->facts.provider);
    if (at->text->sections[own])
        schema_walk(driver->config_fields, at->text->sections[own], key, &visit);
    if (at->reader->fault->error.code != RESULT_OK)
        return RESULT_INVALID;
    at->channel->config = at->text->sections[own];
    at->reader->config->settings[at->index] = config_settings(at->reader->lines, key);
    at->channel->settings = at->reader->config->settings[at->index];
    if (driver->check_config && driver->check_config(at->channel->config, &error) != RESULT_OK) {
        path_print(key, sizeof key, "%s%s%s", driver->facts.provider, *error.field ? "." : "",
                   error.field);
        return fault_at(at, key, error.text);
    }
    return RESULT_OK;
}

static bool read_evidence(const struct at *at, const char *key, const char *text, enum evidence *to)
{
    char path[KEY_PATH_SIZE];
    int found;

    if (!text)
        return true;
    found = evidence_find(text);
    if (found < (int)EVIDENCE_ACCEPTED || evidence_negative((enum evidence)found)) {
        config_fault_set(at->reader, key_path(path, at, key),
                         "write accepted, delivered, displayed or acknowledged");
        return false;
    }
    *to = (enum evidence)found;
    return true;
}

static enum result evidence_check(const struct at *at)
{
    const struct text_evidence *text = &at->text->evidence;
    struct delivery_channel *channel = at->channel;
    enum notice_form form = channel->driver->facts.form;
    char path[KEY_PATH_SIZE];

    channel->sufficient = evidence_defaults[form].sufficient;
    channel->settles = evidence_defaults[form].settles;
    channel->wait_ms = evidence_defaults[form].wait_ms;
    /* A driver that can report no more than "accepted" would never come to a stronger default. */
    if (!text->settles && channel->settles > channel->driver->facts.best)
        channel->settles = channel->driver->facts.best;
    if (!read_evidence(at, "evidence.sufficient", text->sufficient, &channel->sufficient) ||
        !read_evidence(at, "evidence.settles", text->settles, &channel->settles) ||
        !read_duration(at->reader, key_path(path, at, "evidence.wait"), text->wait,
                       (struct config_range){100, 366 * DAY_MS}, &channel->wait_ms))
        return RESULT_INVALID;
    if (channel->settles > channel->sufficient)
        return fault_at(
            at, "evidence.settles",
            "this is stronger than evidence.sufficient: write the same or a weaker word");
    if (channel->settles > channel->driver->facts.best)
        return fault_at(at, "evidence.settles",
                        "this provider never reports so much: write a weaker word");
    return RESULT_OK;
}

static enum result read_channel(const struct at *at)
{
    char path[KEY_PATH_SIZE];
    enum result result = find_driver(at);

    if (result != RESULT_OK || (result = section_check(at)) != RESULT_OK ||
        (result = evidence_check(at)) != RESULT_OK)
        return result;
    if (!read_unsigned(at->reader, key_path(path, at, "window"), at->text->window,
                       (struct config_range){1, 10000}, &at->channel->window) ||
        !read_rate(at->reader, key_path(path, at, "rate"), at->text->rate, &at->channel->rate) ||
        !read_price(at->reader, key_path(path, at, "price"), at->text->price,
                    &at->channel->price_micro) ||
        !read_number(at->reader, key_path(path, at, "quota"), at->text->quota,
                     (struct config_range){0, 1000000000}, &at->channel->quota) ||
        !read_number(at->reader, key_path(path, at, "per_hour"), at->text->per_hour,
                     (struct config_range){0, 1000000000}, &at->channel->per_hour))
        return RESULT_INVALID;
    at->channel->priced = at->text->price != NULL;
    for (unsigned i = 0; i < at->index; i++)
        if (str_equal(at->text->channel, at->reader->text->channels[i].channel))
            return fault_at(at, "channel", "this channel stands here twice: keep one of them");
    return RESULT_OK;
}

static bool is_configured(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->n_channels; i++)
        if (str_equal(config->channels[i].driver->facts.channel, name))
            return true;
    return false;
}

struct names {
    const char *key;
    char **text;
    unsigned count;
    const char **to;
    size_t *n;
};

static enum result read_names(struct config_reader *reader, const struct names *names)
{
    char path[KEY_PATH_SIZE];

    for (unsigned i = 0; i < names->count; i++) {
        path_print(path, sizeof path, "%s[%u]", names->key, i);
        if (!is_configured(reader->config, names->text[i]))
            return config_fault_set(reader, path,
                                    "this channel is not configured: add it to channels");
        for (unsigned j = 0; j < i; j++)
            if (str_equal(names->text[i], names->text[j]))
                return config_fault_set(reader, path, "this channel stands here twice: remove one");
        names->to[(*names->n)++] = names->text[i];
    }
    return RESULT_OK;
}

/* Without a ladder: the channels in the order they are listed; those shown in the account go beside
 * it. */
static void order_default(struct config *config, bool ladder, bool beside)
{
    for (size_t i = 0; i < config->n_channels; i++) {
        const struct channel_facts *facts = &config->channels[i].driver->facts;
        bool in_account = facts->address == ADDRESS_ACCOUNT;
        if (in_account ? !beside : !ladder)
            continue;
        if (in_account)
            config->beside[config->n_beside++] = facts->channel;
        else
            config->ladder[config->n_ladder++] = facts->channel;
    }
}

static enum result read_order(struct config_reader *reader)
{
    const struct config_text *text = reader->text;
    struct config *config = reader->config;
    struct names ladder = {"ladder", text->ladder, text->ladder_count, config->ladder,
                           &config->n_ladder};
    struct names beside = {"beside", text->beside, text->beside_count, config->beside,
                           &config->n_beside};

    if (read_names(reader, &ladder) != RESULT_OK || read_names(reader, &beside) != RESULT_OK)
        return RESULT_INVALID;
    for (size_t i = 0; i < config->n_beside; i++)
        for (size_t j = 0; j < config->n_ladder; j++)
            if (str_equal(config->beside[i], config->ladder[j]))
                return config_fault_set(reader, "beside",
                                        "a channel is on the ladder or beside it: remove one");
    order_default(config, !config_lines_find(reader->lines, "ladder"),
                  !config_lines_find(reader->lines, "beside"));
    if (!config->n_ladder)
        return config_fault_set(reader, "ladder", "the ladder is empty: name at least one channel");
    return RESULT_OK;
}

enum result config_read_channels(struct config_reader *reader)
{
    const struct config_text *text = reader->text;

    if (!text->channels_count)
        return config_fault_set(reader, "channels", "no channel is configured: add at least one");
    for (unsigned i = 0; i < text->channels_count; i++) {
        struct at at = {reader, &text->channels[i], &reader->config->channels[i], i};
        enum result result = read_channel(&at);
        if (result != RESULT_OK)
            return result;
        reader->config->n_channels++;
    }
    return read_order(reader);
}
