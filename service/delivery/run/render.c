/* render.c - on the render lane: opens the people of a batch and renders each one's notice for the
 * channel. A person that cannot be opened or whose text has a hole is refused with a word, never
 * sent. */
/* System. */
#include <string.h>

/* This module. */
#include "service/delivery/run/message_key.h"
#include "service/delivery/run/run_private.h"

enum { ENVELOPE_MAX = 40 }; /* what the strictest vendor takes as a name */

struct renderer {
    struct batch *batch;
    struct roster_codec *codec;
    struct notice_rendering rendering;
    const struct roster_block *block; /* whose seeds are open */
    struct seal_key seeds[ROSTER_BLOCK];
};

static const struct roster_block *find_block(const struct batch *batch, uint32_t number)
{
    for (size_t i = 0; i < batch->read.n; i++)
        if (batch->read.blocks[i].block == number / ROSTER_BLOCK)
            return &batch->read.blocks[i];
    return NULL;
}

static enum result open_person(struct renderer *renderer, struct batch_item *item,
                               struct recipient *ret_recipient)
{
    const struct roster_block *block = find_block(renderer->batch, item->number);
    unsigned slot = item->number % ROSTER_BLOCK;
    if (block == NULL)
        return RESULT_NOT_FOUND;
    if (block != renderer->block) {
        if (!roster_open_seeds(block, &renderer->batch->run->wave->dossier->key, renderer->seeds))
            return RESULT_INVALID;
        renderer->block = block;
    }
    item->seed = renderer->seeds[slot];
    return roster_open_person(renderer->codec, block, renderer->seeds, slot, renderer->batch->arena,
                              ret_recipient);
}

static const char *keep(struct batch *batch, const struct buf *text)
{
    return text->length == 0 ? NULL : arena_strndup(batch->arena, text->data, text->length);
}

static bool keep_rendering(struct renderer *renderer, struct batch_item *item,
                           const struct notice *notice)
{
    struct notice_rendering *from = &renderer->rendering;
    struct channel_notice *to = &item->send.notice;
    to->locale = notice_locale(notice);
    to->subject = keep(renderer->batch, &from->subject);
    to->line = keep(renderer->batch, &from->line);
    to->html = keep(renderer->batch, &from->html);
    to->html_length = from->html.length;
    to->text = keep(renderer->batch, &from->text);
    to->text_length = from->text.length;
    memcpy(item->digest, from->digest, DIGEST_SIZE);
    item->units = renderer->batch->run->driver->facts.form == FORM_SMS ? from->sms.parts : 1;
    return to->text != NULL;
}

static const char *render_notice(struct renderer *renderer, struct batch_item *item,
                                 const struct recipient *r)
{
    struct run *run = renderer->batch->run;
    struct notice_person person;
    const struct notice *notice = dossier_notice(run->wave->dossier, r->locale);
    if (notice == NULL)
        return "no_notice";
    if (!notice_values_of_person(renderer->batch->arena, r, &item->seed,
                                 run->wave->policy.data_types, &person))
        return "too_large";
    enum result result = notice_render(notice, notice_format_of(run->driver->facts.form), &person,
                                       &renderer->rendering);
    if (result == RESULT_INVALID)
        return "missing_field";
    if (result != RESULT_OK)
        return result == RESULT_TOO_LARGE ? "too_large" : "no_notice";
    return keep_rendering(renderer, item, notice) ? NULL : "too_large";
}

/* "Estate of Ann Example", unless no envelope has room for so much. */
static const char *envelope_name(const struct batch_item *item, const struct recipient *r)
{
    const char *line = item->send.notice.line;
    return line != NULL && strlen(line) <= ENVELOPE_MAX ? line : r->name;
}

static void fill_format(struct batch *batch, struct batch_item *item, const struct recipient *r)
{
    enum read_format format = recipient_format(r);
    if (format != FORMAT_STANDARD && ladder_gives(batch->run->driver, format))
        item->send.format = read_format_name(format);
}

/* Least data: each channel gets the one address it needs, and only paper a name. */
static void fill_address(struct batch *batch, struct batch_item *item, const struct recipient *r)
{
    struct postal_address *postal;
    switch (batch->run->driver->facts.address) {
    case ADDRESS_EMAIL:
        item->send.email = r->email;
        break;
    case ADDRESS_PHONE:
        item->send.phone = r->phone;
        break;
    case ADDRESS_POSTAL:
        postal = arena_new(batch->arena, struct postal_address);
        if (postal != NULL)
            *postal = r->address;
        item->send.postal = postal;
        item->send.name = envelope_name(item, r);
        break;
    case ADDRESS_ACCOUNT:
        item->send.account = r->account_id;
        break;
    case ADDRESS_N:
        break;
    }
}

static void fill_tokens(struct batch *batch, struct batch_item *item)
{
    const struct seal_key *key = &batch->run->wave->delivery->token_key;
    const struct token token = {batch->run->chunk.id, item->position, item->attempt};
    token_format(item->token, key, &token);
    const struct message_name name = {
        .wave = batch->run->chunk.wave,
        .channel = batch->run->chunk.channel,
        .address = batch->run->chunk.address,
        .recipient_id = item->recipient_id,
        .again = (uint8_t)((item->flags & RETRY_TAKEN_BACK_MASK) / RETRY_TAKEN_BACK)};
    message_key(item->key, key, &name);
    item->send.token = item->token;
    item->send.key = item->key;
    item->send.test = batch->run->wave->policy.test;
}

static void render_item(struct renderer *renderer, struct batch_item *item)
{
    struct batch *batch = renderer->batch;
    struct recipient person, r;
    enum result result = open_person(renderer, item, &person);
    if (result != RESULT_OK) {
        item->refused = result == RESULT_DENIED ? "erased" : "not_found";
        return;
    }
    ladder_person(&person, batch->run->driver->facts.address, batch->run->chunk.address, &r);
    item->recipient_id = r.recipient_id;
    item->address = ladder_address(batch->run->driver->facts.address, &r, batch->arena);
    item->refused = item->address == NULL ? "no_address" : render_notice(renderer, item, &r);
    fill_address(batch, item, &r);
    fill_format(batch, item, &r);
    fill_tokens(batch, item);
}

void batch_render(struct lane_job *job, unsigned thread)
{
    struct batch *batch = container_of(job, struct batch, job);
    struct renderer renderer = {.batch = batch,
                                .codec = batch->run->wave->delivery->codecs[thread]};
    notice_rendering_init(&renderer.rendering);
    for (unsigned i = 0; i < batch->n; i++)
        render_item(&renderer, &batch->items[i]);
    notice_rendering_free(&renderer.rendering);
    explicit_bzero(renderer.seeds, sizeof(renderer.seeds));
}
