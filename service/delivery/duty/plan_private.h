/* plan_private.h - a plan of duties on its way. For this folder only. */
#pragma once
#include "service/delivery/delivery_private.h"
#include "service/delivery/duty/duty.h"
#include "service/delivery/duty/legal_facts.h"
#include "service/law/law.h"

struct legal_plan {
    struct delivery *delivery;
    struct delivery_legal_plan *req;
    struct dossier_load load;
    struct dossier *dossier;
    struct delivery_hold_list holds;
    struct store_duty_list before;
    struct census_take census;
    struct store_duty_plan put;
    struct receipt_batch receipts;
    struct arena *arena;
    struct json_object *document; /* the facts, as the law reads them */
    struct law_facts facts;
    struct law_result law;
    bool evaluated;
    struct duty_row *rows; /* one an obligation, by its index; key NULL: not asked for */
    const char **keys;     /* of each obligation */
    struct delivery_hold_place place;
    size_t next; /* obligation to hold back for */
};

/* plan_json.c: fills keys and rows; false: no room. */
bool plan_rows(struct legal_plan *it);
/* The state that is known of the i-th obligation; NULL: it is new. */
const struct duty_row *plan_before(const struct legal_plan *it, size_t i);
/* Do people wait for the i-th obligation now? */
bool plan_waits(const struct legal_plan *it, size_t i);
/* In the request's arena; NULL: no room. */
const char *plan_write(struct legal_plan *it);

/* hold_back.c: then plan_end(). */
void plan_hold_back(struct legal_plan *it);
/* legal_plan.c */
void plan_end(struct legal_plan *it, enum result result, const struct error *error);
