/* preview.c - what exactly would be sent to one person over one channel. Sends nothing, binds
 * nothing. */
/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/judge.h"
#include "service/delivery/people/wish_look.h"
#include "service/delivery/person.h"
#include "service/delivery/plan/binding.h"

struct preview {
    struct delivery *delivery;
    struct delivery_preview *req;
    struct person_load person;
    struct ladder ladder;
    struct wish_look look;
    struct recipient to; /* whom it would go to */
};

static void preview_finish(struct preview *preview, enum result result, const struct error *error)
{
    struct delivery_preview *req = preview->req;
    req->request.result = result;
    if (result != RESULT_OK && error != NULL)
        req->request.error = *error;
    wish_look_free(&preview->look);
    person_unload(&preview->person);
    mem_free(preview);
    req->request.cb(&req->request);
}

/* [{"channel": "email", "reason": null}, ...] in the ladder's order, then those beside it. */
static const char *ladder_text(const struct preview *preview)
{
    const struct policy *policy = &preview->person.dossier->policy;
    const char *text;
    struct buf json;
    buf_init(&json, 8192);
    buf_puts(&json, "[");
    for (unsigned i = 0; i < policy->n_channels; i++) {
        const char *reason = preview->ladder.reason[i];
        buf_printf(&json, "%s{\"channel\":\"%s\",\"reason\":%s%s%s}", i ? "," : "",
                   policy->channels[i].channel, reason ? "\"" : "", str_or(reason, "null"),
                   reason ? "\"" : "");
    }
    buf_puts(&json, "]");
    text = arena_strndup(preview->req->request.arena, json.data, json.length);
    buf_free(&json);
    return text;
}

static const char *keep(struct arena *arena, const struct buf *text)
{
    return text->length == 0 ? NULL : arena_strndup(arena, text->data, text->length);
}

static const char *missing_text(struct arena *arena, const struct notice_missing *missing)
{
    const char *text = "";
    for (size_t i = 0; i < missing->n && text != NULL; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? "," : "", missing->names[i]);
    return text;
}

static enum result render(struct preview *preview, const struct notice *notice, unsigned channel)
{
    struct delivery_preview *req = preview->req;
    const struct dossier *dossier = preview->person.dossier;
    struct arena *arena = req->request.arena;
    struct notice_rendering out;
    struct notice_person person;
    if (!notice_values_of_person(arena, &preview->to, &preview->person.seed,
                                 dossier->policy.data_types, &person))
        return RESULT_TOO_LARGE;
    notice_rendering_init(&out);
    enum result result = notice_render(
        notice, notice_format_of(dossier->drivers[channel]->facts.form), &person, &out);
    if (result == RESULT_INVALID)
        req->missing = missing_text(arena, &out.missing);
    if (result == RESULT_OK) {
        req->subject = keep(arena, &out.subject);
        req->line = keep(arena, &out.line);
        req->text = keep(arena, &out.text);
        req->html = keep(arena, &out.html);
    }
    notice_rendering_free(&out);
    return result == RESULT_INVALID ? RESULT_OK : result;
}

static int channel_wanted(const struct preview *preview)
{
    const struct policy *policy = &preview->person.dossier->policy;
    if (preview->req->channel == NULL)
        return preview->ladder.n_rungs > 0 ? preview->ladder.rungs[0].channel : -1;
    for (unsigned i = 0; i < policy->n_channels; i++)
        if (str_equal(policy->channels[i].channel, preview->req->channel) &&
            preview->person.dossier->drivers[i] != NULL)
            return (int)i;
    return -1;
}

static unsigned first_good(const struct ladder *ladder, int channel)
{
    unsigned i = 0;
    while (i < CONTACTS_MAX - 1 && !(ladder->good[channel] >> i & 1))
        i++;
    return ladder->good[channel] == 0 ? 0 : i;
}

static void show(struct preview *preview)
{
    struct delivery_preview *req = preview->req;
    struct dossier *dossier = preview->person.dossier;
    struct error error;
    uint8_t hash[DIGEST_SIZE];
    int channel = channel_wanted(preview);
    enum result result = dossier_check(dossier, &error);
    if (result != RESULT_OK) {
        preview_finish(preview, result, &error);
        return;
    }
    struct json_object *binding = binding_make(preview->delivery, dossier, &dossier->waves[0]);
    binding_hash(binding, req->approval_hash, hash);
    json_object_put(binding);
    req->ladder = ladder_text(preview);
    if (channel < 0) {
        result = req->channel == NULL
                     ? RESULT_OK
                     : error_set(&error, RESULT_INVALID, "channel",
                                 "This incident does not use such a channel; leave it out to see "
                                 "the person's first one.");
        preview_finish(preview, result, &error);
        return;
    }
    const struct notice *notice = dossier_notice(dossier, preview->person.recipient.locale);
    req->channel = arena_strdup(req->request.arena, dossier->policy.channels[channel].channel);
    req->locale = arena_strdup(req->request.arena, notice_locale(notice));
    const enum channel_address kind = dossier->drivers[channel]->facts.address;
    ladder_person(&preview->person.recipient, kind, first_good(&preview->ladder, channel),
                  &preview->to);
    const char *to = ladder_address(kind, &preview->to, req->request.arena);
    req->to = to == NULL ? NULL : arena_strdup(req->request.arena, to);
    hex_encode(req->notice_digest, notice_digest(notice), DIGEST_SIZE);
    preview_finish(preview, render(preview, notice, (unsigned)channel), &error);
}

static void on_looked(struct wish_look *look)
{
    struct preview *preview = container_of(look, struct preview, look);
    const struct person_load *person = &preview->person;
    if (look->result != RESULT_OK) {
        preview_finish(preview, look->result, NULL);
        return;
    }
    ladder_make(&preview->ladder,
                &(struct ladder_question){.policy = &person->dossier->policy,
                                          .drivers = person->dossier->drivers,
                                          .recipient = &person->recipient,
                                          .wishes = wish_look_of(look, person->recipient.number),
                                          .now = delivery_now(preview->delivery)});
    show(preview);
}

static void on_person(struct delivery_request *request)
{
    struct person_load *person = container_of(request, struct person_load, request);
    struct preview *preview = container_of(person, struct preview, person);
    if (request->result != RESULT_OK) {
        preview_finish(preview, request->result, &request->error);
        return;
    }
    preview->look = (struct wish_look){
        .delivery = preview->delivery, .cb = on_looked, .recipient = &person->recipient};
    wish_look_start(&preview->look);
}

void delivery_preview(struct delivery *delivery, struct delivery_preview *req)
{
    struct preview *preview = mem_new(struct preview);
    preview->delivery = delivery;
    preview->req = req;
    preview->person.request.cb = on_person;
    preview->person.incident = req->incident;
    preview->person.ordinal = req->ordinal;
    preview->person.recipient_id = req->recipient_id;
    person_load(delivery, &preview->person);
}
