/* channel.h - the contract between the engine and a channel driver.
 *
 * A channel (email, sms, voice, postal, banner) is what the ladder names; a *driver* speaks one
 * provider's protocol for it. To add one, start at channels/discard/ (the smallest driver), add a
 * row to channels/registry.c, and let tests/contract/channel run over it. Nothing in service/
 * changes.
 *
 * The rules.
 *  1. Everything here is called on the loop thread, and calls back on the loop thread.
 *  2. send() takes all n sends (RESULT_OK) or none (RESULT_BUSY: no slot, RESULT_CLOSING: shutting
 * down).
 *  3. For each send taken, send->cb comes exactly once, never from inside send(). After it the
 * driver has no pointer to the send.
 *  4. The outcome says the truth about the bytes: REJECTED, DEFERRED and CANCELED mean provably not
 * sent; when the last byte left and no answer came the outcome is UNCERTAIN.
 *  5. cancel() is a request: the callback still comes, CANCELED only if it is certain that nothing
 * was sent. After cancel() no further message of this send may be handed over: the last byte stays
 * here.
 *  6. A driver never retries, schedules, escalates, logs a recipient or sees the store.
 *  7. It gets only the fields its channel needs and passes on no more.
 *  8. Strings of an outcome or a report live inside the callback only.
 *  9. parse_report() is pure: it verifies the provider's signature in constant time and turns bytes
 * into facts.
 * 10. close() ends what is under way (callbacks come, UNCERTAIN or CANCELED), then calls back
 * itself.
 *
 * Example: the engine hands 50 sends to email; the driver queues them on its lane and returns
 * RESULT_OK; as each message gets its reply a callback comes back (ACCEPTED "2.0.0" "250 ... queued
 * as X"); one got "452 4.2.2": DEFERRED; the connection is lost after the 40th dot: the 40th is
 * UNCERTAIN, 41..50 are DEFERRED.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/result.h"
#include "tocsin/clock.h"
#include "tocsin/delivery.h"
#include "tocsin/recipient.h"

struct banner_board;
struct channel;
struct cyaml_schema_field;
struct http_client;
struct loop;

/* How the notice must be rendered for a channel (template.h renders it). */
enum notice_form { FORM_EMAIL, FORM_SMS, FORM_VOICE, FORM_LETTER, FORM_BANNER, FORM_N };

/* Which address of a person a channel uses. */
enum channel_address { ADDRESS_EMAIL, ADDRESS_PHONE, ADDRESS_POSTAL, ADDRESS_ACCOUNT, ADDRESS_N };

/* What to do when a send ended UNCERTAIN. */
enum on_uncertain {
    UNCERTAIN_RETRY, /* once more under the same key: the peer de-duplicates, or a duplicate is the
                        lesser evil */
    UNCERTAIN_QUERY, /* ask the provider first with query() */
    UNCERTAIN_ASK    /* a person decides */
};

struct channel_facts {
    const char *channel;  /* as in the ladder: "email" */
    const char *provider; /* as in the configuration and the report URL: "smtp", "twilio", "lob" */
    const char *legal_method; /* what rules call it: "email", "sms", "telephone", "post",
                                 "account_posting" */
    enum notice_form form;
    enum channel_address address;
    enum on_uncertain on_uncertain;
    bool keyed; /* with UNCERTAIN_RETRY: the peer drops repeats of a key, so that trying again is
                   free */
    unsigned window;  /* default number of sends in flight */
    unsigned batch;   /* most sends in one call of send(), and messages under one intent */
    double rate;      /* default sends a second; 0 = unlimited */
    bool quiet_hours; /* it rings or buzzes: keep the recipient's night free (scheduled by the core)
                       */
    unsigned
        formats; /* bits 1 << FORMAT_x: what it can give a reader, beyond large print in letters */
    bool has_test_mode; /* `test` messages go to the provider's test mode; else only marked
                           addresses get them */
    enum evidence
        best; /* the strongest evidence it can report; ACCEPTED: nothing comes later but failures */
};

/* What the person-level content is, already rendered. Owned by the engine until the callback. */
struct channel_notice {
    const char *locale;
    const char *subject; /* FORM_EMAIL, FORM_LETTER, FORM_BANNER (title): one line of UTF-8 */
    const char *html;    /* FORM_EMAIL, FORM_LETTER: a whole document */
    size_t html_length;
    const char *
        text; /* plain text with LF line ends; FORM_SMS: the whole message; FORM_BANNER: the body */
    size_t text_length;
    const char *line; /* FORM_BANNER: the one line shown */
};

/* One message to one person over one channel. Caller-owned: the engine embeds it in its own struct.
 */
struct channel_send {
    /* Set by the engine; all pointers are valid until the callback. */
    const char *token; /* this attempt; put it where it comes back */
    const char *key;   /* the same for all attempts at this person in this wave: Message-ID,
                          idempotency key */
    const char *name;  /* the person's name: only for ADDRESS_POSTAL, else NULL */
    const char *email; /* ADDRESS_EMAIL */
    const char *phone; /* ADDRESS_PHONE */
    const struct postal_address *postal; /* ADDRESS_POSTAL */
    const char *account;                 /* ADDRESS_ACCOUNT */
    const char *format; /* how the person reads, where this channel can honour it; else NULL */
    struct channel_notice notice;
    bool test; /* a test incident: test mode only */
    void (*cb)(struct channel_send *send, const struct outcome *outcome);

    /* The driver's, while the send is taken. */
    struct list node;
    atomic_bool stop; /* set by cancel(); looked at before the last byte */
    void *driver_state;
};

