/* sms_kannel.c - the driver of a Kannel gateway of our own: configuration, opening, the table. */

/* System. */
#include <string.h>

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
#include "sms_kannel.h"

#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct kannel_config,    \
                           member, 0, 1024)
static const struct cyaml_schema_field config_fields[] = {
    TEXT("sendsms_url", sendsms_url),
    TEXT("username", username),
    TEXT("password_file", password_file),
    TEXT("from", from),
    TEXT("smsc", smsc),
    TEXT("report_secret_file", report_secret_file),
    CYAML_FIELD_END,
};

static enum result check_config(const void *given, struct error *error)
{
    const struct kannel_config *config = given;
    enum result result;

    /* Kannel is a gateway of our own, near us; it speaks plain HTTP unless built with TLS. */
    if ((result = url_check(config->sendsms_url, true, "sendsms_url", error)) != RESULT_OK ||
        (result = text_check(config->username, 64, "username", error)) != RESULT_OK ||
        (result = secret_check(config->password_file, "password_file", error)) != RESULT_OK ||
        (result = text_check(config->from, 20, "from", error)) != RESULT_OK)
        return result;
    if (config->smsc && (result = text_check(config->smsc, 64, "smsc", error)) != RESULT_OK)
        return result;
    if (config->report_secret_file)
        return secret_check(config->report_secret_file, "report_secret_file", error);
    return RESULT_OK;
}

static enum result check_address(const struct recipient *recipient, struct error *error)
{
    if (!address_check_phone(str_or(recipient->phone, "")))
        return error_set(error, RESULT_INVALID, "phone", "not an E.164 number: write +14155550123");
    return RESULT_OK;
}

static void settings_free(void *pointer)
{
    struct kannel_settings *settings = pointer;

    mem_free(settings->sendsms_url);
    mem_free(settings->username);
    mem_free(settings->from);
    mem_free(settings->smsc);
    mem_free(settings->public_url);
    mem_wipe_free(settings, sizeof *settings);
}

static const struct http_vendor vendor = {
    .provider = "kannel",
    .write_send = kannel_write_send,
    .read_send = kannel_read_send,
    .settings_free = settings_free,
};

/* It stands in a URL that Kannel expands: '%' and '&' would be eaten. */
static enum result check_report_secret(const struct secrets *secrets, struct error *error)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    for (size_t i = 0; i < secrets->n; i++)
        if (strspn(secrets->values[i], plain) != strlen(secrets->values[i]) ||
            strlen(secrets->values[i]) > 64)
            return error_set(error, RESULT_INVALID, "report_secret_file",
                             "use up to 64 letters, digits, '-', '_' or '.'");
    return RESULT_OK;
}

extern const struct channel_driver channel_sms_kannel;

static enum result open_channel(const struct channel_open *open, struct channel **ret_channel,
                                struct error *error)
{
    const struct kannel_config *config = open->config;
    struct kannel_settings *settings = mem_new(struct kannel_settings);
    enum result result;

    settings->sendsms_url = mem_strdup(config->sendsms_url);
    settings->username = mem_strdup(config->username);
    settings->from = mem_strdup(config->from);
    settings->smsc = config->smsc ? mem_strdup(config->smsc) : NULL;
    settings->public_url = mem_strdup(open->public_url);
    result = secret_load(config->password_file, "password_file", &settings->password, error);
    if (result == RESULT_OK)
        result =
            secret_load(config->report_secret_file, "report_secret_file", &settings->report, error);
    if (result == RESULT_OK)
        result = check_report_secret(&settings->report, error);
    if (result != RESULT_OK) {
        settings_free(settings);
        return result;
    }
    *ret_channel = http_channel_open(&channel_sms_kannel, &vendor, open, settings);
    return RESULT_OK;
}

static enum result parse_report(const struct channel *channel, const struct channel_report *report,
                                struct arena *arena, struct report_result *ret, struct error *error)
{
    return kannel_report(http_channel_settings(channel), report, arena, ret, error);
}

static void reach(const void *given, struct channel_reach *ret)
{
    const struct kannel_config *config = given;
    channel_reach_add(ret, config->sendsms_url);
}

const struct channel_driver channel_sms_kannel = {
    .facts = {.channel = "sms",
              .provider = "kannel",
              .legal_method = "sms",
              .form = FORM_SMS,
              .address = ADDRESS_PHONE,
              /* It can't be asked; a second text is the lesser evil. */
              .on_uncertain = UNCERTAIN_RETRY,
              .window = 32,
              .batch = 32,
              .rate = 0,
              .quiet_hours = true,
              .best = EVIDENCE_DELIVERED},
    .config_fields = config_fields,
    .config_size = sizeof(struct kannel_config),
    .check_config = check_config,
    .check_address = check_address,
    .open = open_channel,
    .send = http_channel_send,
    .cancel = http_channel_cancel,
    .parse_report = parse_report,
    .close = http_channel_close,
    .reach = reach,
};
