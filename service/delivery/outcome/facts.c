/* facts.c - token -> chunk and member -> the person's seed -> one transaction that merges the fact,
 * moves the counters and keeps the receipt. Late, duplicate and reordered facts are welcome:
 * member_merge decides what they change. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/facts.h"
#include "service/delivery/people/preference.h"
#include "service/delivery/person.h"
#include "service/delivery/plan/ladder.h"
#include "service/delivery/run/retries.h"

struct fact_work {
    struct delivery *delivery;
    struct fact_merge *fact;
    struct token token;
    struct arena *arena;
    struct store_chunk_get get;
    struct store_roster_read read;
    struct store_fact put;
    struct receipt_batch receipts;
    struct seal_key key;
    enum evidence sufficient; /* of the channel's rule */
    bool told, test;
    uint8_t known; /* what is known of the member so far */
    struct policy policy;
    struct brake_fact brake;
    struct brake_draw draws[4];
    char scopes[4][80];
    uint64_t read_at; /* delivery.n_judged when the chunk was asked for */
    struct loop_timer again;
    struct delivery_preference preference; /* what the fact says of the address */
    bool prefers;
};

enum { AGAIN_MS = 20 };

static void fact_finish(struct fact_work *work, enum result result, const struct error *error)
{
    struct fact_merge *fact = work->fact;
    fact->request.result = result;
    if (error != NULL)
        fact->request.error = *error;
    loop_timer_stop(&work->again);
    receipt_batch_free(&work->receipts);
    seal_key_wipe(&work->key);
    arena_destroy(&work->arena);
    mem_free(work);
    fact->request.cb(&fact->request);
}

static void on_preferred(struct delivery_request *request)
{
    struct delivery_preference *preference =
        container_of(request, struct delivery_preference, request);
    struct fact_work *work = container_of(preference, struct fact_work, preference);
    fact_finish(work, request->result, &request->error);
}

/* The provider is answered when this, too, is on disk: else it says both again. */
static void prefer_or_finish(struct fact_work *work)
{
    if (!work->prefers) {
        fact_finish(work, RESULT_OK, NULL);
        return;
    }
    work->preference.request.cb = on_preferred;
    delivery_preference(work->delivery, &work->preference);
}

static void on_put(struct store_request *request)
{
    struct store_fact *put = container_of(request, struct store_fact, request);
    struct fact_work *work = container_of(put, struct fact_work, put);
    struct active_wave *wave = schedule_find(work->delivery, work->get.wave_row.id);
    bool old_news = request->result == RESULT_EXISTS;
    if (request->result == RESULT_OK && put->changed) {
        work->fact->changed = true;
        work->delivery->stats.receipts++;
        struct run *run = wave == NULL ? NULL : run_find(wave, put->chunk);
        if (run != NULL) /* it may have been claimed while the fact was on its way */
            run_merge_fact(run, put->position, put->state);
        braking_fact_done(work->delivery, put->wave, &work->brake, put->draws, put->n_draws);
        if (put->reopened)
            work->get.wave_row.state = WAVE_SENDING;
        if (wave != NULL)
            schedule_poke(wave);
        else if (put->reopened)
            schedule_wave(work->delivery, &work->get.wave_row);
    }
    if (request->result == RESULT_OK || old_news)
        prefer_or_finish(work);
    else
        fact_finish(work, request->result, &request->error);
}

static uint8_t member_state_of(enum evidence evidence)
{
    static const uint8_t states[EVIDENCE_N] = {
        [EVIDENCE_HANDED_OVER] = MEMBER_ACCEPTED,      [EVIDENCE_ACCEPTED] = MEMBER_ACCEPTED,
        [EVIDENCE_DELIVERED] = MEMBER_DELIVERED,       [EVIDENCE_DISPLAYED] = MEMBER_DISPLAYED,
        [EVIDENCE_ACKNOWLEDGED] = MEMBER_ACKNOWLEDGED, [EVIDENCE_FAILED] = MEMBER_FAILED,
        [EVIDENCE_BOUNCED] = MEMBER_BOUNCED,           [EVIDENCE_RETURNED] = MEMBER_RETURNED,
    };
    return states[evidence];
}

/* The channel's driver and evidence rule, by the wave's stored policy. */
static const struct channel_driver *find_rule(struct fact_work *work)
{
    struct policy *policy = &work->policy;
    const struct chunk_row *chunk = &work->get.rows[0];
    work->sufficient = EVIDENCE_N;
    if (policy_read(policy, work->get.wave_row.policy, &work->delivery->config) != RESULT_OK ||
        chunk->channel >= policy->n_channels || policy->channels[chunk->channel].live < 0)
        return NULL;
    work->sufficient = policy->channels[chunk->channel].sufficient;
    work->test = policy->test;
    return work->delivery->config.channels[policy->channels[chunk->channel].live].driver;
}

