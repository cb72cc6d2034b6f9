/* postal_lob.h - Lob's letters: settings and the pure functions of its wire and outcome files. */
#pragma once
#include "channels/common/wire.h"
#include "sender.h"
#include "tocsin/channel.h"
#include "vendor_keys.h"

struct lob_config {
    char *api_key_file;        /* live_...; path or env:NAME */
    char *test_api_key_file;   /* test_...: needed for test incidents */
    char *webhook_secret_file; /* live and test environment's, one a line */
    char *from_id;             /* adr_..., or */
    struct sender from;        /* inline; US only */
    bool color, double_sided;
    char *mail_type;     /* usps_first_class (default), usps_standard */
    char *extra_service; /* certified, certified_return_receipt, registered */
    char *base_url;      /* default https://api.lob.com */
    bool plain_http;
};

struct lob_settings {
    char *from_id, *mail_type, *extra_service, *base_url;
    struct sender from;
    bool color, double_sided;
    struct vendor_keys keys;
};

/* HTML of fewer characters goes as text, a longer one as an upload. */
enum { LOB_HTML_MAX = 10000, LOB_TOLERANCE_MS = 300000 };

void lob_write_send(const void *settings, const struct channel_send *send, struct wire_request *to);
void lob_write_query(const void *settings, const struct channel_send *send,
                     struct wire_request *to);
void lob_write_undo(const void *settings, const struct channel_send *send, const char *provider_ref,
                    struct wire_request *to);
void lob_read_send(const struct wire_reply *reply, struct outcome *ret);
void lob_read_query(const struct channel_send *send, const struct wire_reply *reply,
                    struct outcome *ret);
bool lob_read_undo(const struct wire_reply *reply);
enum result lob_check_address(const struct recipient *recipient, struct error *error);
enum result lob_report(const struct lob_settings *settings, const struct channel_report *report,
                       struct arena *arena, struct report_result *ret, struct error *error);
/* sample_report of channel.h: a "letter.created" about no letter. */
bool lob_sample(const struct lob_settings *settings, const char *token, time_ms now,
                struct arena *arena, struct channel_sample *ret);
