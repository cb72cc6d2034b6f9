/* escalate.c - judges the members of a chunk on the evidence there is: told, passed on to the next
 * rung, or waiting.
 *
 * Runs when all sends are done, again when the time for evidence is over, and whenever a late fact
 * wakes the chunk. Receipts and the next rung need the people themselves: they are opened on the
 * render lane. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/delivery/restore/restore.h"
#include "service/delivery/people/wish_look.h"
#include "service/delivery/run/run_private.h"

/* The people of one judgement may lie in as many blocks of the roster: each is read whole. */
enum { JUDGE_MOST = 200, ARENA_MAX = 256 << 20 };

/* Nobody resumes for ten years: then the chunk looks again. */
#define KEPT_MS (INT64_C(3652) * 86400000)

struct judgement {
    struct run *run;
    bool final;   /* ends the run; else sending or judging goes on behind it */
    bool intents; /* about what a dead process left open */
    struct verdict verdicts[CHUNK_MEMBERS];
    unsigned n;
    uint32_t numbers[CHUNK_MEMBERS];
    struct member_change changes[CHUNK_MEMBERS];
    int64_t *drop;
    size_t n_drop;
    struct arena *arena, *person_arena;
    struct store_roster_read read;
    struct lane_job job;
    struct wish_look look;
    struct store_chunk_record record;
    struct cut cut;
    struct wave_counter people[PEOPLE_KEYS_N];
    struct receipt_batch receipts;
    struct buf retries;
    struct blob retries_blob;
    time_ms now;
};

static struct judgement *judgement_new(struct run *run, bool final)
{
    struct judgement *j = mem_new(struct judgement);
    j->run = run;
    j->final = final;
    j->now = delivery_now(run->wave->delivery);
    j->arena = arena_create(ARENA_MAX);
    j->person_arena = arena_create(1 << 20);
    cut_init(&j->cut, CHUNK_MEMBERS);
    receipt_batch_init(&j->receipts, run->chunk.incident, run->chunk.wave, run->chunk.id);
    buf_init(&j->retries, SIZE_MAX);
    for (unsigned i = 0; i < PEOPLE_KEYS_N; i++)
        j->people[i] = (struct wave_counter){run->chunk.wave, 0xff, (uint8_t)i, 0};
    run->judgement = j;
    run->rejudge = false;
    return j;
}

static void judgement_free(struct judgement *j)
{
    j->run->judgement = NULL;
    receipt_batch_free(&j->receipts);
    buf_free(&j->retries);
    cut_free(&j->cut);
    wish_look_free(&j->look);
    mem_free(j->drop);
    arena_destroy(&j->person_arena);
    arena_destroy(&j->arena);
    mem_free(j);
}

static void decide(struct judgement *j, struct verdict verdict)
{
    j->numbers[j->n] = j->run->members[verdict.position];
    j->verdicts[j->n++] = verdict;
}

/* ---- On the lane: receipts, and who goes where next. ---- */

struct judge_person {
    struct judgement *j;
    const struct verdict *verdict;
    const struct recipient *recipient;
    const struct seal_key *seed;
};

static void add_receipt(const struct judge_person *p, enum receipt_kind kind,
                        struct json_object *facts)
{
    struct run *run = p->j->run;
    bool uncertain = p->verdict->kind == VERDICT_UNCERTAIN || p->verdict->kind == VERDICT_KNOWN;
    const struct receipt receipt = {
        .kind = kind,
        .at = p->j->now,
        .incident = run->chunk.incident,
        .wave = run->chunk.wave,
        .channel = run->driver->facts.channel,
        .attempt = p->verdict->attempt,
        .outcome = uncertain ? (int)OUTCOME_UNCERTAIN : -1,
        .evidence = EVIDENCE_NONE,
        .reason = p->verdict->reason,
        .facts = facts,
        .seed = p->seed,
        .recipient_id = p->recipient->recipient_id,
        .number = p->recipient->number,
    };
    receipt_batch_add(&p->j->receipts, &run->wave->dossier->key, &receipt);
}

/* A step further; the last number stands for all beyond it. */
static uint8_t next_step(uint8_t rung)
{
    uint8_t step = rung & RUNG_STEP;
    return (uint8_t)((rung & (uint8_t)~RUNG_STEP) | (step < RUNG_STEP ? step + 1 : step));
}

static void add_next(const struct judge_person *p, struct ladder_rung next)
{
    const struct channel_driver *driver = p->j->run->wave->drivers[next.channel];
    struct recipient to;
    ladder_person(p->recipient, driver->facts.address, next.address, &to);
    const struct cut_entry entry = {
        .cohort = cohort_make(p->j->arena, driver, &to),
        .number = p->recipient->number,
        .channel = next.channel,
        .address = next.address,
        .rung = next_step(p->j->run->chunk.rung),
    };
    cut_add(&p->j->cut, entry);
}

