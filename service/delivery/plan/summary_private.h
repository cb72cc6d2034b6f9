/* summary_private.h - a summary on its way: what the walk over the roster gathers (summary.c) and
 * what is written of it (summary_json.c). */
#pragma once
#include "service/delivery/people/wish_look.h"
#include "service/delivery/delivery_private.h"
#include "service/delivery/plan/counts.h"
#include "service/delivery/plan/fate.h"
#include "service/delivery/plan/summary.h"
#include "service/delivery/plan/variant.h"
#include "service/delivery/wave/audience.h"

enum { VARIANTS_MAX = 400, NOT_TOLD_MAX = 100 };

struct summary_work {
    struct delivery *delivery;
    struct delivery_summary *req;
    struct dossier_load load;
    struct dossier *dossier;
    const struct wave_row *wave;
    struct json_object *binding;
    uint8_t hash[DIGEST_SIZE];
    char hash_text[DIGEST_TEXT_SIZE];
    struct store_approvals approvals;
    struct audience_load who;
    struct store_roster_read read;
    struct lane_job job;
    struct wish_look look;
    struct delivery_note note;
    struct arena *store_arena, *blocks_arena, *person_arena;
    int64_t at;
    /* Gathered on the lane. */
    int64_t fates[FATE_WITHHELD + 1], unopened;
    int64_t first[POLICY_CHANNELS_MAX], most[POLICY_CHANNELS_MAX]; /* messages, by channel */
    struct counts cohorts;                                         /* "US-CA|en|email" */
    struct counts reasons;                                         /* "email: no_address" */
    struct counts variants;                                        /* by key; user: the sample */
    int64_t samples_left_out;
    struct json_object *not_told;
};

/* The answer; canonical text in the request's arena, NULL when it does not fit. */
const char *summary_write(struct summary_work *it);
