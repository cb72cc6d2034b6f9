/* webhook.h - messages handed to a receiver of the customer's own, by Standard Webhooks 1.0.0, and
 * its reports back: one implementation for the sms and the voice channel. */
#pragma once
#include "channels/common/secret.h"
#include "channels/common/wire.h"
#include "tocsin/channel.h"

struct webhook_config {
    char *url;
    char *signing_secret_file; /* whsec_...: signs what we send */
    char *report_secret_file;  /* whsec_...: verifies the reports; several lines while rotating */
    char *bearer_file;         /* optional: Authorization: Bearer */
    bool plain_http;           /* allow http: in url */
};

struct webhook_settings {
    const char *channel; /* "sms", "voice" */
    char *url, *public_url;
    struct secrets signing, report, bearer;
};

/* Reports are refused when their time is further from ours. */
enum { WEBHOOK_TOLERANCE_MS = 300000 };

void webhook_write_send(const void *settings, const struct channel_send *send,
                        struct wire_request *to);
void webhook_read_send(const struct wire_reply *reply, struct outcome *ret);
enum result webhook_report(const struct webhook_settings *settings,
                           const struct channel_report *report, struct arena *arena,
                           struct report_result *ret, struct error *error);
/* sample_report of channel.h: a "sent" about no message. */
bool webhook_sample(const struct webhook_settings *settings, const char *token, time_ms now,
                    struct arena *arena, struct channel_sample *ret);
