/* email_config.c - schema and check of the `email` section.
 *
 * Happy path: libcyaml fills struct email_config by the schema, email_config_check() then says
 * whether it can work. Fails with RESULT_INVALID, the key and a sentence that says what to write.
 */

/* System. */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cyaml/cyaml.h>

/* Base. */
#include "base/str.h"
#include "base/time.h"

/* Interfaces. */
#include "tocsin/channel.h"

/* This module. */
#include "channels/email/email_config.h"
#include "channels/email/email_wire.h"

static const cyaml_strval_t tls_words[] = {{"required", EMAIL_TLS_REQUIRED},
                                           {"opportunistic", EMAIL_TLS_OPPORTUNISTIC},
                                           {"off", EMAIL_TLS_OFF}};
static const cyaml_strval_t envelope_words[] = {{"verp", EMAIL_ENVELOPE_VERP},
                                                {"from", EMAIL_ENVELOPE_FROM}};
static const cyaml_strval_t return_words[] = {{"hdrs", EMAIL_RETURN_HDRS},
                                              {"full", EMAIL_RETURN_FULL}};
static const cyaml_strval_t notify_words[] = {{"success", EMAIL_NOTIFY_SUCCESS},
                                              {"failure", EMAIL_NOTIFY_FAILURE},
                                              {"delay", EMAIL_NOTIFY_DELAY}};

#define OPTIONAL_TEXT (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t relay_fields[] = {
    CYAML_FIELD_STRING_PTR("name", OPTIONAL_TEXT, struct email_relay_config, name, 1, 31),
    CYAML_FIELD_STRING_PTR("host", CYAML_FLAG_POINTER, struct email_relay_config, host, 1, 253),
    CYAML_FIELD_UINT("port", CYAML_FLAG_OPTIONAL, struct email_relay_config, port),
    CYAML_FIELD_STRING_PTR("user", OPTIONAL_TEXT, struct email_relay_config, user, 1, 255),
    CYAML_FIELD_STRING_PTR("password_file", OPTIONAL_TEXT, struct email_relay_config, password_file,
                           1, 4095),
    CYAML_FIELD_ENUM("starttls", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct email_relay_config,
                     starttls, tls_words, CYAML_ARRAY_LEN(tls_words)),
    CYAML_FIELD_STRING_PTR("ca_file", OPTIONAL_TEXT, struct email_relay_config, ca_file, 1, 4095),
    CYAML_FIELD_UINT("sessions", CYAML_FLAG_OPTIONAL, struct email_relay_config, sessions),
    CYAML_FIELD_END};
static const cyaml_schema_value_t relay_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct email_relay_config, relay_fields)};

static const cyaml_schema_field_t from_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct email_sender, name, 1, 120),
    CYAML_FIELD_STRING_PTR("address", CYAML_FLAG_POINTER, struct email_sender, address, 3, 254),
    CYAML_FIELD_END};

#define DURATION(key) CYAML_FIELD_STRING_PTR(#key, OPTIONAL_TEXT, struct email_timeouts, key, 1, 16)
static const cyaml_schema_field_t timeout_fields[] = {
    DURATION(connect),
    DURATION(greeting),
    DURATION(envelope),
    DURATION(data),
    DURATION(transfer),
    DURATION(reply),
    DURATION(idle),
    CYAML_FIELD_BOOL("below_rfc", CYAML_FLAG_OPTIONAL, struct email_timeouts, below_rfc),
    CYAML_FIELD_END};

