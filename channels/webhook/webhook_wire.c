/* webhook_wire.c - the message as a signed webhook. Pure.
 *
 *   {"type":"message.send","timestamp":"...","data":{"channel":"sms","key":"...","token":"...","to":"+1415...",
 *    "text":"...","locale":"en","report_url":"...","test":false}}
 *
 * webhook-id is the key: it is the same for every attempt, so that the receiver drops repeats by
 * it. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "channels/common/signature.h"
#include "webhook.h"

enum { BODY_USUAL = 1000 };

static void write_body(const struct webhook_settings *settings, const struct channel_send *send,
                       struct wire_request *to)
{
    struct buf *body = &to->body;
    char at[TIME_TEXT_SIZE];

    buf_reserve(body, BODY_USUAL); /* grown once */
    buf_putc(body, '{');
    wire_json_add(body, "type", "message.send");
    wire_json_add(body, "timestamp", time_format(at, to->now));
    buf_puts(body, ",\"data\":{");
    wire_json_add(body, "channel", settings->channel);
    wire_json_add(body, "key", send->key);
    wire_json_add(body, "token", send->token);
    wire_json_add(body, "to", send->phone);
    wire_json_add(body, "text", send->notice.text);
    wire_json_add(body, "locale", send->notice.locale);
    buf_puts(body, ",\"report_url\":\"");
    buf_puts(body, settings->public_url);
    buf_puts(body, "/v1/reports/");
    buf_puts(body, settings->channel);
    buf_puts(body, send->test ? "/webhook\",\"test\":true}}" : "/webhook\",\"test\":false}}");
}

void webhook_write_send(const void *given, const struct channel_send *send, struct wire_request *to)
{
    const struct webhook_settings *settings = given;
    char timestamp[24], signature[SIGNATURE_TEXT_SIZE], bearer[SECRET_SIZE + 8];

    buf_puts(&to->url, settings->url);
    write_body(settings, send, to);
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)(to->now / 1000));
    struct hook_signed what = {send->key, timestamp, {to->body.data, to->body.length}};
    if (!hook_sign(signature, settings->signing.values[0], &what)) {
        to->refusal = "the signing secret is malformed";
        to->blame = BLAME_PROVIDER;
        return;
    }
    wire_header(to, "Content-Type", "application/json");
    wire_header(to, "webhook-id", send->key);
    wire_header(to, "webhook-timestamp", timestamp);
    wire_header(to, "webhook-signature", signature);
    if (settings->bearer.n) {
        snprintf(bearer, sizeof bearer, "Bearer %s", settings->bearer.values[0]);
        wire_header(to, "Authorization", bearer);
        explicit_bzero(bearer, sizeof bearer);
    }
}
