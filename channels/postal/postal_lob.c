/* postal_lob.c - the driver of Lob's letters: configuration, opening, the table. */

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
#include "postal_lob.h"

#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct lob_config,       \
                           member, 0, 1024)
static const struct cyaml_schema_field config_fields[] = {
    TEXT("api_key_file", api_key_file),
    TEXT("test_api_key_file", test_api_key_file),
    TEXT("webhook_secret_file", webhook_secret_file),
    TEXT("from_id", from_id),
    CYAML_FIELD_MAPPING("from", CYAML_FLAG_OPTIONAL, struct lob_config, from, sender_fields),
    CYAML_FIELD_BOOL("color", CYAML_FLAG_OPTIONAL, struct lob_config, color),
    CYAML_FIELD_BOOL("double_sided", CYAML_FLAG_OPTIONAL, struct lob_config, double_sided),
    TEXT("mail_type", mail_type),
    TEXT("extra_service", extra_service),
    TEXT("base_url", base_url),
    CYAML_FIELD_BOOL("plain_http", CYAML_FLAG_OPTIONAL, struct lob_config, plain_http),
    CYAML_FIELD_END,
};

static bool one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (str_equal(text, *words))
            return true;
    return false;
}

static enum result check_service(const struct lob_config *config, struct error *error)
{
    static const char *const types[] = {"usps_first_class", "usps_standard", NULL};
    static const char *const services[] = {"certified", "certified_return_receipt", "registered",
                                           NULL};

    if (config->mail_type && !one_of(config->mail_type, types))
        return error_set(error, RESULT_INVALID, "mail_type",
                         "write usps_first_class or usps_standard");
    if (config->extra_service && !one_of(config->extra_service, services))
        return error_set(error, RESULT_INVALID, "extra_service",
                         "write certified, certified_return_receipt or registered");
    if (config->extra_service && str_equal(config->mail_type, "usps_standard"))
        return error_set(error, RESULT_INVALID, "extra_service",
                         "usps_standard has no extra services: use usps_first_class");
    return RESULT_OK;
}

static enum result check_from(const struct lob_config *config, struct error *error)
{
    enum result result;

    if (config->from_id)
        return str_starts(config->from_id, "adr_")
                   ? text_check(config->from_id, 64, "from_id", error)
                   : error_set(error, RESULT_INVALID, "from_id",
                               "not an address id: write adr_... or give from");
    if ((result = sender_check(&config->from, error)) != RESULT_OK)
        return result;
    if (!str_equal(config->from.country, "US")) /* foreign_return_address */
        return error_set(
            error, RESULT_INVALID, "from.country",
            "Lob takes US return addresses only: use another provider or a US address");
    return RESULT_OK;
}

static struct vendor_key_files key_files(const struct lob_config *config)
{
    return (struct vendor_key_files){.api_key = config->api_key_file,
                                     .test_api_key = config->test_api_key_file,
                                     .webhook_secret = config->webhook_secret_file};
}

static enum result check_config(const void *given, struct error *error)
{
    const struct lob_config *config = given;
    const struct vendor_key_files files = key_files(config);
    enum result result = vendor_keys_check(&files, error);

    if (result == RESULT_OK && config->base_url)
        result = url_check(config->base_url, config->plain_http, "base_url", error);
    if (result == RESULT_OK)
        result = check_service(config, error);
    return result == RESULT_OK ? check_from(config, error) : result;
}

static void settings_free(void *pointer)
{
    struct lob_settings *settings = pointer;

    mem_free(settings->from_id);
    mem_free(settings->mail_type);
    mem_free(settings->extra_service);
    mem_free(settings->base_url);
    sender_free(&settings->from);
    mem_wipe_free(settings, sizeof *settings);
}

static const struct http_vendor vendor = {
    .provider = "lob",
    .write_send = lob_write_send,
    .read_send = lob_read_send,
    .write_query = lob_write_query,
    .read_query = lob_read_query,
    .write_undo = lob_write_undo,
    .read_undo = lob_read_undo,
    .settings_free = settings_free,
};

extern const struct channel_driver channel_postal_lob;

static enum result open_channel(const struct channel_open *open, struct channel **ret_channel,
                                struct error *error)
{
    const struct lob_config *config = open->config;
    const struct vendor_key_files files = key_files(config);
    struct lob_settings *settings = mem_new(struct lob_settings);
    enum result result;

    settings->from_id = config->from_id ? mem_strdup(config->from_id) : NULL;
    settings->mail_type = config->mail_type ? mem_strdup(config->mail_type) : NULL;
    settings->extra_service = config->extra_service ? mem_strdup(config->extra_service) : NULL;
    settings->base_url = mem_strdup(str_or(config->base_url, "https://api.lob.com"));
    settings->color = config->color;
    settings->double_sided = config->double_sided;
    sender_copy(&settings->from, &config->from);
    result = vendor_keys_load(&files, &settings->keys, error);
    if (result != RESULT_OK) {
        settings_free(settings);
        return result;
    }
    *ret_channel = http_channel_open(&channel_postal_lob, &vendor, open, settings);
    return RESULT_OK;
}

static enum result parse_report(const struct channel *channel, const struct channel_report *report,
                                struct arena *arena, struct report_result *ret, struct error *error)
{
    return lob_report(http_channel_settings(channel), report, arena, ret, error);
}

static bool sample_report(const struct channel *channel, const char *token, const char *url,
                          time_ms now, struct arena *arena, struct channel_sample *ret)
{
    (void)url;
    return lob_sample(http_channel_settings(channel), token, now, arena, ret);
}

static void reach(const void *given, struct channel_reach *ret)
{
    const struct lob_config *config = given;
    channel_reach_add(ret, str_or(config->base_url, "https://api.lob.com"));
}

const struct channel_driver channel_postal_lob = {
    .facts = {.channel = "postal",
              .provider = "lob",
              .legal_method = "post",
              .form = FORM_LETTER,
              .address = ADDRESS_POSTAL,
              /* The idempotency key lives 24 hours only, so we ask before another try. */
              .on_uncertain = UNCERTAIN_QUERY,
              .window = 30,
              .batch = 30,
              .rate = 29, /* 150 in 5 seconds a key and endpoint */
              .has_test_mode = true,
              .best = EVIDENCE_DELIVERED},
    .config_fields = config_fields,
    .config_size = sizeof(struct lob_config),
    .check_config = check_config,
    .check_address = lob_check_address,
    .open = open_channel,
    .send = http_channel_send,
    .cancel = http_channel_cancel,
    .query = http_channel_query,
    .parse_report = parse_report,
    .close = http_channel_close,
    .reach = reach,
    .sample_report = sample_report,
};
