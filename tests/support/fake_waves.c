/* fake_waves.c - holds, waves and changes as the engine would answer, without doing anything. */

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/duty/duty.h"
#include "service/delivery/hold/hold.h"
#include "service/delivery/wave/wave.h"
#include "tests/support/fake_delivery_private.h"

static struct wave_row wave_of(const struct fake_incident *it)
{
    return (struct wave_row){.id = 1, .incident = it->id, .ordinal = 1, .state = it->state};
}

void delivery_hold_place(struct delivery *fake, struct delivery_hold_place *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    bool whole = !req->scope.jurisdiction && !req->scope.channel && !req->scope.recipient_id;
    if (it && whole && it->state == WAVE_HELD) {
        fake_answer(fake, &req->request, RESULT_CONFLICT);
        return;
    }
    if (it && whole) {
        it->held_from = it->state;
        it->state = WAVE_HELD;
        it->asked_by = 0;
    }
    if (it) {
        it->hold = req->hold = id_new();
        req->wave = wave_of(it);
    }
    fake_answer(fake, &req->request, it ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_hold_lift(struct delivery *fake, struct delivery_hold_lift *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    bool asked = false;
    enum result result = !it || (req->hold && req->hold != it->hold) ? RESULT_NOT_FOUND
                         : req->by_fact                              ? RESULT_OK
                                        : fake_resume(it, req->principal, &asked);
    if (it)
        req->wave = wave_of(it);
    req->done = !asked;
    req->holds = 1;
    fake_answer(fake, &req->request, result);
}

void delivery_hold_list(struct delivery *fake, struct delivery_hold_list *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    req->n = it && it->hold ? 1 : 0;
    req->items = arena_new(req->request.arena, struct hold_view);
    if (it)
        *req->items = (struct hold_view){.row = {.id = it->hold,
                                                 .incident = it->id,
                                                 .number = -1,
                                                 .until = TIME_NONE,
                                                 .lifted_at = TIME_NONE},
                                         .reason = "because"};
    fake_answer(fake, &req->request, it ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_wave_open(struct delivery *fake, struct delivery_wave_open *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    req->row = (struct wave_row){.id = 2, .ordinal = 2, .kind = req->kind};
    fake_answer(fake, &req->request, it ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_incident_patch(struct delivery *fake, struct delivery_incident_patch *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    enum result result = !it                           ? RESULT_NOT_FOUND
                         : it->version != req->version ? RESULT_CONFLICT
                                                       : RESULT_OK;
    struct json_object *document = it ? json_tokener_parse(it->document) : NULL;
    if (result == RESULT_OK) {
        json_object_object_foreach(req->patch, name, value)
        {
            json_object_object_add(document, name, json_object_get(value));
        }
        if (!req->check(req->context, document))
            result = RESULT_INVALID;
    }
    if (result == RESULT_OK) {
        mem_free(it->document);
        it->document = mem_strdup(json_object_to_json_string(document));
        req->version = ++it->version;
        req->notice = it->version;
    }
    json_object_put(document);
    fake_answer(fake, &req->request, result);
}

void delivery_notices(struct delivery *fake, struct delivery_notices *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    req->rows = arena_new(req->request.arena, struct notice_version);
    req->n = 1;
    if (it)
        *req->rows = (struct notice_version){.version = 1, .author = it->author};
    fake_answer(fake, &req->request, it ? RESULT_OK : RESULT_NOT_FOUND);
}

/* ---- Duties. ---- */

void delivery_legal_plan(struct delivery *fake, struct delivery_legal_plan *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    req->json = "{\"obligations\":[]}";
    fake_answer(fake, &req->request, it ? RESULT_OK : RESULT_NOT_FOUND);
}

static const struct duty_row fake_duty = {.key = "US-MD.regulator",
                                          .jurisdiction = "US-MD",
                                          .addressee = 1,
                                          .blocks = true,
                                          .due_at = TIME_NONE,
                                          .told_at = TIME_NONE,
                                          .body = "{\"name\":\"the authority\"}"};

void delivery_duty(struct delivery *fake, struct delivery_duty *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    bool there = it && str_equal(req->key, fake_duty.key);
    req->row = fake_duty;
    req->row.incident = req->incident;
    req->row.state = req->override ? DUTY_OVERRIDDEN : DUTY_DONE;
    req->row.told_at = req->told_at;
    fake_answer(fake, &req->request, there ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_duty_list(struct delivery *fake, struct delivery_duty_list *req)
{
    req->rows = arena_new(req->request.arena, struct duty_row);
    *req->rows = fake_duty;
    req->n = 1;
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_not_notifying(struct delivery *fake, struct delivery_not_notifying *req)
{
    req->months = 60;
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}

size_t delivery_duty_clocks(const struct delivery *fake, const struct duty_clock **ret_clocks)
{
    static const struct duty_clock clock = {"US-MD", 1, 0};
    (void)fake;
    *ret_clocks = &clock;
    return 1;
}

const char *duty_addressee_name(int addressee)
{
    return addressee == 1 ? "regulator" : "unknown";
}
