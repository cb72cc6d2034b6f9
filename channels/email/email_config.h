/* email_config.h - the `email` section of the configuration, as libcyaml fills it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <cyaml/cyaml.h>

#include "base/result.h"

/* Zero is the default of each. */
enum email_tls { EMAIL_TLS_REQUIRED, EMAIL_TLS_OPPORTUNISTIC, EMAIL_TLS_OFF };
enum email_envelope {
    EMAIL_ENVELOPE_VERP, /* MAIL FROM b+<token>@bounce_domain: a bounce says what it is about */
    EMAIL_ENVELOPE_FROM  /* MAIL FROM the from.address: ENVID and a header carry the token */
};
enum email_return { EMAIL_RETURN_HDRS, EMAIL_RETURN_FULL };
/* Bits, as libESMTP's Notify_*. */
enum email_notify { EMAIL_NOTIFY_SUCCESS = 1, EMAIL_NOTIFY_FAILURE = 2, EMAIL_NOTIFY_DELAY = 4 };

enum { EMAIL_SESSIONS_DEFAULT = 16, EMAIL_BATCH = 50, EMAIL_RELAYS_MAX = 16 };

struct email_relay_config {
    char *name;          /* appears in receipts; default "relay1", ... */
    char *host;          /* a name or IPv4 address; no MX lookup */
    unsigned port;       /* 0 = 587 */
    char *user;          /* AUTH; NULL = none */
    char *password_file; /* first line; needed with user */
    enum email_tls starttls;
    char *ca_file;     /* NULL = the system's */
    unsigned sessions; /* 0 = EMAIL_SESSIONS_DEFAULT */
};

/* Durations as "30s", "10m"; NULL = the default. */
struct email_timeouts {
    char *connect;  /* 30s */
    char *greeting; /* 5m; the five that follow have RFC 5321 section 4.5.3.2 minima */
    char *envelope; /* 5m */
    char *data;     /* 2m */
    char *transfer; /* 3m */
    char *reply;    /* 10m: after the final dot */
    char *idle;     /* 2s: an unused session stays open this long */
    bool below_rfc; /* allow shorter than the minima */
};

struct email_sender {
    char *name, *address;
};

struct email_config {
    struct email_relay_config *relays;
    unsigned relays_count;
    struct email_sender from;
    char *reply_to;
    char *bounce_domain;
    enum email_envelope envelope;
    char *helo;          /* NULL = the domain of from.address */
    char *dkim_selector; /* the relay signs with it; only looked at by a preflight */
    struct email_timeouts timeouts;
    unsigned dsn_notify; /* 0 = FAILURE | DELAY */
    enum email_return dsn_return;
};

extern const struct cyaml_schema_field email_config_fields[];

/* Pure: channel_driver.check_config. */
enum result email_config_check(const void *config, struct error *error);

/* Pure: channel_driver.reach. */
struct channel_reach;
void email_config_reach(const void *config, struct channel_reach *ret);

/* In milliseconds; valid after the check. */
struct email_times {
    int connect, greeting, envelope, data, transfer, reply, idle;
    bool below_rfc;
};
bool email_times_read(const struct email_timeouts *timeouts, struct email_times *ret_times,
                      struct error *error);
