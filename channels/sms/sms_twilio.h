/* sms_twilio.h - Twilio's Messages API: the settings and the pure functions of its wire and outcome
 * files. */
#pragma once
#include "channels/common/secret.h"
#include "channels/common/wire.h"
#include "tocsin/channel.h"

/* The YAML section. */
struct twilio_config {
    char *account_sid; /* AC... */
    char *
        auth_token_file; /* path or env:NAME: signs callbacks; logs in unless an API key is given */
    char *api_key_sid;   /* SK..., optional */
    char *api_key_file;  /* the key's secret */
    char *from;          /* E.164 or short code; or */
    char *messaging_service; /* MG... */
    char *base_url;          /* default https://api.twilio.com */
    bool plain_http;         /* allow http: in base_url */
    char *validity;          /* how long Twilio may try: "4h"; default 10h, at most 10h */
};

struct twilio_settings {
    char *account_sid, *user, *from, *messaging_service, *base_url, *public_url;
    char validity[16]; /* seconds, "" = Twilio's default */
    struct secrets password, auth_tokens;
};

/* Pure. */
void twilio_write_send(const void *settings, const struct channel_send *send,
                       struct wire_request *to);
void twilio_write_query(const void *settings, const struct channel_send *send,
                        struct wire_request *to);
void twilio_read_send(const struct wire_reply *reply, struct outcome *ret);
void twilio_read_query(const struct channel_send *send, const struct wire_reply *reply,
                       struct outcome *ret);
/* parse_report of channel.h, given the settings. */
enum result twilio_report(const struct twilio_settings *settings,
                          const struct channel_report *report, struct arena *arena,
                          struct report_result *ret, struct error *error);
/* sample_report of channel.h: a "sent" about no message. */
bool twilio_sample(const struct twilio_settings *settings, const char *token, const char *url,
                   struct arena *arena, struct channel_sample *ret);
