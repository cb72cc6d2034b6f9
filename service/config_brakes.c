/* config_brakes.c - the brakes of the configuration: what holds for every wave that does not say
 * otherwise, addresses of our own, the call centre, the recipients' night.
 *
 * Happy path: sane brakes are the default, so that a night goes out braked by whoever forgot them.
 * Faults name the key. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/config_text.h"
#include "service/delivery/brake/zone.h"

static const struct config_range counts = {0, 1000000000}, per_mille = {0, 1000};

static bool read_ramp(struct config_reader *reader, struct brakes *brakes)
{
    const struct text_brakes *text = &reader->text->brakes;
    char path[KEY_PATH_SIZE];
    if (!config_lines_find(reader->lines, "brakes.ramp"))
        return true;
    brakes->n_ramp = 0;
    for (unsigned i = 0; i < text->ramp_count; i++) {
        path_print(path, sizeof path, "brakes.ramp[%u]", i);
        if (!read_number(reader, path, text->ramp[i], (struct config_range){1, counts.most},
                         &brakes->ramp[brakes->n_ramp]))
            return false;
        brakes->n_ramp++;
    }
    return true;
}

static bool read_defaults(struct config_reader *reader, struct brakes *brakes)
{
    const struct text_brakes *text = &reader->text->brakes;
    brakes_default(brakes);
    return read_number(reader, "brakes.canary", text->canary, counts, &brakes->canary) &&
           read_number(reader, "brakes.per_hour", text->per_hour, counts, &brakes->per_hour) &&
           read_number(reader, "brakes.per_provider_hour", text->per_provider_hour, counts,
                       &brakes->per_provider_hour) &&
           read_number(reader, "brakes.per_domain_hour", text->per_domain_hour, counts,
                       &brakes->per_domain_hour) &&
           read_price(reader, "brakes.budget", text->budget, &brakes->budget) &&
           read_number(reader, "brakes.bounces", text->bounces, per_mille, &brakes->bounces) &&
           read_number(reader, "brakes.complaints", text->complaints, per_mille,
                       &brakes->complaints) &&
           read_number(reader, "brakes.sample", text->sample, counts, &brakes->sample) &&
           read_number(reader, "brakes.policy_blocks", text->policy_blocks, counts,
                       &brakes->policy_blocks) &&
           read_bool(reader, "brakes.silence", text->silence, &brakes->silence) &&
           read_ramp(reader, brakes);
}

static bool read_hours(struct config_reader *reader, const char *path, const char *text,
                       struct hours *to)
{
    if (text == NULL)
        return true;
    if (str_equal(text, "always")) {
        *to = (struct hours){0};
        return true;
    }
    if (hours_parse(text, to))
        return true;
    config_fault_set(reader, path,
                     "write hours as 08:00-21:00 or mon-fri 09:00-17:00 (in quotes), or always");
    return false;
}

static bool read_centre(struct config_reader *reader, struct delivery_braking *braking)
{
    const struct text_centre *text = &reader->text->brakes.call_centre;
    int offset;
    if (!read_number(reader, "brakes.call_centre.per_hour", text->per_hour, counts,
                     &braking->centre_hour) ||
        !read_hours(reader, "brakes.call_centre.hours", text->hours, &braking->centre))
        return false;
    braking->centre_zone = text->zone ? text->zone : "UTC";
    if (zone_offset(braking->centre_zone, 0, &offset))
        return true;
    config_fault_set(
        reader, "brakes.call_centre.zone",
        "the tz database has no such zone: write one such as America/New_York, and see "
        "to it that tzdata is installed");
    return false;
}

static bool seed_fault(struct config_reader *reader, unsigned i, const char *key,
                       const char *sentence)
{
    char path[KEY_PATH_SIZE];
    path_print(path, sizeof path, "brakes.seeds[%u].%s", i, key);
    config_fault_set(reader, path, "%s", sentence);
    return false;
}

static bool read_seed(struct config_reader *reader, unsigned i, struct delivery_seed *to)
{
    const struct text_seed *text = &reader->text->brakes.seeds[i];
    if (str_empty(text->label) || strlen(text->label) > 40)
        return seed_fault(reader, i, "label", "write a short word for this seed, such as counsel");
    if (text->email != NULL && !address_check_email(text->email))
        return seed_fault(reader, i, "email", "this is no email address: correct it");
    if (text->phone != NULL && !address_check_phone(text->phone))
        return seed_fault(reader, i, "phone", "write the number as +14155550123, in quotes");
    if (text->line1 != NULL && (str_empty(text->city) || !country_check(str_or(text->country, ""))))
        return seed_fault(reader, i, "line1", "a letter needs city and country (such as US) too");
    *to = (struct delivery_seed){.label = text->label,
                                 .email = text->email,
                                 .phone = text->phone,
                                 .line1 = text->line1,
                                 .city = text->city,
                                 .region = text->region,
                                 .postal_code = text->postal_code,
                                 .country = text->country,
                                 .locale = text->locale};
    return true;
}

enum result config_read_brakes(struct config_reader *reader)
{
    struct config *config = reader->config;
    struct delivery_braking *braking = &config->braking;
    require(hours_parse("08:00-21:00", &braking->quiet)); /* 47 CFR 64.1200(c)(1) */
    if (!read_defaults(reader, &braking->defaults) || !read_centre(reader, braking) ||
        !read_hours(reader, "brakes.quiet_hours", reader->text->brakes.ring, &braking->quiet))
        return RESULT_INVALID;
    for (unsigned i = 0; i < reader->text->brakes.seeds_count; i++)
        if (!read_seed(reader, i, &config->seeds[i]))
            return RESULT_INVALID;
    braking->seeds = config->seeds;
    braking->n_seeds = reader->text->brakes.seeds_count;
    return RESULT_OK;
}
