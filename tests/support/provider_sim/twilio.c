/* twilio.c - plays Twilio's Messages resource: create, list by To, signed status callbacks, magic
 * numbers. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"
#include "channels/common/wire.h"
#include "tocsin/clock.h"
#include "tocsin/recipient.h"

/* This module. */
#include "sim.h"

static void refuse(struct sim_reply *reply, unsigned status, int code, const char *message)
{
    reply->status = status;
    buf_printf(
        &reply->body,
        "{\"code\":%d,\"message\":\"%s\",\"more_info\":\"https://www.twilio.com/docs/errors/%d\","
        "\"status\":%u}",
        code, message, code, status);
}

/* What the last four digits play before anything is taken. */
static bool refuse_magic(struct sim_reply *reply, const char *to)
{
    if (ends_with(to, "0001"))
        refuse(reply, 400, 21211, "The 'To' number is not a valid phone number.");
    else if (ends_with(to, "0006"))
        refuse(reply, 400, 21610, "Attempt to send to unsubscribed recipient");
    else if (ends_with(to, "0004")) {
        refuse(reply, 429, 20429, "Too Many Requests");
        str_copy(reply->retry_after, sizeof reply->retry_after, "2");
    } else
        return false;
    return true;
}

static bool refuse_fields(struct sim_reply *reply, const struct form *form)
{
    const char *to = form_get(form, "To"), *body = form_get(form, "Body");

    if (!to || !address_check_phone(to))
        refuse(reply, 400, 21211, "The 'To' number is not a valid phone number.");
    else if (!form_get(form, "From") == !form_get(form, "MessagingServiceSid"))
        refuse(reply, 400, 21603, "A 'From' number or a messaging service is required.");
    else if (str_empty(body))
        refuse(reply, 400, 21602, "Message body is required.");
    else if (utf8_length(body) > 1600)
        refuse(reply, 400, 21617,
               "The concatenated message body exceeds the 1600 character limit.");
    else
        return refuse_magic(reply, to);
    return true;
}

static void tell(const struct form *form, const char *sid, const char *status, const char *error)
{
    struct buf body;

    buf_init(&body, SIZE_MAX);
    wire_form_add(&body, "MessageSid", sid);
    wire_form_add(&body, "MessageStatus", status);
    wire_form_add(&body, "ErrorCode", error);
    wire_form_add(&body, "AccountSid", options.twilio_account);
    wire_form_add(&body, "From", str_or(form_get(form, "From"), "+15005550000"));
    wire_form_add(&body, "To", form_get(form, "To"));
    wire_form_add(&body, "SmsSid", sid);
    wire_form_add(&body, "SmsStatus", status);
    wire_form_add(&body, "ApiVersion", "2010-04-01");
    static const char *const order[] = {"queued", "sent", "delivered"};
    unsigned step = 2;
    for (unsigned i = 0; i < 3; i++)
        if (str_equal(status, order[i]))
            step = i;
    callback_add(&(struct callback){.url = form_get(form, "StatusCallback"),
                                    .type = "application/x-www-form-urlencoded",
                                    .body = body.data,
                                    .sign = SIGN_TWILIO,
                                    .delay_ms = step_delay(step, 3)});
    buf_free(&body);
}

static void tell_all(const struct form *form, const char *sid)
{
    const char *to = form_get(form, "To");

    if (!form_get(form, "StatusCallback"))
        return;
    tell(form, sid, "queued", NULL);
    tell(form, sid, "sent", NULL);
    if (ends_with(to, "0009"))
        tell(form, sid, "undelivered", "30003");
    else if (ends_with(to, "0008"))
        tell(form, sid, "undelivered", "30007");
    else
        tell(form, sid, "delivered", NULL);
}

static void create(struct sim_request *request, struct sim_reply *reply)
{
    struct form form;
    struct buf json;
    char sid[40], date[40];

    if (form_read(request->body.data, request->body.length, request->arena, &form) != RESULT_OK) {
        refuse(reply, 400, 20001, "The form can't be read.");
        return;
    }
    if (refuse_fields(reply, &form))
        return;
    const char *to = form_get(&form, "To"), *url = form_get(&form, "StatusCallback");
    snprintf(sid, sizeof sid, "SM%032llx", (unsigned long long)record_next_number());
    buf_init(&json, SIZE_MAX);
    buf_putc(&json, '{');
    wire_json_add(&json, "sid", sid);
    wire_json_add(&json, "status", "queued");
    wire_json_add(&json, "to", to);
    wire_json_add(&json, "from", form_get(&form, "From"));
    wire_json_add(&json, "messaging_service_sid", form_get(&form, "MessagingServiceSid"));
    wire_json_add(&json, "body", form_get(&form, "Body"));
    wire_json_add(&json, "num_segments", "1");
    wire_json_add(&json, "direction", "outbound-api");
    wire_json_add(&json, "account_sid", options.twilio_account);
    wire_json_add(&json, "api_version", "2010-04-01");
    wire_json_add(&json, "date_created", time_format_rfc5322(date, clock_now(clock_system())));
    buf_puts(&json, ",\"error_code\":null,\"error_message\":null,\"price\":null}");
    buf_puts(&reply->body, json.data);
    record_add('t', to, buf_take(&json));
    ledger_add(&(struct ledger_line){
        .vendor = "twilio", .ref = sid, .token = url_token(request->arena, url), .to = to});
    tell_all(&form, sid);
    reply->status = 201;
    reply->hang = ends_with(to, "0003");
    if (ends_with(to, "0005")) { /* the trap: taken, and yet a 500 */
        buf_clear(&reply->body);
        refuse(reply, 500, 20500, "Internal Server Error");
    }
}

static void list(struct sim_request *request, struct sim_reply *reply)
{
    const char *to = request_query(request, "To");
    const struct record *record = NULL;
    bool first = true;

    buf_puts(&reply->body, "{\"messages\":[");
    while (to && (record = record_find('t', to, record))) {
        if (!first)
            buf_putc(&reply->body, ',');
        first = false;
        buf_puts(&reply->body, record->json);
    }
    buf_puts(&reply->body, "],\"next_page_uri\":null,\"page\":0}");
    reply->status = 200;
}

void twilio_handle(struct sim_request *request, struct sim_reply *reply)
{
    char path[160];

    snprintf(path, sizeof path, "/2010-04-01/Accounts/%s/Messages.json", options.twilio_account);
    if (!request_basic(request, options.twilio_account, options.twilio_token))
        refuse(reply, 401, 20003, "Authenticate");
    else if (options.suspended)
        refuse(reply, 403, 20005, "Account not active");
    else if (!str_equal(request->path, path))
        refuse(reply, 404, 20404, "The requested resource was not found");
    else if (str_equal(request->method, "POST"))
        create(request, reply);
    else if (str_equal(request->method, "GET"))
        list(request, reply);
    else
        refuse(reply, 405, 20004, "Method not allowed");
}