const struct cyaml_schema_field email_config_fields[] = {
    CYAML_FIELD_SEQUENCE("relays", CYAML_FLAG_POINTER, struct email_config, relays, &relay_value, 1,
                         EMAIL_RELAYS_MAX),
    CYAML_FIELD_MAPPING("from", CYAML_FLAG_DEFAULT, struct email_config, from, from_fields),
    CYAML_FIELD_STRING_PTR("reply_to", OPTIONAL_TEXT, struct email_config, reply_to, 3, 254),
    CYAML_FIELD_STRING_PTR("bounce_domain", OPTIONAL_TEXT, struct email_config, bounce_domain, 1,
                           200),
    CYAML_FIELD_ENUM("envelope", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct email_config,
                     envelope, envelope_words, CYAML_ARRAY_LEN(envelope_words)),
    CYAML_FIELD_STRING_PTR("helo", OPTIONAL_TEXT, struct email_config, helo, 1, 253),
    CYAML_FIELD_STRING_PTR("dkim_selector", OPTIONAL_TEXT, struct email_config, dkim_selector, 1,
                           63),
    CYAML_FIELD_MAPPING("timeouts", CYAML_FLAG_OPTIONAL, struct email_config, timeouts,
                        timeout_fields),
    CYAML_FIELD_FLAGS("dsn_notify", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct email_config,
                      dsn_notify, notify_words, CYAML_ARRAY_LEN(notify_words)),
    CYAML_FIELD_ENUM("dsn_return", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct email_config,
                     dsn_return, return_words, CYAML_ARRAY_LEN(return_words)),
    CYAML_FIELD_END};

static bool time_read(const char *key, const char *text, int fallback_ms, int *ret_ms,
                      struct error *error)
{
    int64_t ms = fallback_ms;
    if (text && (!duration_parse(text, &ms) || ms < 0 || ms > 3600 * 1000)) {
        char field[64];
        snprintf(field, sizeof(field), "timeouts.%s", key);
        error_set(error, RESULT_INVALID, field,
                  "This is no duration up to an hour; write a number with a unit, such as 30s.");
        return false;
    }
    *ret_ms = (int)ms;
    return true;
}

bool email_times_read(const struct email_timeouts *timeouts, struct email_times *ret_times,
                      struct error *error)
{
    enum { MINUTE = 60 * 1000 };
    struct email_times t = {.below_rfc = timeouts->below_rfc};
    if (!time_read("connect", timeouts->connect, 30 * 1000, &t.connect, error) ||
        !time_read("greeting", timeouts->greeting, 5 * MINUTE, &t.greeting, error) ||
        !time_read("envelope", timeouts->envelope, 5 * MINUTE, &t.envelope, error) ||
        !time_read("data", timeouts->data, 2 * MINUTE, &t.data, error) ||
        !time_read("transfer", timeouts->transfer, 3 * MINUTE, &t.transfer, error) ||
        !time_read("reply", timeouts->reply, 10 * MINUTE, &t.reply, error) ||
        !time_read("idle", timeouts->idle, 2 * 1000, &t.idle, error))
        return false;
    *ret_times = t;
    return true;
}

/* A word that goes into receipts and logs. */
static bool word_ok(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-_.") == strlen(text);
}

static enum result relay_fault(struct error *error, unsigned i, const char *key, const char *text)
{
    char field[64];
    snprintf(field, sizeof(field), "relays[%u].%s", i, key);
    return error_set(error, RESULT_INVALID, field, "%s", text);
}

static enum result relay_check(const struct email_relay_config *relay, unsigned i,
                               struct error *error)
{
    if (str_empty(relay->host) || !email_host_ok(relay->host))
        return relay_fault(error, i, "host",
                           "This is no host name or IPv4 address; write one without port.");
    if (relay->port > 65535)
        return relay_fault(error, i, "port", "A port is 1 to 65535; leave it out for 587.");
    if (relay->name && (!word_ok(relay->name) || strlen(relay->name) > 31))
        return relay_fault(error, i, "name",
                           "A relay's name is up to 31 letters, digits, dots and hyphens; shorten "
                           "or respell it.");
    if (relay->user && !text_is_line(relay->user, strlen(relay->user)))
        return relay_fault(error, i, "user", "The user has control characters; remove them.");
    if (relay->user && !relay->password_file)
        return relay_fault(error, i, "password_file",
                           "A user needs a password; name the file that holds it.");
    if (relay->password_file && !relay->user)
        return relay_fault(error, i, "user", "A password needs a user; name it.");
    if (relay->user && relay->starttls != EMAIL_TLS_REQUIRED)
        return relay_fault(error, i, "starttls",
                           "A password must not cross the network in clear; set required.");
    if (relay->sessions > 256)
        return relay_fault(error, i, "sessions", "At most 256 sessions to a relay; lower it.");
    return RESULT_OK;
}