/* This much is enough, and it was not known before: the person is told by this fact. */
static bool tells(const struct fact_work *work)
{
    uint8_t byte = work->known;
    return !evidence_negative(work->fact->evidence) && work->fact->evidence >= work->sufficient &&
           !(byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) && (byte & MEMBER_STATE_MASK) < MEMBER_FAILED;
}

static void add_receipts(struct fact_work *work, const struct person_opening *person)
{
    const struct fact_merge *fact = work->fact;
    const struct chunk_row *chunk = &work->get.rows[0];
    const struct channel_driver *driver = find_rule(work);
    struct receipt receipt = {
        .kind = RECEIPT_EVIDENCE,
        .at = fact->at > 0 ? fact->at : delivery_now(work->delivery),
        .incident = chunk->incident,
        .wave = chunk->wave,
        .channel = driver == NULL ? NULL : driver->facts.channel,
        .attempt = work->token.attempt,
        .outcome = -1,
        .evidence = fact->evidence,
        .in_account = driver != NULL && driver->facts.address == ADDRESS_ACCOUNT,
        .status = str_empty(fact->status) ? NULL : fact->status,
        .code = fact->code,
        .reason = fact->blame == BLAME_NONE ? NULL : blame_name(fact->blame),
        .seed = &person->seed,
        .recipient_id = person->recipient.recipient_id,
        .number = person->number,
        .provider = driver == NULL ? NULL : driver->facts.provider,
        .provider_ref = fact->provider_ref,
        .diagnostic = fact->diagnostic,
    };
    receipt_batch_free(&work->receipts);
    receipt_batch_init(&work->receipts, chunk->incident, chunk->wave, chunk->id);
    receipt_batch_add(&work->receipts, &work->key, &receipt);
    work->told = tells(work);
    if (work->told) {
        receipt.kind = RECEIPT_TOLD;
        receipt.reason = evidence_name(fact->evidence);
        receipt_batch_add(&work->receipts, &work->key, &receipt);
    }
    receipt_batch_finish(&work->receipts);
}

/* What it says of the provider, for the rates that stop a wave. */
static void count_fact(struct fact_work *work)
{
    const struct chunk_row *chunk = &work->get.rows[0];
    bool negative = evidence_negative(work->fact->evidence);
    work->brake = (struct brake_fact){.cohort = chunk->cohort,
                                      .channel = chunk->channel,
                                      .negative = negative,
                                      .blocked = negative && work->fact->blame == BLAME_PROVIDER,
                                      .first = (work->known & MEMBER_STATE_MASK) <= MEMBER_ACCEPTED,
                                      .day = delivery_now(work->delivery) / 86400000};
    if (chunk->channel >= work->policy.n_channels)
        return;
    work->put.draws = work->draws;
    work->put.n_draws =
        braking_fact(&work->policy, &work->get.wave_row, &work->brake, work->draws, work->scopes);
}

static void put_fact(struct fact_work *work)
{
    struct store_fact *put = &work->put;
    put->request.cb = on_put;
    put->chunk = work->token.chunk;
    put->position = work->token.position;
    put->state = member_state_of(work->fact->evidence) | (work->told ? MEMBER_TOLD : 0);
    put->at = delivery_now(work->delivery);
    put->event = work->fact->event;
    /* The question is answered: a chunk that waited for a person waits for evidence now. */
    put->wake = (work->known & MEMBER_STATE_MASK) == MEMBER_ASKED;
    put->receipts = &work->receipts;
    count_fact(work);
    struct active_wave *wave = schedule_find(work->delivery, work->get.rows[0].wave);
    struct run *run = wave == NULL ? NULL : run_find(wave, put->chunk);
    if (run != NULL) /* before the store has it: what the run writes next comes behind it */
        run_merge_fact(run, put->position, put->state);
    store_fact_put(work->delivery->config.store, put);
}

/* Was this chunk judged since it was read? What was read is no longer so. */
static bool judged_since(const struct fact_work *work)
{
    const struct delivery *delivery = work->delivery;
    uint64_t from = work->read_at;
    if (delivery->n_judged - from > JUDGED_KEPT)
        return true;
    for (; from < delivery->n_judged; from++)
        if (delivery->judged[from % JUDGED_KEPT] == work->token.chunk)
            return true;
    return false;
}

/* The facts of a chunk and the judgement about it must not pass each other: a person told by this
 * fact would be passed on as well, and told again. True: the fact begins anew a little later. */
static bool must_wait(struct fact_work *work)
{
    struct chunk_row *chunk = &work->get.rows[0];
    struct active_wave *wave = schedule_find(work->delivery, chunk->wave);
    struct run *run = wave == NULL ? NULL : run_find(wave, chunk->id);
    if ((run != NULL && run_is_judging(run)) || (run == NULL && judged_since(work))) {
        loop_timer_start(&work->again, AGAIN_MS);
        return true;
    }
    if (run != NULL)
        work->known = run_member(run, work->token.position);
    return false;
}