/* An incoming callback of a provider. All strings end with the call. */
struct channel_report {
    const char *method;
    const char *url; /* as the provider signed it: the public base URL + path + query */
    const char *(*header)(void *context, const char *name); /* NULL when absent; case-insensitive */
    const char *(*query)(void *context, const char *name);  /* decoded query parameter or NULL */
    void *context;
    const char *body;
    size_t body_length;
    time_ms now;
};

/* What a provider said about one attempt. */
enum report_kind { REPORT_EVIDENCE, REPORT_REQUEST, REPORT_PROGRESS, REPORT_STOP };
struct report_fact {
    enum report_kind kind; /* REQUEST: the person asks for a written notice: a case at the desk.
                              PROGRESS: counted, no receipt. STOP: the person wants no more
                              messages here: kept for all incidents */
    enum evidence evidence;
    enum blame blame;            /* for negative evidence */
    char token[TOKEN_TEXT_SIZE]; /* "" when the provider returned none: the fact cannot be placed */
    char phone[17];              /* of a STOP without a token: who said so, E.164; else "" */
    char provider_ref[96];
    char status[12]; /* RFC 3463 */
    int code;
    char diagnostic[192]; /* sealed, never logged */
    time_ms at;           /* the provider's time; TIME_NONE = it gave none */
};

/* The answer of parse_report, filled by the driver; `facts` in the arena. */
struct report_result {
    struct report_fact *facts;
    size_t n;
    const char
        *event_id;    /* the provider's id of this callback, for replay detection; NULL = none */
    int reply_status; /* 200, 204, ... what the provider wants to hear */
    const char *reply_type, *reply_body; /* may be NULL */
};

/* What open() gets. Pointers outlive the channel, except `config`, which ends with the call. */
struct channel_open {
    struct loop *loop;
    struct http_client *http;
    struct banner_board *board;
    const void *config; /* the driver's own struct, loaded by its schema and checked */
    const char
        *public_url; /* "https://notify.example.org", no trailing slash: where callbacks reach us */
    unsigned window; /* in-flight sends the engine will give at most */
};

/* ---- What is looked at before the night (see service/preflight). ---- */

enum channel_protocol { CHANNEL_HTTP, CHANNEL_HTTPS, CHANNEL_SMTP, CHANNEL_SMTP_STARTTLS };
/* Where the provider is spoken to. The texts are the configuration's and live as long. */
struct channel_endpoint {
    enum channel_protocol protocol;
    char host[254];
    unsigned port;
    const char *ca_file; /* NULL: the system's */
    bool lax;            /* mail may go there without a good certificate */
};
enum { CHANNEL_ENDPOINTS_MAX = 16 };
struct channel_reach {
    struct channel_endpoint endpoints[CHANNEL_ENDPOINTS_MAX];
    size_t n;
    char mail_domain[254];     /* whose SPF and DMARC count; "": no mail is sent */
    const char *helo;          /* the name this host gives; NULL: none */
    const char *dkim_selector; /* NULL: not configured */
};

/* Adds where an http(s) URL leads to; one that is none is left out. */
void channel_reach_add(struct channel_reach *reach, const char *url);

/* A report that says nothing of anybody, signed as the provider signs. In the arena. */
struct channel_sample {
    const char *query; /* to the report URL, with its "?"; NULL: none */
    const char *type, *body;
    size_t body_length;
    struct {
        const char *name, *value;
    } headers[4];
    size_t n_headers;
};

struct channel_driver {
    struct channel_facts facts;

    /* The YAML section of this driver: libcyaml mapping fields and the size of the struct they
     * fill. */
    const struct cyaml_schema_field *config_fields;
    size_t config_size;
    /* Pure. RESULT_INVALID with the key in error->field and a sentence. */
    enum result (*check_config)(const void *config, struct error *error);
    /* Pure. May this driver be given this address? (postal limits of the vendor, ...). The generic
     * checks were made. */
    enum result (*check_address)(const struct recipient *recipient, struct error *error);

    enum result (*open)(const struct channel_open *open, struct channel **ret_channel,
                        struct error *error);
    enum result (*send)(struct channel *channel, struct channel_send *const *sends, size_t n);
    void (*cancel)(struct channel *channel, struct channel_send *send);
    /* Optional. Asks the provider what became of send->key; send->cb comes with ACCEPTED/DELIVERED
     * (it has it), CANCELED (it certainly does not), DEFERRED (ask again later) or UNCERTAIN
     * (cannot be known). Taken as send(). */
    enum result (*query)(struct channel *channel, struct channel_send *send);
    /* Optional. RESULT_DENIED: bad signature or stale. RESULT_INVALID: malformed. */
    enum result (*parse_report)(const struct channel *channel, const struct channel_report *report,
                                struct arena *arena, struct report_result *ret,
                                struct error *error);
    /* `closed` comes once, on the loop, after all callbacks. The channel is gone then. */
    void (*close)(struct channel *channel, void (*closed)(void *context), void *context);

    /* Optional, pure. Where its configuration leads to; *ret is zeroed. */
    void (*reach)(const void *config, struct channel_reach *ret);
    /* Optional, pure. A progress report on `token`, as the provider would send it to `url`; false:
     * its secret is not here. */
    bool (*sample_report)(const struct channel *channel, const char *token, const char *url,
                          time_ms now, struct arena *arena, struct channel_sample *ret);
};

/* Every driver's instance starts with this. */
struct channel {
    const struct channel_driver *driver;
};

/* channels/registry.c: all drivers of this build, NULL-terminated. */
extern const struct channel_driver *const channel_drivers[];
/* By channel and provider name; NULL when there is none. */
const struct channel_driver *channel_driver_find(const char *channel, const char *provider);