static void pass_on(const struct judge_person *p)
{
    struct run *run = p->j->run;
    struct active_wave *wave = run->wave;
    struct ladder ladder;
    if (run->chunk.rung & RUNG_BESIDE) { /* beside the ladder: the ladder goes its own way */
        add_receipt(p, RECEIPT_ESCALATED, NULL);
        return;
    }
    ladder_make(&ladder,
                &(struct ladder_question){.policy = &wave->policy,
                                          .drivers = wave->drivers,
                                          .recipient = p->recipient,
                                          .wishes = wish_look_of(&p->j->look, p->recipient->number),
                                          .now = p->j->now,
                                          .under_way = true,
                                          .paper = run->chunk.rung & RUNG_PAPER});
    const struct ladder_rung at = {run->chunk.channel, run->chunk.address};
    struct ladder_rung next;
    bool more = ladder_next(&ladder, &wave->policy, at, &next);
    struct json_object *facts =
        more ? json_object_new_object() : ladder_reasons(&ladder, &wave->policy);
    if (!more) {
        p->j->people[PEOPLE_UNREACHABLE].value++;
        add_receipt(p, RECEIPT_UNREACHABLE, facts);
    } else {
        json_object_object_add(facts, "next",
                               json_object_new_string(wave->policy.channels[next.channel].channel));
        if (next.channel == at.channel)
            json_object_object_add(facts, "another_address", json_object_new_boolean(true));
        add_receipt(p, RECEIPT_ESCALATED, facts);
        add_next(p, next);
    }
    json_object_put(facts);
}

static void judge_person(const struct judge_person *p)
{
    switch ((enum verdict_kind)p->verdict->kind) {
    case VERDICT_TOLD:
        add_receipt(p, RECEIPT_TOLD, NULL);
        break;
    case VERDICT_PASS_ON:
        pass_on(p);
        break;
    case VERDICT_UNCERTAIN:
    case VERDICT_KNOWN:
        add_receipt(p, RECEIPT_ATTEMPT, NULL);
        break;
    }
}

static void judge_work(struct lane_job *job, unsigned thread)
{
    struct judgement *j = container_of(job, struct judgement, job);
    struct roster_codec *codec = j->run->wave->delivery->codecs[thread];
    struct seal_key seeds[ROSTER_BLOCK];
    const struct roster_block *open = NULL;
    size_t at = 0;
    for (unsigned i = 0; i < j->n; i++) {
        uint32_t number = j->numbers[i];
        while (at < j->read.n && j->read.blocks[at].block < number / ROSTER_BLOCK)
            at++;
        if (at == j->read.n)
            break;
        const struct roster_block *block = &j->read.blocks[at];
        if (block != open && !roster_open_seeds(block, &j->run->wave->dossier->key, seeds))
            continue;
        open = block;
        struct recipient r;
        arena_reset(j->person_arena);
        if (roster_open_person(codec, block, seeds, number % ROSTER_BLOCK, j->person_arena, &r) !=
            RESULT_OK)
            continue; /* erased: nobody is there to tell */
        judge_person(&(struct judge_person){j, &j->verdicts[i], &r, &seeds[number % ROSTER_BLOCK]});
    }
    explicit_bzero(seeds, sizeof(seeds));
    const struct chunk_row like = {
        .incident = j->run->chunk.incident, .wave = j->run->chunk.wave, .due_at = j->now};
    cut_chunks(&j->cut, &like, j->arena);
    policy_name_channels(&j->run->wave->policy, j->cut.chunks, j->cut.n_chunks);
    restore_doubt(j->run->wave, &j->cut);
    receipt_batch_finish(&j->receipts);
}

/* ---- On the loop: the record. ---- */

static void run_finish(struct run *run, enum result result)
{
    run->lost = run->lost || result != RESULT_OK;
    run->ending = false;
    run->ended = true;
    run_pump(run);
}

static void on_recorded(struct store_request *request)
{
    struct store_chunk_record *record = container_of(request, struct store_chunk_record, request);
    struct judgement *j = container_of(record, struct judgement, record);
    struct run *run = j->run;
    bool final = j->final;
    enum result result = request->result;
    struct delivery *delivery = run->wave->delivery;
    delivery->judged[delivery->n_judged++ % JUDGED_KEPT] = run->chunk.id;
    delivery->stats.escalations += j->cut.n_entries;
    judgement_free(j);
    if (final) {
        run_finish(run, result);
        return;
    }
    if (result != RESULT_OK)
        run->lost = true;
    run_pump(run);
}

