/* sms_kannel.h - Kannel's smsbox: the settings and the pure functions of its wire and outcome
 * files. */
#pragma once
#include "channels/common/secret.h"
#include "channels/common/wire.h"
#include "tocsin/channel.h"

struct kannel_config {
    char *sendsms_url;   /* http://127.0.0.1:13013/cgi-bin/sendsms */
    char *username;      /* of group = sendsms-user */
    char *password_file; /* path or env:NAME */
    char *from;
    char *smsc;               /* optional: which SMSC */
    char *report_secret_file; /* optional, letters and digits: callbacks must carry it too */
};

struct kannel_settings {
    char *sendsms_url, *username, *from, *smsc, *public_url;
    struct secrets password, report;
};

void kannel_write_send(const void *settings, const struct channel_send *send,
                       struct wire_request *to);
void kannel_read_send(const struct wire_reply *reply, struct outcome *ret);
/* GSM 03.38 with its extension table only? Then coding 0 (7 bits), else 2 (UCS-2). */
bool kannel_is_gsm7(const char *text);
enum result kannel_report(const struct kannel_settings *settings,
                          const struct channel_report *report, struct arena *arena,
                          struct report_result *ret, struct error *error);
