/* config_schema.c - what may stand in the configuration: our keys, and the drivers' sections put
 * among them.
 *
 * Happy path: schema_value() composes once; libcyaml loads by it. Two drivers of one provider name
 * (sms and voice webhooks) must share one schema, else this aborts: a mistake of the program, not
 * of its user. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"

/* This module. */
#include "service/config_text.h"

#define OPTIONAL_TEXT   (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(type, key) CYAML_FIELD_STRING_PTR(#key, OPTIONAL_TEXT, struct type, key, 0, 4095)

static const cyaml_schema_field_t store_fields[] = {
    TEXT(text_store, path),
    TEXT(text_store, readers),
    TEXT(text_store, cache_mib),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t witness_fields[] = {
    TEXT(text_witness, url),
    TEXT(text_witness, vkey),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t witness_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct text_witness, witness_fields)};
static const cyaml_schema_field_t timestamp_fields[] = {
    TEXT(text_timestamp, url),
    TEXT(text_timestamp, ca_file),
    TEXT(text_timestamp, interval),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t timestamp_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct text_timestamp, timestamp_fields)};
static const cyaml_schema_field_t mail_fields[] = {
    TEXT(text_mail, to),
    TEXT(text_mail, interval),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t mail_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct text_mail, mail_fields)};
