/* hold_back.c - a release where a regulator must be told before the people: that jurisdiction is
 * held by an order rule, one hold each, and the others go. It ends by itself when the duty is
 * marked done (decide.c). A hold that is there already is not placed twice. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/duty/plan_private.h"

enum { REASON_MAX = 300 };

static bool is_held(const struct legal_plan *it, const char *jurisdiction)
{
    for (size_t i = 0; i < it->holds.n; i++) {
        const struct hold_row *row = &it->holds.items[i].row;
        if (row->kind == HOLD_ORDER_RULE && row->state != HOLD_LIFTED &&
            (row->wave == 0 || row->wave == it->req->wave) &&
            str_equal(row->jurisdiction, jurisdiction))
            return true;
    }
    return false;
}

/* Only where there are people: an authority may sit in another place. */
static bool has_people(const struct legal_plan *it, const char *jurisdiction)
{
    const struct census *census = &it->census.census;
    for (size_t i = 0; i < census->n; i++)
        if (str_equal(census->places[i].jurisdiction, jurisdiction))
            return true;
    return false;
}

static bool held_before(const struct legal_plan *it, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (plan_waits(it, k) &&
            str_equal(it->law.obligations[k].jurisdiction, it->law.obligations[i].jurisdiction))
            return true;
    return false;
}

static void on_placed(struct delivery_request *request)
{
    struct delivery_hold_place *place = container_of(request, struct delivery_hold_place, request);
    struct legal_plan *it = container_of(place, struct legal_plan, place);
    if (request->result != RESULT_OK) {
        plan_end(it, request->result, &request->error);
        return;
    }
    log_info("order_rule_holds", LOG_TEXT("jurisdiction", place->scope.jurisdiction));
    plan_hold_back(it);
}

static void place(struct legal_plan *it, size_t i)
{
    const struct law_obligation *o = &it->law.obligations[i];
    const char *reason =
        arena_printf(it->arena, "%s must be told first (%s); mark the duty %s done", o->name,
                     o->citation, it->keys[i]);
    if (reason == NULL || strlen(reason) > REASON_MAX)
        reason = "the regulator must be told first";
    it->req->held++;
    it->req->held_text =
        it->req->held == 1
            ? arena_strdup(it->arena, o->jurisdiction)
            : arena_printf(it->arena, "%s, %s", str_or(it->req->held_text, ""), o->jurisdiction);
    it->place = (struct delivery_hold_place){
        .request = {.cb = on_placed, .arena = it->arena},
        .incident = it->req->incident,
        .principal = it->req->principal,
        .scope = {.wave = it->req->wave, .jurisdiction = o->jurisdiction},
        .kind = HOLD_ORDER_RULE,
        .reason = reason,
        .until = TIME_NONE};
    delivery_hold_place(it->delivery, &it->place);
}

void plan_hold_back(struct legal_plan *it)
{
    while (it->next < it->law.n_obligations) {
        const size_t i = it->next++;
        const char *jurisdiction = it->law.obligations[i].jurisdiction;
        if (plan_waits(it, i) && has_people(it, jurisdiction) && !held_before(it, i) &&
            !is_held(it, jurisdiction)) {
            place(it, i);
            return;
        }
    }
    plan_end(it, RESULT_OK, NULL);
}
