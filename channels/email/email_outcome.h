/* email_outcome.h - from an SMTP reply to an outcome. Pure. */
#pragma once
#include <stdbool.h>

#include "tocsin/delivery.h"

/* Which command was answered. */
enum email_stage { STAGE_SESSION, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_DOT };

struct email_reply {
    int code;                   /* 250, 451, ...; 0 = none came */
    int class, subject, detail; /* RFC 3463; class 0 = none (then the text is looked at) */
    const char *text;           /* without code; may be NULL, may have several lines */
};

/* Fills kind, blame, status, code, provider_ref, diagnostic, retry_after_ms; `provider` stays "".
 * 2yz after the dot is ACCEPTED, 4yz DEFERRED, 5yz REJECTED, anything else DEFERRED. */
void email_outcome_reply(struct outcome *ret_outcome, enum email_stage stage,
                         const struct email_reply *reply);
/* An outcome of our own: no reply came. `status` is an RFC 3463 code, `text` fixed words. */
void email_outcome_own(struct outcome *ret_outcome, enum outcome_kind kind, enum blame blame,
                       const char *status, const char *text);
