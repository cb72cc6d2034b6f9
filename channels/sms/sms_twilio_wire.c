/* sms_twilio_wire.c - requests of the Messages API (twilio-oai, api_v2010: CreateMessage,
 * ListMessage). Pure. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "sms_twilio.h"

/* Twilio refuses more (error 21617). */
enum { BODY_MAX = 1600 };

static void resource(const struct twilio_settings *settings, struct wire_request *to)
{
    buf_printf(&to->url, "%s/2010-04-01/Accounts/%s/Messages.json", settings->base_url,
               settings->account_sid);
    to->user = settings->user;
    to->password = settings->password.values[0];
}

static void callback_url(const struct twilio_settings *settings, const char *token, struct buf *to)
{
    buf_printf(to, "%s/v1/reports/sms/twilio?t=%s", settings->public_url, token);
}

void twilio_write_send(const void *given, const struct channel_send *send, struct wire_request *to)
{
    const struct twilio_settings *settings = given;
    struct buf url;

    resource(settings, to);
    if (utf8_length(send->notice.text) > BODY_MAX) {
        to->refusal = "the text has more than 1,600 characters";
        return;
    }
    wire_header(to, "Content-Type", "application/x-www-form-urlencoded");
    wire_form_add(&to->body, "To", send->phone);
    wire_form_add(&to->body, "From", settings->from);
    wire_form_add(&to->body, "MessagingServiceSid", settings->messaging_service);
    wire_form_add(&to->body, "Body", send->notice.text);
    if (settings->validity[0])
        wire_form_add(&to->body, "ValidityPeriod", settings->validity);
    buf_init(&url, 1024);
    callback_url(settings, send->token, &url);
    wire_form_add(&to->body, "StatusCallback", url.data);
    buf_free(&url);
}

/* The key isn't Twilio's to keep, so the list of this number is compared with the text. No DateSent
 * filter: a message that is still queued has none. */
void twilio_write_query(const void *given, const struct channel_send *send, struct wire_request *to)
{
    resource(given, to);
    to->method = "GET";
    buf_putc(&to->url, '?');
    wire_form_add(&to->url, "To", send->phone);
    wire_form_add(&to->url, "PageSize", "100");
}
