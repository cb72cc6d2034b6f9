/* webhook.c - the sms and voice drivers for a receiver of the customer's own: configuration,
 * opening, two rows. */

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
#include "channels/common/signature.h"
#include "webhook.h"

#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct webhook_config,   \
                           member, 0, 1024)
static const struct cyaml_schema_field config_fields[] = {
    TEXT("url", url),
    TEXT("signing_secret_file", signing_secret_file),
    TEXT("report_secret_file", report_secret_file),
    TEXT("bearer_file", bearer_file),
    CYAML_FIELD_BOOL("plain_http", CYAML_FLAG_OPTIONAL, struct webhook_config, plain_http),
    CYAML_FIELD_END,
};

static enum result check_config(const void *given, struct error *error)
{
    const struct webhook_config *config = given;
    enum result result = url_check(config->url, config->plain_http, "url", error);

    if (result == RESULT_OK)
        result = secret_check(config->signing_secret_file, "signing_secret_file", error);
    if (result == RESULT_OK && config->report_secret_file)
        result = secret_check(config->report_secret_file, "report_secret_file", error);
    if (result == RESULT_OK && config->bearer_file)
        result = secret_check(config->bearer_file, "bearer_file", error);
    return result;
}

static enum result check_address(const struct recipient *recipient, struct error *error)
{
    if (!address_check_phone(str_or(recipient->phone, "")))
        return error_set(error, RESULT_INVALID, "phone", "not an E.164 number: write +14155550123");
    return RESULT_OK;
}

static void settings_free(void *pointer)
{
    struct webhook_settings *settings = pointer;

    mem_free(settings->url);
    mem_free(settings->public_url);
    mem_wipe_free(settings, sizeof *settings);
}

static enum result check_secrets(const struct secrets *secrets, const char *field,
                                 struct error *error)
{
    for (size_t i = 0; i < secrets->n; i++)
        if (!hook_secret_ok(secrets->values[i]))
            return error_set(
                error, RESULT_INVALID, field,
                "a secret is whsec_ and the base64 of 24 to 64 random bytes: make one");
    return RESULT_OK;
}

static enum result load(struct webhook_settings *settings, const struct webhook_config *config,
                        struct error *error)
{
    enum result result =
        secret_load(config->signing_secret_file, "signing_secret_file", &settings->signing, error);

    if (result == RESULT_OK)
        result = check_secrets(&settings->signing, "signing_secret_file", error);
    if (result == RESULT_OK)
        result =
            secret_load(config->report_secret_file, "report_secret_file", &settings->report, error);
    if (result == RESULT_OK)
        result = check_secrets(&settings->report, "report_secret_file", error);
    if (result == RESULT_OK)
        result = secret_load(config->bearer_file, "bearer_file", &settings->bearer, error);
    return result;
}

static const struct http_vendor vendor = {
    .provider = "webhook",
    .write_send = webhook_write_send,
    .read_send = webhook_read_send,
    .settings_free = settings_free,
};

static enum result open_as(const struct channel_driver *driver, const struct channel_open *open,
                           struct channel **ret_channel, struct error *error)
{
    const struct webhook_config *config = open->config;
    struct webhook_settings *settings = mem_new(struct webhook_settings);
    enum result result;

    settings->channel = driver->facts.channel;
    settings->url = mem_strdup(config->url);
    settings->public_url = mem_strdup(open->public_url);
    result = load(settings, config, error);
    if (result != RESULT_OK) {
        settings_free(settings);
        return result;
    }
    *ret_channel = http_channel_open(driver, &vendor, open, settings);
    return RESULT_OK;
}

static enum result parse_report(const struct channel *channel, const struct channel_report *report,
                                struct arena *arena, struct report_result *ret, struct error *error)
{
    return webhook_report(http_channel_settings(channel), report, arena, ret, error);
}

static void reach(const void *given, struct channel_reach *ret)
{
    const struct webhook_config *config = given;
    channel_reach_add(ret, config->url);
}

static bool sample_report(const struct channel *channel, const char *token, const char *url,
                          time_ms now, struct arena *arena, struct channel_sample *ret)
{
    (void)url;
    return webhook_sample(http_channel_settings(channel), token, now, arena, ret);
}

#define ROW(word, method, form_)                                                                   \
    extern const struct channel_driver channel_##word##_webhook;                                   \
    static enum result open_##word(const struct channel_open *open, struct channel **ret_channel,  \
                                   struct error *error)                                            \
    {                                                                                              \
        return open_as(&channel_##word##_webhook, open, ret_channel, error);                       \
    }                                                                                              \
    const struct channel_driver channel_##word##_webhook = {                                       \
        .facts = {.channel = #word,                                                                \
                  .provider = "webhook",                                                           \
                  .legal_method = method,                                                          \
                  .form = form_,                                                                   \
                  .address = ADDRESS_PHONE,                                                        \
                  .on_uncertain = UNCERTAIN_RETRY, /* webhook-id: the receiver drops repeats */    \
                  .keyed = true,                                                                   \
                  .window = 64,                                                                    \
                  .batch = 64,                                                                     \
                  .quiet_hours = true,                                                             \
                  .has_test_mode = true,                                                           \
                  .best = EVIDENCE_ACKNOWLEDGED},                                                  \
        .config_fields = config_fields,                                                            \
        .config_size = sizeof(struct webhook_config),                                              \
        .check_config = check_config,                                                              \
        .check_address = check_address,                                                            \
        .open = open_##word,                                                                       \
        .send = http_channel_send,                                                                 \
        .cancel = http_channel_cancel,                                                             \
        .parse_report = parse_report,                                                              \
        .close = http_channel_close,                                                               \
        .reach = reach,                                                                            \
        .sample_report = sample_report,                                                            \
    }

ROW(sms, "sms", FORM_SMS);
ROW(voice, "telephone", FORM_VOICE);
