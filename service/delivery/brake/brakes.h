/* brakes.h - what brakes a wave: a document that is part of what is approved and hashed. Pure.
 *
 * {"budget":"1200.50","call_centre":true,"canary":100,"per_domain_hour":0,"per_hour":0,
 *  "per_provider_hour":0,"ramp":[1000,5000,20000],"seeds":true,"start_at":"2026-11-23T06:00:00Z",
 *  "stop":{"bounces":50,"complaints":3,"policy_blocks":5,"sample":100,"silence":true},
 *  "urgent":"why the night is no reason to wait"}
 *
 * Counts are messages; 0 is no bound. `bounces` and `complaints` are per mille. What is left out is
 * the configuration's. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

enum { BRAKES_RAMP_MAX = 12 };
/* Money is counted in millionths of the currency's unit: a text message costs parts of a cent. */
enum { MONEY_UNIT = 1000000 };

struct brakes {
    bool on;                       /* false: a wave of one, or a policy older than brakes */
    bool seeds;                    /* the configured addresses of our own get it first */
    int64_t canary;                /* recipients before a person says go on */
    int64_t ramp[BRAKES_RAMP_MAX]; /* messages in the first hour behind the canary, the second, ...;
                                      then all */
    unsigned n_ramp;
    int64_t per_hour;            /* of this wave, in any sixty minutes */
    int64_t per_provider_hour;   /* through one provider, whatever the wave */
    int64_t per_domain_hour;     /* to one big receiving domain, whatever the wave */
    time_ms start_at;            /* nothing leaves before; TIME_NONE */
    int64_t budget;              /* in MONEY_UNITs' parts */
    int64_t bounces, complaints; /* per mille of what was sent; 0: does not stop */
    int64_t sample;              /* no rate stops below this many sent */
    int64_t policy_blocks;       /* X.7.x against us, by provider and receiving domain */
    bool silence;                /* no reports where the provider used to report */
    bool call_centre;            /* at the pace of the call centre, in its hours */
    bool urgent;                 /* the recipients' night does not count; why is in the document */
};

/* What holds when neither the document nor the configuration says otherwise. */
void brakes_default(struct brakes *brakes);
/* `json` over `defaults`; NULL: the defaults. INVALID names the member ("/brakes/ramp/1"). */
enum result brakes_read(struct brakes *ret_brakes, struct json_object *json,
                        const struct brakes *defaults, struct error *error);
/* Canonical JSON, as it is hashed, stored and shown: without the words of `urgent`. */
bool brakes_write(struct buf *to, const struct brakes *brakes);
/* "12", "12.5", "0.0079" as parts of a unit; false: malformed, or above 9 billion. */
bool money_parse(const char *text, int64_t *ret_money);
/* "12.50", without needless zeros behind the second. */
char *money_format(char to[32], int64_t money);
