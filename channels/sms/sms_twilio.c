/* sms_twilio.c - the driver of Twilio's Messages API: configuration, opening, and the table that
 * joins the pure files. The exchange itself is common/http_channel.c. */

/* System. */
#include <stdio.h>

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
#include "sms_twilio.h"

#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct twilio_config,    \
                           member, 0, 1024)
static const struct cyaml_schema_field config_fields[] = {
    TEXT("account_sid", account_sid),
    TEXT("auth_token_file", auth_token_file),
    TEXT("api_key_sid", api_key_sid),
    TEXT("api_key_file", api_key_file),
    TEXT("from", from),
    TEXT("messaging_service", messaging_service),
    TEXT("base_url", base_url),
    CYAML_FIELD_BOOL("plain_http", CYAML_FLAG_OPTIONAL, struct twilio_config, plain_http),
    TEXT("validity", validity),
    CYAML_FIELD_END,
};

static bool sid_ok(const char *sid, const char *prefix)
{
    return sid && str_starts(sid, prefix) && utf8_length(sid) == 34 && text_is_line(sid, 34);
}

/* Twilio takes 1..36000 seconds. */
static bool validity_ok(const char *text, int64_t *ret_ms)
{
    return duration_parse(text, ret_ms) && *ret_ms >= 1000 && *ret_ms <= 36000 * INT64_C(1000);
}

static enum result check_sender(const struct twilio_config *config, struct error *error)
{
    if (!config->from == !config->messaging_service)
        return error_set(error, RESULT_INVALID, "from",
                         "give either from or messaging_service, not both");
    if (config->messaging_service && !sid_ok(config->messaging_service, "MG"))
        return error_set(error, RESULT_INVALID, "messaging_service",
                         "not a service SID (MG and 32 characters): copy it from the console");
    return config->from ? text_check(config->from, 20, "from", error) : RESULT_OK;
}

static enum result check_config(const void *given, struct error *error)
{
    const struct twilio_config *config = given;
    int64_t ms;
    enum result result = secret_check(config->auth_token_file, "auth_token_file", error);

    if (result != RESULT_OK)
        return result;
    if (!sid_ok(config->account_sid, "AC"))
        return error_set(error, RESULT_INVALID, "account_sid",
                         "not an account SID (AC and 32 characters): copy it from the console");
    if (config->api_key_sid || config->api_key_file) {
        if (!sid_ok(config->api_key_sid, "SK"))
            return error_set(
                error, RESULT_INVALID, "api_key_sid",
                "not an API key's SID (SK and 32 characters): copy it from the console");
        if ((result = secret_check(config->api_key_file, "api_key_file", error)) != RESULT_OK)
            return result;
    }
    if (config->validity && !validity_ok(config->validity, &ms))
        return error_set(error, RESULT_INVALID, "validity", "write a duration from 1s to 10h");
    if (config->base_url &&
        (result = url_check(config->base_url, config->plain_http, "base_url", error)) != RESULT_OK)
        return result;
    return check_sender(config, error);
}

static enum result check_address(const struct recipient *recipient, struct error *error)
{
    if (!address_check_phone(str_or(recipient->phone, "")))
        return error_set(error, RESULT_INVALID, "phone", "not an E.164 number: write +14155550123");
    return RESULT_OK;
}

static void settings_free(void *pointer)
{
    struct twilio_settings *settings = pointer;

    mem_free(settings->account_sid);
    mem_free(settings->user);
    mem_free(settings->from);
    mem_free(settings->messaging_service);
    mem_free(settings->base_url);
    mem_free(settings->public_url);
    mem_wipe_free(settings, sizeof *settings);
}

static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

static struct twilio_settings *settings_new(const struct channel_open *open)
{
    const struct twilio_config *config = open->config;
    struct twilio_settings *settings = mem_new(struct twilio_settings);
    int64_t ms;

    settings->account_sid = copy(config->account_sid);
    settings->user = copy(str_or(config->api_key_sid, config->account_sid));
    settings->from = copy(config->from);
    settings->messaging_service = copy(config->messaging_service);
    settings->base_url = copy(str_or(config->base_url, "https://api.twilio.com"));
    settings->public_url = copy(open->public_url);
    if (config->validity && validity_ok(config->validity, &ms))
        snprintf(settings->validity, sizeof settings->validity, "%d", (int)(ms / 1000));
    return settings;
}

static const struct http_vendor vendor = {
    .provider = "twilio",
    .write_send = twilio_write_send,
    .read_send = twilio_read_send,
    .write_query = twilio_write_query,
    .read_query = twilio_read_query,
    .settings_free = settings_free,
};

extern const struct channel_driver channel_sms_twilio;

static enum result open_channel(const struct channel_open *open, struct channel **ret_channel,
                                struct error *error)
{
    const struct twilio_config *config = open->config;
    struct twilio_settings *settings = settings_new(open);
    bool key = config->api_key_sid != NULL;
    enum result result =
        secret_load(config->auth_token_file, "auth_token_file", &settings->auth_tokens, error);

    if (result == RESULT_OK)
        result = secret_load(key ? config->api_key_file : config->auth_token_file,
                             key ? "api_key_file" : "auth_token_file", &settings->password, error);
    if (result != RESULT_OK) {
        settings_free(settings);
        return result;
    }
    *ret_channel = http_channel_open(&channel_sms_twilio, &vendor, open, settings);
    return RESULT_OK;
}

static enum result twilio_parse_report(const struct channel *channel,
                                       const struct channel_report *report, struct arena *arena,
                                       struct report_result *ret, struct error *error)
{
    return twilio_report(http_channel_settings(channel), report, arena, ret, error);
}

static void reach(const void *given, struct channel_reach *ret)
{
    const struct twilio_config *config = given;
    channel_reach_add(ret, str_or(config->base_url, "https://api.twilio.com"));
}

static bool sample_report(const struct channel *channel, const char *token, const char *url,
                          time_ms now, struct arena *arena, struct channel_sample *ret)
{
    (void)now;
    return twilio_sample(http_channel_settings(channel), token, url, arena, ret);
}

const struct channel_driver channel_sms_twilio = {
    .facts = {.channel = "sms",
              .provider = "twilio",
              .legal_method = "sms",
              .form = FORM_SMS,
              .address = ADDRESS_PHONE,
              .on_uncertain = UNCERTAIN_QUERY, /* POST isn't idempotent: a 500 may have sent */
              .window = 64,
              .batch = 64,
              .rate = 100,
              .quiet_hours = true,
              .best = EVIDENCE_DELIVERED},
    .config_fields = config_fields,
    .config_size = sizeof(struct twilio_config),
    .check_config = check_config,
    .check_address = check_address,
    .open = open_channel,
    .send = http_channel_send,
    .cancel = http_channel_cancel,
    .query = http_channel_query,
    .parse_report = twilio_parse_report,
    .close = http_channel_close,
    .reach = reach,
    .sample_report = sample_report,
};
