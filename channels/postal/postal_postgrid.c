/* postal_postgrid.c - the driver of PostGrid's letters: configuration, opening, the table. */

/* Libraries. */
#include <cyaml/cyaml.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"

/* This module. */
#include "channels/common/http_channel.h"
#include "channels/common/reports.h"
#include "postal_postgrid.h"

#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct postgrid_config,  \
                           member, 0, 1024)
static const struct cyaml_schema_field config_fields[] = {
    TEXT("api_key_file", api_key_file),
    TEXT("test_api_key_file", test_api_key_file),
    TEXT("webhook_secret_file", webhook_secret_file),
    TEXT("from_id", from_id),
    CYAML_FIELD_MAPPING("from", CYAML_FLAG_OPTIONAL, struct postgrid_config, from, sender_fields),
    CYAML_FIELD_BOOL("color", CYAML_FLAG_OPTIONAL, struct postgrid_config, color),
    CYAML_FIELD_BOOL("double_sided", CYAML_FLAG_OPTIONAL, struct postgrid_config, double_sided),
    TEXT("size", size),
    TEXT("mailing_class", mailing_class),
    TEXT("base_url", base_url),
    CYAML_FIELD_BOOL("plain_http", CYAML_FLAG_OPTIONAL, struct postgrid_config, plain_http),
    CYAML_FIELD_END,
};

static enum result check_class(const struct postgrid_config *config, struct error *error)
{
    if (config->size && !str_equal(config->size, "us_letter") && !str_equal(config->size, "a4"))
        return error_set(error, RESULT_INVALID, "size", "write us_letter or a4");
    if (config->mailing_class)
        return text_check(config->mailing_class, 64, "mailing_class", error);
    return RESULT_OK;
}

static enum result check_from(const struct postgrid_config *config, struct error *error)
{
    if (!config->from_id)
        return sender_check(&config->from, error);
    if (!str_starts(config->from_id, "contact_"))
        return error_set(error, RESULT_INVALID, "from_id",
                         "not a contact's id: write contact_... or give from");
    return text_check(config->from_id, 64, "from_id", error);
}

static struct vendor_key_files key_files(const struct postgrid_config *config)
{
    return (struct vendor_key_files){.api_key = config->api_key_file,
                                     .test_api_key = config->test_api_key_file,
                                     .webhook_secret = config->webhook_secret_file};
}

static enum result check_config(const void *given, struct error *error)
{
    const struct postgrid_config *config = given;
    const struct vendor_key_files files = key_files(config);
    enum result result = vendor_keys_check(&files, error);

    if (result == RESULT_OK && config->base_url)
        result = url_check(config->base_url, config->plain_http, "base_url", error);
    if (result == RESULT_OK)
        result = check_class(config, error);
    return result == RESULT_OK ? check_from(config, error) : result;
}

static enum result check_address(const struct recipient *recipient, struct error *error)
{
    if (!recipient->has_address || str_empty(recipient->name))
        return error_set(error, RESULT_INVALID, "address",
                         "a letter needs a name, line1, city and country: add them");
    if (str_equal(recipient->address.country, "US") && str_empty(recipient->address.postal_code))
        return error_set(error, RESULT_INVALID, "address.postal_code",
                         "a US address needs its ZIP code: add it");
    enum result result = length_check(recipient->name, 100, "name", error);
    if (result == RESULT_OK)
        result = length_check(recipient->address.line1, 200, "address.line1", error);
    return result == RESULT_OK ? length_check(recipient->address.line2, 200, "address.line2", error)
                               : result;
}

static void settings_free(void *pointer)
{
    struct postgrid_settings *settings = pointer;

    mem_free(settings->from_id);
    mem_free(settings->size);
    mem_free(settings->mailing_class);
    mem_free(settings->base_url);
    sender_free(&settings->from);
    mem_wipe_free(settings, sizeof *settings);
}

static const struct http_vendor vendor = {
    .provider = "postgrid",
    .write_send = postgrid_write_send,
    .read_send = postgrid_read_send,
    .write_query = postgrid_write_query,
    .read_query = postgrid_read_query,
    .write_undo = postgrid_write_undo,
    .read_undo = postgrid_read_undo,
    .settings_free = settings_free,
};

extern const struct channel_driver channel_postal_postgrid;

static enum result open_channel(const struct channel_open *open, struct channel **ret_channel,
                                struct error *error)
{
    const struct postgrid_config *config = open->config;
    const struct vendor_key_files files = key_files(config);
    struct postgrid_settings *settings = mem_new(struct postgrid_settings);
    enum result result;

    settings->from_id = config->from_id ? mem_strdup(config->from_id) : NULL;
    settings->size = config->size ? mem_strdup(config->size) : NULL;
    settings->mailing_class = config->mailing_class ? mem_strdup(config->mailing_class) : NULL;
    settings->base_url = mem_strdup(str_or(config->base_url, "https://api.postgrid.com"));
    settings->color = config->color;
    settings->double_sided = config->double_sided;
    sender_copy(&settings->from, &config->from);
    result = vendor_keys_load(&files, &settings->keys, error);
    if (result != RESULT_OK) {
        settings_free(settings);
        return result;
    }
    *ret_channel = http_channel_open(&channel_postal_postgrid, &vendor, open, settings);
    return RESULT_OK;
}

static enum result parse_report(const struct channel *channel, const struct channel_report *report,
                                struct arena *arena, struct report_result *ret, struct error *error)
{
    return postgrid_report(http_channel_settings(channel), report, arena, ret, error);
}

static void reach(const void *given, struct channel_reach *ret)
{
    const struct postgrid_config *config = given;
    channel_reach_add(ret, str_or(config->base_url, "https://api.postgrid.com"));
}

const struct channel_driver channel_postal_postgrid = {
    .facts = {.channel = "postal",
              .provider = "postgrid",
              .legal_method = "post",
              .form = FORM_LETTER,
              .address = ADDRESS_POSTAL,
              /* No idempotency: we ask, and when that proves nothing, a person decides. */
              .on_uncertain = UNCERTAIN_QUERY,
              .window = 30,
              .batch = 30,
              .rate = 10, /* the vendor publishes none */
              .has_test_mode = true,
              .best = EVIDENCE_ACCEPTED},
    .config_fields = config_fields,
    .config_size = sizeof(struct postgrid_config),
    .check_config = check_config,
    .check_address = check_address,
    .open = open_channel,
    .send = http_channel_send,
    .cancel = http_channel_cancel,
    .query = http_channel_query,
    .parse_report = parse_report,
    .close = http_channel_close,
    .reach = reach,
};
