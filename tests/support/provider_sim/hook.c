/* hook.c - plays a customer's receiver of Standard Webhooks: verifies, drops repeats by webhook-id,
 * reports back on data.report_url. Magic numbers as Twilio's; ...0007 asks for a written notice
 * after delivery. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"
#include "channels/common/signature.h"
#include "channels/common/wire.h"
#include "tocsin/clock.h"

/* This module. */
#include "sim.h"

static void refuse(struct sim_reply *reply, unsigned status, const char *message)
{
    reply->status = status;
    buf_printf(&reply->body, "{\"message\":\"%s\"}", message);
}

static bool verified(const struct sim_request *request, struct sim_reply *reply)
{
    static struct secrets secrets;
    struct hook_signed what = {request_header(request, "webhook-id"),
                               request_header(request, "webhook-timestamp"),
                               {request->body.data, request->body.length}};
    const char *signature = request_header(request, "webhook-signature");

    if (!secrets.n) {
        str_copy(secrets.values[0], SECRET_SIZE, options.hook_secret);
        secrets.n = 1;
    }
    bool ok = what.id && what.timestamp && signature && hook_verify(&secrets, &what, signature) &&
              signature_fresh(clock_now(clock_system()), signature_time(what.timestamp), 300000);
    if (!ok)
        refuse(reply, 401, "the signature does not fit");
    return ok;
}

static bool refuse_magic(struct sim_reply *reply, const char *to)
{
    if (ends_with(to, "0001"))
        refuse(reply, 422, "invalid number");
    else if (ends_with(to, "0004")) {
        refuse(reply, 429, "too many");
        str_copy(reply->retry_after, sizeof reply->retry_after, "2");
    } else
        return false;
    return true;
}

static void tell(struct json_object *data, const char *ref, const char *status, unsigned step)
{
    struct buf body;
    struct callback callback = {.url = json_get_string(data, "report_url"),
                                .type = "application/json",
                                .sign = SIGN_HOOK,
                                .delay_ms = step_delay(step, 3)};
    char at[TIME_TEXT_SIZE];

    buf_init(&body, SIZE_MAX);
    buf_putc(&body, '{');
    wire_json_add(&body, "type", "message.status");
    wire_json_add(&body, "timestamp", time_format(at, clock_now(clock_system())));
    buf_puts(&body, ",\"data\":{");
    wire_json_add(&body, "token", json_get_string(data, "token"));
    wire_json_add(&body, "status", status);
    wire_json_add(&body, "reference", ref);
    buf_puts(&body, "}}");
    snprintf(callback.id, sizeof callback.id, "%s-%u", ref, step);
    callback.body = body.data;
    callback_add(&callback);
    buf_free(&body);
}

static void tell_all(struct json_object *data, const char *ref)
{
    const char *to = str_or(json_get_string(data, "to"), "");

    tell(data, ref, "sent", 0);
    if (ends_with(to, "0006"))
        tell(data, ref, "refused", 1);
    else if (ends_with(to, "0008") || ends_with(to, "0009"))
        tell(data, ref, "undelivered", 1);
    else
        tell(data, ref, "delivered", 1);
    if (ends_with(to, "0007"))
        tell(data, ref, "written_notice", 2);
}

static void take(struct sim_request *request, struct sim_reply *reply, struct json_object *data)
{
    const char *id = request_header(request, "webhook-id");
    const char *to = json_get_string(data, "to");
    struct record *record = record_find('h', id, NULL);
    char ref[40];

    if (record) {
        stats.repeated++;
        reply->status = 200;
        buf_puts(&reply->body, record->json);
        return;
    }
    if (refuse_magic(reply, to))
        return;
    snprintf(ref, sizeof ref, "hook-%llu", (unsigned long long)record_next_number());
    struct buf json;
    buf_init(&json, SIZE_MAX);
    buf_printf(&json, "{\"reference\":\"%s\"}", ref);
    record = record_add('h', id, buf_take(&json));
    ledger_add(&(struct ledger_line){.vendor = "webhook",
                                     .ref = ref,
                                     .key = json_get_string(data, "key"),
                                     .token = json_get_string(data, "token"),
                                     .to = to});
    tell_all(data, ref);
    reply->status = ends_with(to, "0005") ? 500 : 202;
    reply->hang = ends_with(to, "0003");
    if (reply->status == 202)
        buf_puts(&reply->body, record->json);
}

void hook_handle(struct sim_request *request, struct sim_reply *reply)
{
    struct json_object *json;

    if (!str_equal(request->method, "POST")) {
        refuse(reply, 405, "POST only");
        return;
    }
    if (!verified(request, reply))
        return;
    if (json_read(request->body.data, request->body.length, &json, NULL) != RESULT_OK) {
        refuse(reply, 400, "not JSON");
        return;
    }
    struct json_object *data = json_get(json, "data");
    if (json_get_string(data, "to") && json_get_string(data, "token") &&
        json_get_string(data, "text"))
        take(request, reply, data);
    else
        refuse(reply, 422, "data.to, data.token and data.text are required");
    json_object_put(json);
}
