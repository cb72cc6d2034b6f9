/* letter.c - one letter to one person, outside the waves: a wave of one on the postal rung, created
 * in the transaction of the written-notice request that asks for it. From there it goes the same
 * way as all others. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/judge.h"
#include "service/delivery/people/wish_look.h"
#include "service/delivery/person.h"

struct letter {
    struct delivery *delivery;
    struct delivery_letter *req;
    struct person_load person;
    struct wish_look look;
    struct policy policy;
    struct buf policy_text;
    struct chunk_row chunk;
};

static void letter_finish(struct letter *letter, enum result result, const struct error *error)
{
    struct delivery_letter *req = letter->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    wish_look_free(&letter->look);
    person_unload(&letter->person);
    buf_free(&letter->policy_text);
    mem_free(letter);
    req->request.cb(&req->request);
}

static void on_stored(struct store_request *request)
{
    struct store_written_request *written =
        container_of(request, struct store_written_request, request);
    struct letter *letter = request->user;
    if (request->result == RESULT_OK) {
        const struct wave_row wave = {.id = written->row.wave,
                                      .incident = letter->req->incident,
                                      .kind = WAVE_WRITTEN_NOTICE,
                                      .state = WAVE_SENDING,
                                      .hold_until = TIME_NONE};
        schedule_wave(letter->delivery, &wave);
    }
    letter_finish(letter, request->result, &request->error);
}

/* Paper only, whatever the incident's ladder is. */
static bool postal_only(struct letter *letter)
{
    const struct delivery_config *config = &letter->delivery->config;
    const struct dossier *dossier = letter->person.dossier;
    struct policy *policy = &letter->policy;
    for (size_t i = 0; i < config->n_channels; i++) {
        const struct delivery_channel *channel = &config->channels[i];
        if (channel->driver->facts.address != ADDRESS_POSTAL)
            continue;
        *policy = dossier->policy;
        policy->brakes = (struct brakes){.start_at = TIME_NONE}; /* one person asked for it */
        policy->n_channels = policy->n_ladder = 1;
        policy->n_beside = 0;
        policy->ladder[0] = 0;
        policy->channels[0] = (struct policy_channel){.sufficient = channel->sufficient,
                                                      .settles = channel->settles,
                                                      .wait_ms = channel->wait_ms,
                                                      .live = (int)i};
        str_copy(policy->channels[0].channel, sizeof(policy->channels[0].channel),
                 channel->driver->facts.channel);
        str_copy(policy->channels[0].provider, sizeof(policy->channels[0].provider),
                 channel->driver->facts.provider);
        return true;
    }
    return false;
}

static void store_letter(struct letter *letter)
{
    struct delivery_letter *req = letter->req;
    struct store_written_request *written = req->written;
    const struct channel_driver *driver =
        letter->delivery->config.channels[letter->policy.channels[0].live].driver;
    policy_write(&letter->policy_text, &letter->policy);
    letter->chunk = (struct chunk_row){
        .incident = req->incident,
        .channel_name = letter->policy.channels[0].channel,
        .cohort = cohort_make(letter->person.arena, driver, &letter->person.recipient),
        .address = letter->chunk.address,
        .n = 1,
        .members = &req->number,
        .due_at = delivery_now(letter->delivery)};
    written->chunk = &letter->chunk;
    written->policy = (struct blob){letter->policy_text.data, letter->policy_text.length};
    written->request.cb = on_stored;
    written->request.user = letter;
    if (req->change)
        store_written_request_change(letter->delivery->config.store, written);
    else
        store_written_request_put(letter->delivery->config.store, written);
}

/* Which of the streets: the one that was asked for, else the first good one. */
static void on_looked(struct wish_look *look)
{
    struct letter *letter = container_of(look, struct letter, look);
    const struct person_load *person = &letter->person;
    const struct channel_driver *drivers[POLICY_CHANNELS_MAX] = {NULL};
    const int street = letter->req->street;
    struct ladder ladder;
    struct error error;
    if (look->result != RESULT_OK) {
        letter_finish(letter, look->result, NULL);
        return;
    }
    dossier_drivers(letter->delivery, &letter->policy, drivers);
    ladder_make(&ladder, &(struct ladder_question){.policy = &letter->policy,
                                                   .drivers = drivers,
                                                   .recipient = &person->recipient,
                                                   .wishes = wish_look_of(look, person->number),
                                                   .now = delivery_now(letter->delivery)});
    if (ladder.n_rungs == 0) {
        error_set(&error, RESULT_INVALID, "address",
                  "There is no postal address on file that a letter can be sent to (%s); ask the "
                  "person for one.",
                  ladder.reason[0]);
        letter_finish(letter, RESULT_INVALID, &error);
        return;
    }
    bool wanted = street >= 0 && street < CONTACTS_MAX && (ladder.good[0] >> street & 1);
    letter->chunk.address = wanted ? (uint8_t)street : ladder.rungs[0].address;
    store_letter(letter);
}

static void on_person(struct delivery_request *request)
{
    struct person_load *person = container_of(request, struct person_load, request);
    struct letter *letter = container_of(person, struct letter, person);
    struct error error;
    if (request->result != RESULT_OK) {
        letter_finish(letter, request->result, &request->error);
        return;
    }
    if (!postal_only(letter)) {
        error_set(&error, RESULT_UNAVAILABLE, NULL,
                  "No postal channel is configured; ask the operator to add one.");
        letter_finish(letter, RESULT_UNAVAILABLE, &error);
        return;
    }
    letter->look = (struct wish_look){
        .delivery = letter->delivery, .cb = on_looked, .recipient = &person->recipient};
    wish_look_start(&letter->look);
}

void delivery_letter(struct delivery *delivery, struct delivery_letter *req)
{
    struct letter *letter = mem_new(struct letter);
    letter->delivery = delivery;
    letter->req = req;
    buf_init(&letter->policy_text, SIZE_MAX);
    letter->person.request.cb = on_person;
    letter->person.incident = req->incident;
    letter->person.number = req->number;
    letter->person.newest = true; /* a letter says what is known now */
    person_load(delivery, &letter->person);
}