static bool is_waiting(uint8_t byte)
{
    uint8_t state = byte & MEMBER_STATE_MASK;
    return !(byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) && state >= MEMBER_ACCEPTED &&
           state <= MEMBER_ACKNOWLEDGED;
}

/* The retry of somebody who is held comes when he is not held any more. */
static time_ms due_of_retries(const struct run *run)
{
    const time_ms late = delivery_now(run->wave->delivery) + KEPT_MS;
    time_ms due = TIME_NONE;
    for (unsigned i = 0; i < run->retries.n; i++) {
        const struct retry *retry = &run->retries.list[i];
        time_ms at = run->kept[retry->position] && retry->due_at < late ? late : retry->due_at;
        if (due == TIME_NONE || at < due)
            due = at;
    }
    return due;
}

/* When the chunk wants to be looked at again; TIME_NONE: never. */
static time_ms next_due(const struct run *run)
{
    time_ms due = due_of_retries(run);
    bool waits = false, open = false, kept = false;
    for (unsigned i = 0; i < run->chunk.n; i++) {
        uint8_t state = run->progress[i] & MEMBER_STATE_MASK;
        waits = waits || is_waiting(run->progress[i]);
        bool sends = state < MEMBER_ACCEPTED && !(run->progress[i] & MEMBER_PASSED_ON);
        open = open || sends;
        kept = kept || (sends && run->kept[i]);
    }
    if (waits && run->retries.evidence_until > 0 &&
        (due == TIME_NONE || run->retries.evidence_until < due))
        due = run->retries.evidence_until;
    time_ms now = delivery_now(run->wave->delivery);
    if (due == TIME_NONE && open) /* who is held waits until the store wakes the chunk */
        due = now + (kept ? KEPT_MS : 0);
    if (run->stays && (due == TIME_NONE || due <= now)) /* a person wakes it before */
        due = now + BRAKE_PARK_MS;
    return due;
}

static void set_final_state(struct judgement *j)
{
    struct run *run = j->run;
    time_ms due = next_due(run);
    j->record.state = due == TIME_NONE ? CHUNK_DONE : CHUNK_WAITING;
    j->record.due_at = due == TIME_NONE ? j->now : due;
    j->record.lease_until = TIME_NONE;
    run->ending = true;
}

/* Our own crash is no answer of a provider: it takes nobody's retry away, or two crashes in a row
 * would leave whole batches to people's verdicts. Bounded, as a message itself may be what kills
 * us. */
static uint8_t change_of(struct judgement *j, const struct verdict *verdict)
{
    struct run *run = j->run;
    uint8_t state = run->progress[verdict->position] & MEMBER_STATE_MASK;
    switch ((enum verdict_kind)verdict->kind) {
    case VERDICT_TOLD:
        return state | MEMBER_TOLD;
    case VERDICT_PASS_ON:
        return state | MEMBER_PASSED_ON;
    case VERDICT_KNOWN:
        return state;
    case VERDICT_UNCERTAIN:
        return run_uncertain(
            run, verdict->position, verdict->attempt,
            verdict->attempt < run->wave->delivery->config.retry_limit ? 0 : RETRY_WAS_UNCERTAIN);
    }
    panic("verdict %u", verdict->kind);
}

static void judgement_record(struct judgement *j)
{
    struct run *run = j->run;
    struct delivery *delivery = run->wave->delivery;
    struct store_chunk_record *record = &j->record;
    memset(record, 0, sizeof(*record));
    for (unsigned i = 0; i < j->n; i++) {
        uint16_t position = j->verdicts[i].position;
        uint8_t state = change_of(j, &j->verdicts[i]);
        j->changes[i] = (struct member_change){position, state};
        run->progress[position] = member_merge(run->progress[position], state);
    }
    record->state = -1;
    record->at = j->now;
    record->lease_until = j->now + delivery->config.lease_ms;
    if (j->final)
        set_final_state(j);
    retries_write(&j->retries, &run->retries);
    j->retries_blob = (struct blob){j->retries.data, j->retries.length};
    record->request.cb = on_recorded;
    record->chunk = run->chunk.id;
    record->gen = run->chunk.gen;
    record->intents_drop = j->drop;
    record->n_intents_drop = j->n_drop;
    record->changes = j->changes;
    record->n_changes = j->n;
    record->retries = &j->retries_blob;
    record->next = j->cut.chunks;
    record->n_next = j->cut.n_chunks;
    record->people = j->people;
    record->n_people = PEOPLE_KEYS_N;
    record->receipts = j->receipts.n > 0 ? &j->receipts : NULL;
    delivery->stats.receipts += j->receipts.n;
    store_chunk_record(delivery->config.store, record);
}

