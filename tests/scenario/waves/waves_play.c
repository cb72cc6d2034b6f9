/* waves_play.c - see the header. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "tests/scenario/waves/waves_play.h"

char *play_people(const char *prefix, unsigned n)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text,
                   "{\"recipient_id\":\"%s%u\",\"name\":\"P\",\"jurisdiction\":\"%s\",\"email\":"
                   "\"%s%u@a.example\"}\n",
                   prefix, i, i % 5 == 0 ? "US-TX" : "US-CA", prefix, i);
    char *copy = mem_strdup(text.data);
    buf_free(&text);
    return copy;
}

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static void wait_for(struct rig *rig, const bool *done)
{
    for (unsigned i = 0; i < 20000 && !*done; i++)
        rig_steps(rig, 1);
    require(*done);
}

struct incident_row play_incident(struct rig *rig, id incident)
{
    bool done = false;
    struct arena *arena = arena_create(4 << 20);
    struct delivery_incident_get get = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident};
    delivery_incident_get(rig->delivery, &get);
    wait_for(rig, &done);
    require(get.request.result == RESULT_OK);
    json_object_put(get.document);
    json_object_put(get.spec);
    struct incident_row row = get.row;
    row.key = row.document = row.title = (struct blob){NULL, 0};
    arena_destroy(&arena);
    return row;
}

enum result play_patch(struct rig *rig, id incident, const char *text)
{
    bool done = false;
    struct json_object *patch;
    require(json_read(text, strlen(text), &patch, NULL) == RESULT_OK);
    struct delivery_incident_patch req = {.request = {.cb = on_request, .private_state = &done},
                                          .incident = incident,
                                          .principal = PLAY_AUTHOR,
                                          .version = play_incident(rig, incident).version,
                                          .patch = patch,
                                          .reason = "found out"};
    delivery_incident_patch(rig->delivery, &req);
    wait_for(rig, &done);
    json_object_put(req.document);
    json_object_put(patch);
    return req.request.result;
}

enum result play_right(struct rig *rig, id incident)
{
    return play_patch(rig, incident, "{\"facts\":{\"what_happened\":\"RIGHTFACT it was.\"}}");
}

int play_wave(struct rig *rig, id incident, enum wave_kind kind, const char *text)
{
    bool done = false;
    struct json_object *spec = NULL;
    struct arena *arena = arena_create(1 << 20);
    if (text != NULL)
        require(json_read(text, strlen(text), &spec, NULL) == RESULT_OK);
    struct delivery_wave_open req = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident,
        .principal = PLAY_AUTHOR,
        .kind = kind,
        .not_before = TIME_NONE,
        .spec = spec};
    delivery_wave_open(rig->delivery, &req);
    wait_for(rig, &done);
    json_object_put(spec);
    arena_destroy(&arena);
    return req.request.result == RESULT_OK ? req.row.ordinal : 0;
}

static enum result act(struct rig *rig, struct delivery_act *req)
{
    bool done = false;
    req->request = (struct delivery_request){.cb = on_request, .private_state = &done};
    req->until = TIME_NONE;
    req->reason = "scenario";
    delivery_act(rig->delivery, req);
    wait_for(rig, &done);
    return req->request.result;
}

enum result play_act(struct rig *rig, id incident, int ordinal, enum delivery_verb verb,
                     id principal)
{
    struct delivery_act req = {
        .incident = incident, .ordinal = ordinal, .verb = verb, .principal = principal};
    return act(rig, &req);
}

enum result play_resume(struct rig *rig, id incident, int ordinal, int64_t notice)
{
    for (unsigned i = 0; i < 2; i++) {
        struct delivery_act req = {.incident = incident,
                                   .ordinal = ordinal,
                                   .verb = VERB_RESUME,
                                   .notice = notice,
                                   .principal = i == 0 ? PLAY_AUTHOR : PLAY_APPROVER};
        enum result result = act(rig, &req);
        if (result != RESULT_OK || !req.asked)
            return result;
    }
    return RESULT_INVALID;
}

enum result play_go(struct rig *rig, id incident, int ordinal)
{
    enum result result = play_act(rig, incident, ordinal, VERB_APPROVE, PLAY_APPROVER);
    return result != RESULT_OK ? result
                               : play_act(rig, incident, ordinal, VERB_RELEASE, PLAY_AUTHOR);
}

id play_hold(struct rig *rig, id incident, struct hold_scope scope, enum hold_kind kind)
{
    bool done = false;
    struct delivery_hold_place req = {.request = {.cb = on_request, .private_state = &done},
                                      .incident = incident,
                                      .principal = PLAY_AUTHOR,
                                      .scope = scope,
                                      .kind = kind,
                                      .reason = "scenario",
                                      .until = TIME_NONE};
    delivery_hold_place(rig->delivery, &req);
    wait_for(rig, &done);
    return req.request.result == RESULT_OK ? req.hold : 0;
}

static enum result lift(struct rig *rig, struct delivery_hold_lift *req)
{
    bool done = false;
    req->request = (struct delivery_request){.cb = on_request, .private_state = &done};
    delivery_hold_lift(rig->delivery, req);
    wait_for(rig, &done);
    return req->request.result;
}

enum result play_lift(struct rig *rig, id incident, id hold, id principal, bool *ret_done)
{
    struct delivery_hold_lift req = {.incident = incident, .hold = hold, .principal = principal};
    enum result result = lift(rig, &req);
    *ret_done = req.done;
    return result;
}

enum result play_fact(struct rig *rig, id incident, const char *jurisdiction)
{
    struct delivery_hold_lift req = {.incident = incident,
                                     .principal = PLAY_AUTHOR,
                                     .by_fact = true,
                                     .scope.jurisdiction = jurisdiction};
    return lift(rig, &req);
}

static struct wave_row wave_row(struct rig *rig, id incident, int ordinal, int64_t *ret_planned)
{
    bool done = false;
    struct wave_row row = {.id = 0};
    struct arena *arena = arena_create(4 << 20);
    struct delivery_incident_get get = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident};
    delivery_incident_get(rig->delivery, &get);
    wait_for(rig, &done);
    require(get.request.result == RESULT_OK);
    for (size_t i = 0; i < get.n_waves; i++) {
        const struct delivery_wave_view *view = &get.waves[i];
        if (view->row.ordinal != ordinal)
            continue;
        row = view->row;
        *ret_planned = 0;
        for (size_t k = 0; k < view->n_counters; k++)
            if (view->counters[k].channel == 0xff && view->counters[k].key == PEOPLE_PLANNED)
                *ret_planned = view->counters[k].value;
    }
    json_object_put(get.document);
    json_object_put(get.spec);
    arena_destroy(&arena);
    require(row.id != 0);
    return row;
}

enum wave_state play_state(struct rig *rig, id incident, int ordinal)
{
    int64_t planned;
    return wave_row(rig, incident, ordinal, &planned).state;
}

int64_t play_planned(struct rig *rig, id incident, int ordinal)
{
    int64_t planned;
    wave_row(rig, incident, ordinal, &planned);
    return planned;
}

struct play_got play_got(const struct rig *rig, const char *to)
{
    struct play_got got = {0};
    for (unsigned i = 0; i < rig->n_sent; i++) {
        const struct rig_sent *sent = &rig->sent[i];
        if (!str_equal(sent->to, to))
            continue;
        got.all++;
        got.wrong += sent->wrong;
        got.right += sent->right;
        got.mistake += sent->mistake;
    }
    return got;
}