static enum result sender_check(const struct email_config *config, struct error *error)
{
    if (str_empty(config->from.address) || !email_address_ok(config->from.address))
        return error_set(error, RESULT_INVALID, "from.address",
                         "This is no plain address; write one such as notices@example.org.");
    if (str_empty(config->from.name) ||
        !text_is_line(config->from.name, strlen(config->from.name)) ||
        strlen(config->from.name) > 120)
        return error_set(error, RESULT_INVALID, "from.name",
                         "The sender's name is one line of up to 120 bytes; write the "
                         "organisation's name.");
    if (config->reply_to && !email_address_ok(config->reply_to))
        return error_set(error, RESULT_INVALID, "reply_to",
                         "This is no plain address; write that of a mailbox somebody reads.");
    if (config->envelope == EMAIL_ENVELOPE_VERP && str_empty(config->bounce_domain))
        return error_set(error, RESULT_INVALID, "bounce_domain",
                         "Envelope mode verp needs a domain whose mail reaches the bounce "
                         "mailbox; set it or use envelope: from.");
    if (config->bounce_domain &&
        (!email_host_ok(config->bounce_domain) || strlen(config->bounce_domain) > 200))
        return error_set(error, RESULT_INVALID, "bounce_domain",
                         "This is no domain name; write one such as bounce.example.org.");
    if (config->helo && !email_host_ok(config->helo))
        return error_set(error, RESULT_INVALID, "helo",
                         "This is no host name; write the name this host has in the DNS.");
    if (config->dkim_selector && !email_host_ok(config->dkim_selector))
        return error_set(error, RESULT_INVALID, "dkim_selector",
                         "This is no selector; write what stands before ._domainkey in the DNS.");
    return RESULT_OK;
}

enum result email_config_check(const void *data, struct error *error)
{
    const struct email_config *config = data;
    if (config->relays_count == 0 || config->relays_count > EMAIL_RELAYS_MAX)
        return error_set(error, RESULT_INVALID, "relays", "Name between 1 and %d relays.",
                         EMAIL_RELAYS_MAX);
    for (unsigned i = 0; i < config->relays_count; i++) {
        enum result result = relay_check(&config->relays[i], i, error);
        if (result != RESULT_OK)
            return result;
    }
    enum result result = sender_check(config, error);
    if (result != RESULT_OK)
        return result;
    if (config->dsn_notify & ~7u)
        return error_set(error, RESULT_INVALID, "dsn_notify",
                         "Unknown notification; choose among success, failure and delay.");
    struct email_times times;
    return email_times_read(&config->timeouts, &times, error) ? RESULT_OK : RESULT_INVALID;
}

void email_config_reach(const void *given, struct channel_reach *ret)
{
    const struct email_config *config = given;
    const char *at = strrchr(config->from.address, '@');
    for (unsigned i = 0; i < config->relays_count && ret->n < CHANNEL_ENDPOINTS_MAX; i++) {
        const struct email_relay_config *relay = &config->relays[i];
        struct channel_endpoint *to = &ret->endpoints[ret->n++];
        to->protocol = relay->starttls == EMAIL_TLS_OFF ? CHANNEL_SMTP : CHANNEL_SMTP_STARTTLS;
        str_copy(to->host, sizeof(to->host), relay->host);
        to->port = relay->port ? relay->port : 587;
        to->ca_file = relay->ca_file;
        to->lax = relay->starttls == EMAIL_TLS_OPPORTUNISTIC;
    }
    str_copy(ret->mail_domain, sizeof(ret->mail_domain), at ? at + 1 : "");
    ret->helo = config->helo;
    ret->dkim_selector = config->dkim_selector;
}