static void on_judged(struct lane_job *job)
{
    struct judgement *j = container_of(job, struct judgement, job);
    struct run *run = j->run;
    if (!run->rejudge || j->intents) {
        judgement_record(j);
        return;
    }
    judgement_free(j);
    run_pump(run);
}

static void judgement_fail(struct judgement *j)
{
    struct run *run = j->run;
    judgement_free(j);
    run->lost = true;
    run_pump(run);
}

static void judgement_submit(struct judgement *j)
{
    j->job.work = judge_work;
    j->job.done = on_judged;
    lane_submit(j->run->wave->delivery->render, &j->job);
}

static bool passes_on(const struct judgement *j)
{
    for (unsigned i = 0; i < j->n; i++)
        if (j->verdicts[i].kind == VERDICT_PASS_ON)
            return !(j->run->chunk.rung & RUNG_BESIDE);
    return false;
}

static void on_looked(struct wish_look *look)
{
    struct judgement *j = container_of(look, struct judgement, look);
    if (look->result == RESULT_OK)
        judgement_submit(j);
    else
        judgement_fail(j);
}

static void look_for_wishes(struct judgement *j)
{
    j->look = (struct wish_look){.delivery = j->run->wave->delivery,
                                 .cb = on_looked,
                                 .incident_key = &j->run->wave->dossier->key,
                                 .blocks = j->read.blocks,
                                 .n_blocks = j->read.n,
                                 .numbers = j->numbers,
                                 .n_numbers = j->n};
    wish_look_start(&j->look);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct judgement *j = container_of(read, struct judgement, read);
    if (request->result != RESULT_OK) {
        judgement_fail(j);
        return;
    }
    if (passes_on(j)) /* what became known of the people since the plan */
        look_for_wishes(j);
    else
        judgement_submit(j);
}

static void judgement_go(struct judgement *j)
{
    if (j->n == 0) {
        receipt_batch_finish(&j->receipts);
        judgement_record(j);
        return;
    }
    j->read.request.cb = on_read;
    j->read.request.arena = j->arena;
    j->read.incident = j->run->chunk.incident;
    j->read.numbers = j->numbers;
    j->read.n_numbers = j->n;
    store_roster_read(j->run->wave->delivery->config.store, &j->read);
}

/* ---- The verdicts. ---- */

static enum evidence evidence_of(uint8_t byte)
{
    static const enum evidence evidence[MEMBER_STATES_N] = {
        [MEMBER_ACCEPTED] = EVIDENCE_ACCEPTED,   [MEMBER_DELIVERED] = EVIDENCE_DELIVERED,
        [MEMBER_DISPLAYED] = EVIDENCE_DISPLAYED, [MEMBER_ACKNOWLEDGED] = EVIDENCE_ACKNOWLEDGED,
        [MEMBER_FAILED] = EVIDENCE_FAILED,       [MEMBER_BOUNCED] = EVIDENCE_BOUNCED,
        [MEMBER_RETURNED] = EVIDENCE_RETURNED,
    };
    unsigned state = byte & MEMBER_STATE_MASK;
    return state < MEMBER_STATES_N ? evidence[state] : EVIDENCE_NONE;
}

/* Its channel stopped by itself: the next rung waits for a person, or a broken callback URL would
 * mail a letter to everybody. */
static bool must_stay(struct run *run, bool refused)
{
    if (run->stays || refused || run->heard)
        return run->stays;
    run->stays = braking_silence(run);
    run->heard = !run->stays;
    return run->stays;
}

static void look_at_brakes(struct run *run)
{
    run->stays = braking_holds(run);
    run->heard = false;
}

/* Is there enough to decide about this member? */
static bool judge_member(struct run *run, uint16_t position, bool over, struct verdict *ret_verdict)
{
    const struct policy_channel *rule = &run->wave->policy.channels[run->chunk.channel];
    uint8_t byte = run->progress[position];
    enum evidence evidence = evidence_of(byte);
    const char *reason = evidence_name(evidence);
    uint8_t kind = VERDICT_PASS_ON;
    if (evidence == EVIDENCE_NONE || (byte & MEMBER_PASSED_ON))
        return false;
    if (!evidence_negative(evidence)) {
        bool told = evidence >= rule->sufficient || (over && evidence >= rule->settles);
        if ((byte & MEMBER_TOLD) || !(told || over))
            return false;
        kind = told ? VERDICT_TOLD : VERDICT_PASS_ON;
        reason = told ? reason : "no_evidence";
    }
    if (kind == VERDICT_PASS_ON && must_stay(run, evidence_negative(evidence)))
        return false;
    *ret_verdict = (struct verdict){position, kind, 0, reason};
    return true;
}