static const cyaml_schema_field_t log_fields[] = {
    TEXT(text_log, level),
    TEXT(text_log, origin),
    TEXT(text_log, key_file),
    CYAML_FIELD_SEQUENCE("witnesses", OPTIONAL_TEXT, struct text_log, witnesses, &witness_value, 0,
                         RECEIPT_LOG_WITNESSES_MAX),
    CYAML_FIELD_SEQUENCE("timestamps", OPTIONAL_TEXT, struct text_log, timestamps, &timestamp_value,
                         0, RECEIPT_LOG_TIMESTAMPS_MAX),
    CYAML_FIELD_SEQUENCE("mail", OPTIONAL_TEXT, struct text_log, mail, &mail_value, 0,
                         RECEIPT_LOG_MAILS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t backup_fields[] = {
    TEXT(text_backup, directory),
    TEXT(text_backup, interval),
    TEXT(text_backup, keep),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t retry_fields[] = {
    TEXT(text_retry, base),
    TEXT(text_retry, max),
    TEXT(text_retry, limit),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t path_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, 4095)};
static const cyaml_schema_field_t rules_fields[] = {
    TEXT(text_rules, folder),
    TEXT(text_rules, enforce),
    CYAML_FIELD_SEQUENCE("overlays", OPTIONAL_TEXT, struct text_rules, overlays, &path_value, 0,
                         CONFIG_OVERLAYS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t ramp_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, 16)};
static const cyaml_schema_field_t centre_fields[] = {
    TEXT(text_centre, per_hour),
    TEXT(text_centre, hours),
    TEXT(text_centre, zone),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t seed_fields[] = {
    TEXT(text_seed, label),       TEXT(text_seed, email),
    TEXT(text_seed, phone),       TEXT(text_seed, line1),
    TEXT(text_seed, city),        TEXT(text_seed, region),
    TEXT(text_seed, postal_code), TEXT(text_seed, country),
    TEXT(text_seed, locale),      CYAML_FIELD_END,
};
static const cyaml_schema_value_t seed_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct text_seed, seed_fields)};
static const cyaml_schema_field_t preflight_fields[] = {
    TEXT(text_preflight, resolver),
    CYAML_FIELD_MAPPING("addresses", CYAML_FLAG_OPTIONAL, struct text_preflight, addresses,
                        seed_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t brake_fields[] = {
    TEXT(text_brakes, canary),
    CYAML_FIELD_SEQUENCE("ramp", OPTIONAL_TEXT, struct text_brakes, ramp, &ramp_value, 0,
                         BRAKES_RAMP_MAX),
    TEXT(text_brakes, per_hour),
    TEXT(text_brakes, per_provider_hour),
    TEXT(text_brakes, per_domain_hour),
    TEXT(text_brakes, budget),
    TEXT(text_brakes, bounces),
    TEXT(text_brakes, complaints),
    TEXT(text_brakes, sample),
    TEXT(text_brakes, policy_blocks),
    TEXT(text_brakes, silence),
    CYAML_FIELD_STRING_PTR("quiet_hours", OPTIONAL_TEXT, struct text_brakes, ring, 0, 64),
    CYAML_FIELD_MAPPING("call_centre", CYAML_FLAG_OPTIONAL, struct text_brakes, call_centre,
                        centre_fields),
    CYAML_FIELD_SEQUENCE("seeds", OPTIONAL_TEXT, struct text_brakes, seeds, &seed_value, 0,
                         CONFIG_SEEDS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t http_fields[] = {
    TEXT(text_http, connections),
    TEXT(text_http, per_ip),
    TEXT(text_http, idle),
    TEXT(text_http, head_deadline),
    TEXT(text_http, reply_deadline),
    TEXT(text_http, min_body_rate),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t evidence_fields[] = {
    TEXT(text_evidence, sufficient),
    TEXT(text_evidence, settles),
    TEXT(text_evidence, wait),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t name_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, 64)};

enum { CHANNEL_FIXED = 8 };
static cyaml_schema_field_t channel_fields[CHANNEL_FIXED + SECTIONS_MAX + 1] = {
    TEXT(text_channel, channel),
    TEXT(text_channel, provider),
    TEXT(text_channel, window),
    TEXT(text_channel, rate),
    TEXT(text_channel, price),
    TEXT(text_channel, quota),
    TEXT(text_channel, per_hour),
    CYAML_FIELD_MAPPING("evidence", CYAML_FLAG_OPTIONAL, struct text_channel, evidence,
                        evidence_fields),
};
static unsigned n_sections;

static const cyaml_schema_value_t channel_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct text_channel, channel_fields)};

static const cyaml_schema_field_t top_fields[] = {
    TEXT(config_text, listen),
    TEXT(config_text, allow_public),
    TEXT(config_text, public_url),
    CYAML_FIELD_MAPPING("store", CYAML_FLAG_OPTIONAL, struct config_text, store, store_fields),
    TEXT(config_text, master_key),
    TEXT(config_text, notices),
    CYAML_FIELD_MAPPING("rules", CYAML_FLAG_OPTIONAL, struct config_text, rules, rules_fields),
    CYAML_FIELD_MAPPING("log", CYAML_FLAG_OPTIONAL, struct config_text, log, log_fields),
    TEXT(config_text, approvals_required),
    TEXT(config_text, consent_required),
    TEXT(config_text, spacing),
    TEXT(config_text, break_glass),
    TEXT(config_text, approvers_claimed),
    TEXT(config_text, currency),
    CYAML_FIELD_SEQUENCE("ladder", OPTIONAL_TEXT, struct config_text, ladder, &name_value, 0,
                         CONFIG_CHANNELS_MAX),
    CYAML_FIELD_SEQUENCE("beside", OPTIONAL_TEXT, struct config_text, beside, &name_value, 0,
                         CONFIG_CHANNELS_MAX),
    CYAML_FIELD_SEQUENCE("channels", OPTIONAL_TEXT, struct config_text, channels, &channel_value, 0,
                         CONFIG_CHANNELS_MAX),
    CYAML_FIELD_MAPPING("backup", CYAML_FLAG_OPTIONAL, struct config_text, backup, backup_fields),
    CYAML_FIELD_MAPPING("retry", CYAML_FLAG_OPTIONAL, struct config_text, retry, retry_fields),
    CYAML_FIELD_MAPPING("brakes", CYAML_FLAG_OPTIONAL, struct config_text, brakes, brake_fields),
    CYAML_FIELD_MAPPING("preflight", CYAML_FLAG_OPTIONAL, struct config_text, preflight,
                        preflight_fields),
    TEXT(config_text, lease),
    CYAML_FIELD_MAPPING("http", CYAML_FLAG_OPTIONAL, struct config_text, http, http_fields),
    TEXT(config_text, stop_grace),
    TEXT(config_text, render_threads),
    TEXT(config_text, disk_min_mib),
    TEXT(config_text, written_notice_due),
    TEXT(config_text, retention_months),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t top_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_text, top_fields)};

static void section_add(const struct channel_driver *driver)
{
    int known = schema_section(driver->facts.provider);

    if (known >= 0) {
        require(channel_fields[CHANNEL_FIXED + known].value.mapping.fields ==
                driver->config_fields);
        return;
    }
    require(n_sections < SECTIONS_MAX);
    channel_fields[CHANNEL_FIXED + n_sections] =
        (cyaml_schema_field_t){.key = driver->facts.provider,
                               .data_offset = (uint32_t)(offsetof(struct text_channel, sections) +
                                                         n_sections * sizeof(void *)),
                               .value = {.type = CYAML_MAPPING,
                                         .flags = OPTIONAL_TEXT,
                                         .data_size = (uint32_t)driver->config_size,
                                         .mapping = {.fields = driver->config_fields}}};
    n_sections++;
}

static void compose(void)
{
    if (n_sections)
        return;
    for (size_t i = 0; channel_drivers[i]; i++)
        section_add(channel_drivers[i]);
}

int schema_section(const char *provider)
{
    for (unsigned i = 0; i < n_sections; i++)
        if (str_equal(channel_fields[CHANNEL_FIXED + i].key, provider))
            return (int)i;
    return -1;
}

const cyaml_schema_value_t *schema_value(void)
{
    compose();
    return &top_value;
}

const cyaml_schema_field_t *schema_fields(void)
{
    compose();
    return top_fields;
}

/* The value behind a pointer field, or in place. */
static const void *value_of(const cyaml_schema_value_t *value, const void *at)
{
    const void *pointer;

    if (!at || !(value->flags & CYAML_FLAG_POINTER))
        return at;
    memcpy(&pointer, at, sizeof pointer);
    return pointer;
}

/* How many items the list has; its count stands beside it, in the width that the schema says. */
static uint64_t count_of(const cyaml_schema_field_t *field, const char *mapping)
{
    uint64_t n = 0;

    memcpy(&n, mapping + field->count_offset, field->count_size); /* little-endian machines only */
    return n;
}

static void walk_list(const cyaml_schema_field_t *field, const char *mapping, const char *path,
                      struct schema_visit *visit)
{
    const cyaml_schema_value_t *entry = field->value.sequence.entry;
    const char *items = mapping ? value_of(&field->value, mapping + field->data_offset) : NULL;
    uint64_t n = items ? count_of(field, mapping) : mapping ? 0 : 1;

    for (uint64_t i = 0; i < n; i++) {
        char item[KEY_PATH_SIZE];
        if (mapping)
            path_print(item, sizeof item, "%s[%u]", path, (unsigned)i);
        else
            path_print(item, sizeof item, "%s[]", path);
        if (entry->type == CYAML_MAPPING)
            schema_walk(entry->mapping.fields,
                        items ? value_of(entry, items + i * entry->data_size) : NULL, item, visit);
    }
}

void schema_walk(const cyaml_schema_field_t *fields, const void *data, const char *prefix,
                 struct schema_visit *visit)
{
    const char *mapping = data;

    for (const cyaml_schema_field_t *field = fields; field->key; field++) {
        const void *at = mapping ? mapping + field->data_offset : NULL;
        const void *value = field->value.type == CYAML_IGNORE ? NULL : value_of(&field->value, at);
        char path[KEY_PATH_SIZE];

        path_print(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", field->key);
        visit->each(visit, path, field, value);
        if (field->value.type == CYAML_SEQUENCE)
            walk_list(field, mapping, path, visit);
        else if (field->value.type == CYAML_MAPPING && (value || !data))
            schema_walk(field->value.mapping.fields, value, path, visit);
    }
}
