/* sim.h - the local provider: one program that plays Twilio, Lob, PostGrid and a Standard Webhooks
 * receiver. One thread answers (libmicrohttpd's), one sends callbacks (callback.c). Only
 * callback_add is shared. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "channels/common/form.h"
#include "channels/common/secret.h"

struct sim_options {
    int port; /* 0: any */
    const char *listen, *ledger, *letters, *callback_url;
    const char *twilio_account, *twilio_token;
    const char *lob_key, *lob_secret, *postgrid_key, *postgrid_secret, *hook_secret;
    const char *hook_report_secret;
    unsigned delay_ms, late_ms, hang_ms;
    unsigned limit_every, fail_before_every, fail_after_every;
    bool callbacks, duplicate, reorder, bad_signature, stale_signature, jwt, sync;
    bool suspended; /* the account: nothing is taken */
};
extern struct sim_options options;

struct sim_request {
    const char *method, *path; /* path without the query */
    struct buf body;
    struct arena *arena;
    void *connection; /* struct MHD_Connection */
};
struct sim_reply {
    unsigned status;
    struct buf body;
    const char *type;
    char retry_after[16]; /* "" = none */
    bool hang;
};
/* NULL when absent. */
const char *request_header(const struct sim_request *request, const char *name);
const char *request_query(const struct sim_request *request, const char *name);
/* Basic authentication: are user and password these? */
bool request_basic(const struct sim_request *request, const char *user, const char *password);

/* One accepted message. The number is its place; references are made of it. */
struct record {
    uint64_t number;
    char vendor; /* 't', 'l', 'p', 'h' */
    char *key;   /* found by record_find: To (twilio), idempotency key, webhook-id */
    char *json;  /* the object as the API shows it */
    uint8_t digest[32];
    bool deleted;
    struct record *chain;
};
/* Takes `json`. The oldest are forgotten past 200,000. */
struct record *record_add(char vendor, const char *key, char *json);
/* The next of this vendor and key, newest first; `after` NULL: the first. */
struct record *record_find(char vendor, const char *key, const struct record *after);
struct record *record_get(char vendor, uint64_t number);
struct record *record_last(void); /* for scans: numbers go down to 1 */
uint64_t record_next_number(void);

/* Appends one line to the ledger; NULL members are left out. */
struct ledger_line {
    const char *vendor, *ref, *key, *token, *to;
};
void ledger_add(const struct ledger_line *line);
/* Keeps a letter's HTML under its reference. */
void ledger_letter(const char *ref, const char *html, size_t length);

struct stats {
    unsigned long requests, accepted, repeated, refused, callbacks, callbacks_failed;
};
extern struct stats stats;

/* Callbacks. Strings are copied. `sign` adds headers when the time has come. */
struct callback {
    const char *url, *type, *body;
    enum { SIGN_TWILIO, SIGN_LOB, SIGN_POSTGRID, SIGN_HOOK } sign;
    char id[64];
    unsigned delay_ms;
};
void callback_start(void);
/* While it lasts nothing is told; what came up then is told later, as providers try again. */
void callback_silence(bool on);
void callback_add(const struct callback *callback);
void callback_stop(void); /* drops what is not due */

/* Steps of a message's life, told one by one: at delay_ms, 2 * delay_ms, ...; reversed when asked.
 */
unsigned step_delay(unsigned step, unsigned n);

/* The vendors. Each sets the reply. */
void twilio_handle(struct sim_request *request, struct sim_reply *reply);
void lob_handle(struct sim_request *request, struct sim_reply *reply);
void postgrid_handle(struct sim_request *request, struct sim_reply *reply);
void hook_handle(struct sim_request *request, struct sim_reply *reply);

/* "t=..." in a URL's query, or "". */
const char *url_token(struct arena *arena, const char *url);
bool ends_with(const char *text, const char *end);
/* Fields of a form, a multipart body or a JSON object (members of members as "to[name]"). */
enum result fields_read(struct sim_request *request, struct form *ret);