/* A dead address, or a STOP, outlives the incident; drills say nothing of anybody. */
static void note_address(struct fact_work *work, const struct recipient *recipient)
{
    const struct fact_merge *fact = work->fact;
    const struct channel_driver *driver = find_rule(work);
    const bool says = evidence_negative(fact->evidence) || fact->evidence == EVIDENCE_NONE;
    enum preference_word word;
    struct recipient to;
    struct seal_key key;
    work->prefers = false;
    if (driver == NULL || work->test || !says ||
        driver->facts.address >= (enum channel_address)CONTACT_KINDS_N ||
        !preference_of_blame(fact->blame, fact->evidence, &word))
        return;
    const enum contact_kind kind = (enum contact_kind)driver->facts.address;
    const unsigned address = work->get.rows[0].address;
    ladder_person(recipient, driver->facts.address, address, &to);
    if (address >= recipient_contacts(&to, kind))
        return;
    const struct contact contact = recipient_contact(&to, kind, address);
    work->prefers = true;
    work->preference = (struct delivery_preference){.change = true,
                                                    .want = {-1, -1, -1},
                                                    .source = word == PREFER_STOP ? "stop_reply"
                                                              : kind == CONTACT_POSTAL ? "returned"
                                                                                       : "bounce",
                                                    .incident = work->get.rows[0].incident};
    work->preference.want[word] = 1;
    preference_blind_key(work->delivery, &key);
    person_key_of_contact(&key, kind, &contact, &work->preference.key);
    seal_key_wipe(&key);
}

static void on_person(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct fact_work *work = container_of(read, struct fact_work, read);
    if (request->result != RESULT_OK) {
        fact_finish(work, request->result, &request->error);
        return;
    }
    if (must_wait(work))
        return;
    struct person_opening person = {
        .incident_key = &work->key, .read = read, .number = read->numbers[0], .arena = work->arena};
    if (person_open(work->delivery, &person) != RESULT_OK) {
        fact_finish(work, RESULT_OK, NULL); /* erased: nothing is kept about nobody */
        return;
    }
    note_address(work, &person.recipient);
    if (work->fact->evidence == EVIDENCE_NONE) {
        seal_key_wipe(&person.seed);
        prefer_or_finish(work);
        return;
    }
    add_receipts(work, &person);
    seal_key_wipe(&person.seed);
    put_fact(work);
}

/* The provider's word that a message is gone which we took back ourselves: no failure of the one
 * that goes instead. */
static bool was_taken_back(const struct fact_work *work, const struct chunk_row *chunk)
{
    struct retries retries;
    if (!evidence_negative(work->fact->evidence) || !retries_read(&retries, chunk->retries))
        return false;
    const struct retry *retry = retries_find(&retries, work->token.position);
    return retry != NULL && (retry->flags & RETRY_TAKEN_BACK_MASK) &&
           work->token.attempt <= retry->attempt;
}

static void on_chunk(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct fact_work *work = container_of(get, struct fact_work, get);
    const struct chunk_row *chunk = get->n > 0 ? &get->rows[0] : NULL;
    if (request->result != RESULT_OK) {
        fact_finish(work, request->result, &request->error);
        return;
    }
    if (chunk == NULL || work->token.position >= chunk->n ||
        !vault_unwrap(&work->delivery->vault, get->key, &work->key)) {
        fact_finish(work, RESULT_NOT_FOUND, NULL); /* the incident is gone */
        return;
    }
    work->known = chunk->progress[work->token.position];
    if (was_taken_back(work, chunk)) {
        fact_finish(work, RESULT_OK, NULL);
        return;
    }
    work->read.request.cb = on_person;
    work->read.request.arena = work->arena;
    work->read.incident = chunk->incident;
    work->read.numbers = &chunk->members[work->token.position];
    work->read.n_numbers = 1;
    store_roster_read(work->delivery->config.store, &work->read);
}

static void read_chunk(struct fact_work *work)
{
    memset(&work->get, 0, sizeof(work->get));
    memset(&work->read, 0, sizeof(work->read));
    work->read_at = work->delivery->n_judged;
    work->get.request.cb = on_chunk;
    work->get.request.arena = work->arena;
    work->get.chunk = work->token.chunk;
    store_chunk_get(work->delivery->config.store, &work->get);
}

static void on_again(struct loop_timer *timer)
{
    struct fact_work *work = container_of(timer, struct fact_work, again);
    seal_key_wipe(&work->key);
    arena_reset(work->arena);
    read_chunk(work);
}

void fact_merge(struct delivery *delivery, struct fact_merge *fact)
{
    struct fact_work *work = mem_new(struct fact_work);
    work->delivery = delivery;
    work->fact = fact;
    work->arena = arena_create(4 << 20);
    loop_timer_init(delivery->config.loop, &work->again, on_again);
    fact->changed = false;
    receipt_batch_init(&work->receipts, 0, 0, 0);
    if (!token_parse(&work->token, &delivery->token_key, fact->token))
        work->token.chunk = INT64_MAX; /* no such chunk: the store's callback says so */
    read_chunk(work);
}