static bool evidence_over(const struct run *run)
{
    return run->retries.evidence_until > 0 &&
           delivery_now(run->wave->delivery) >= run->retries.evidence_until;
}

bool run_can_judge(struct run *run)
{
    struct verdict verdict;
    look_at_brakes(run);
    bool over = evidence_over(run);
    for (unsigned i = 0; i < run->chunk.n; i++)
        if (judge_member(run, (uint16_t)i, over, &verdict))
            return true;
    return false;
}

/* A late fact may have settled a member that was to be tried again: its retry would never be taken
 * and never end. */
static void prune_retries(struct run *run)
{
    for (unsigned i = run->retries.n; i-- > 0;) {
        uint16_t position = run->retries.list[i].position;
        uint8_t byte = position < run->chunk.n ? run->progress[position] : MEMBER_TOLD;
        uint8_t state = byte & MEMBER_STATE_MASK;
        if ((byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) ||
            (state != MEMBER_DEFERRED && state != MEMBER_UNCERTAIN && state != MEMBER_ASKED))
            retries_remove(&run->retries, position);
    }
}

void run_judge(struct run *run)
{
    const struct policy_channel *rule = &run->wave->policy.channels[run->chunk.channel];
    struct judgement *j = judgement_new(run, false);
    struct verdict verdict;
    unsigned at = 0;
    if (run->retries.evidence_until == 0)
        run->retries.evidence_until = j->now + rule->wait_ms;
    bool over = evidence_over(run);
    look_at_brakes(run);
    for (; at < run->chunk.n && j->n < JUDGE_MOST; at++)
        if (judge_member(run, (uint16_t)at, over, &verdict))
            decide(j, verdict);
    j->final = at == run->chunk.n && run->queued == 0;
    if (j->final)
        prune_retries(run);
    judgement_go(j);
}

static bool may_have_left(const struct run *run, uint16_t position)
{
    uint8_t byte = run->progress[position];
    uint8_t state = byte & MEMBER_STATE_MASK;
    return !(byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) &&
           (state == MEMBER_PENDING || state == MEMBER_DEFERRED || state == MEMBER_CANCELED ||
            state == MEMBER_UNCERTAIN);
}

static int decision_compare(const void *a, const void *b)
{
    const struct verdict *x = a, *y = b;
    return (int)x->position - (int)y->position;
}

/* What is to be said of a member of an open intent. The retry that led to it is still there: it
 * knows the attempt. (An intent has one attempt for all its members, which need not agree.) */
static void decide_intended(struct judgement *j, uint16_t position, const char *reason)
{
    struct run *run = j->run;
    const struct retry *retry = retries_find(&run->retries, position);
    const bool asked = retry != NULL && (retry->flags & RETRY_QUERY); /* no attempt of its own */
    const uint8_t attempt = (uint8_t)(retry == NULL ? 1 : retry->attempt + (asked ? 0 : 1));
    const uint8_t kind = may_have_left(run, position) ? VERDICT_UNCERTAIN : VERDICT_KNOWN;
    decide(j, (struct verdict){position, kind, attempt, reason});
}

void run_judge_intents(struct run *run, const struct chunk_intent *intents, size_t n)
{
    struct judgement *j = judgement_new(run, false);
    j->intents = true;
    bool seen[CHUNK_MEMBERS] = {false};
    j->drop = mem_alloc(n, sizeof(*j->drop));
    for (size_t i = 0; i < n; i++) {
        const bool doubt = intents[i].seq % INTENT_SEQS == INTENT_DOUBT;
        j->drop[j->n_drop++] = intents[i].seq;
        for (unsigned k = 0; k < intents[i].n; k++) {
            uint16_t position = intents[i].positions[k];
            if (position >= run->chunk.n || seen[position])
                continue;
            seen[position] = true;
            decide_intended(j, position, doubt ? "restored" : "node_lost");
        }
    }
    log_warn("intents_left_open", LOG_INT("chunk", run->chunk.id), LOG_INT("intents", n),
             LOG_INT("members", j->n));
    qsort(j->verdicts, j->n, sizeof(*j->verdicts), decision_compare);
    for (unsigned i = 0; i < j->n; i++)
        j->numbers[i] = run->members[j->verdicts[i].position];
    judgement_go(j);
}
