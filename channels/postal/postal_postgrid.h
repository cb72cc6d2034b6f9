/* postal_postgrid.h - PostGrid's letters: settings and the pure functions of its wire and outcome
 * files. */
#pragma once
#include "channels/common/wire.h"
#include "sender.h"
#include "tocsin/channel.h"
#include "vendor_keys.h"

struct postgrid_config {
    char *api_key_file;        /* live_...; path or env:NAME */
    char *test_api_key_file;   /* test_... */
    char *webhook_secret_file; /* of both, one a line */
    char *from_id;             /* contact_..., or */
    struct sender from;
    bool color, double_sided;
    char *size;          /* us_letter (default), a4 */
    char *mailing_class; /* first_class (default), certified, royal_mail_first_class, ... */
    char *base_url;      /* default https://api.postgrid.com */
    bool plain_http;
};

struct postgrid_settings {
    char *from_id, *size, *mailing_class, *base_url;
    struct sender from;
    bool color, double_sided;
    struct vendor_keys keys;
};

/* JSON callbacks are signed as they leave; JWTs carry the time of the event, and are retried for 7
 * hours. */
enum { POSTGRID_TOLERANCE_MS = 300000, POSTGRID_JWT_TOLERANCE_MS = 8 * 3600 * 1000 };

void postgrid_write_send(const void *settings, const struct channel_send *send,
                         struct wire_request *to);
void postgrid_write_query(const void *settings, const struct channel_send *send,
                          struct wire_request *to);
void postgrid_write_undo(const void *settings, const struct channel_send *send,
                         const char *provider_ref, struct wire_request *to);
void postgrid_read_send(const struct wire_reply *reply, struct outcome *ret);
void postgrid_read_query(const struct channel_send *send, const struct wire_reply *reply,
                         struct outcome *ret);
bool postgrid_read_undo(const struct wire_reply *reply);
enum result postgrid_report(const struct postgrid_settings *settings,
                            const struct channel_report *report, struct arena *arena,
                            struct report_result *ret, struct error *error);
