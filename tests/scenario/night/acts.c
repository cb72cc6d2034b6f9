/* acts.c - the acts of the night, each a function of the table at the end: played in this order,
 * each leaves the night as the next expects it. What is not built yet has no act. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/desk.h"
#include "tests/scenario/night/night.h"

#define CORRECTION                                                                                 \
    "{\"audience\":{\"told_with_notice\":[1]},\"facts\":{\"what_was_wrong\":\"MISTAKEFACT "        \
    "it was.\"}}"

enum { FIRST_WAVE = 1, CORRECTION_WAVE, LATE_WAVE, CANARY = 20 };

const char *const night_places[5] = {"US-TX", "US-NY", "US-CA", "EU-DE", "US-CA"};

/* ---- Time. ---- */

/* One of five never says anything: that person gets paper, the others are told. */
static void report(struct night *it)
{
    for (; it->reported < it->rig->n_sent; it->reported++) {
        const struct rig_sent *sent = &it->rig->sent[it->reported];
        int64_t number = 0;
        if (sent->channel != RIG_SMS)
            continue;
        CHECK(it, parse_i64((char[]){sent->to[8], sent->to[9], sent->to[10], 0}, &number));
        if (!it->people[number].says_nothing)
            CHECK(it, rig_fact(it->rig, it->reported, EVIDENCE_DELIVERED) == RESULT_OK);
    }
}

void night_pass(struct night *it, int64_t ms)
{
    while (ms > 0) {
        int64_t step = ms > 2 * DAY ? 6 * HOUR : ms > HOUR ? HOUR : ms;
        rig_pass(it->rig, step);
        ms -= step;
        if (it->callbacks)
            report(it);
    }
}

void night_crash(struct night *it)
{
    struct rig *dead = it->rig;
    rig_settle(dead);
    it->rig = rig_after_crash(dead);
    memcpy(it->rig->provider_refuses, dead->provider_refuses, sizeof(dead->provider_refuses));
    rig_destroy(&dead);
}

/* Until so many messages have left, and not many more. */
static void until_sent(struct night *it, unsigned n)
{
    for (unsigned minute = 0; minute < 24 * 60 && it->rig->n_sent < n; minute++) {
        for (unsigned i = 0; i < 400 && it->rig->n_sent < n; i++)
            rig_steps(it->rig, 1);
        if (it->rig->n_sent < n)
            rig_pass(it->rig, MINUTE);
    }
    CHECK(it, it->rig->n_sent >= n);
}

static void on_continued(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static enum result go_on(struct night *it, int ordinal)
{
    bool done = false;
    struct delivery_continue req = {.request = {.cb = on_continued, .private_state = &done},
                                    .incident = it->incident,
                                    .principal = PLAY_APPROVER,
                                    .ordinal = ordinal,
                                    .note = "looked at it",
                                    .may_lift = true};
    delivery_continue(it->rig->delivery, &req);
    rig_settle(it->rig);
    CHECK(it, done);
    return req.request.result;
}

/* The canary of a wave leaves, nobody else; then a person says go on. */
static void canary(struct night *it, int ordinal)
{
    unsigned before = it->rig->n_sent;
    night_pass(it, HOUR);
    CHECK(it, it->rig->n_sent - before == CANARY);
    CHECK(it, go_on(it, ordinal) == RESULT_OK);
}

/* ---- People. ---- */

static void channels_of(struct night_person *person, unsigned n)
{
    static const char *const mail[] = {"ok", "perm"};
    const bool gone = n % 48 == 14, nothing = n % 48 == 15;
    const unsigned kind = n % 16;
    if (nothing)
        return;
    if (kind < 10 || kind > 13)
        snprintf(person->email, sizeof(person->email), "%s%u@a.example", mail[gone], n);
    if (kind >= 10 && kind <= 12)
        snprintf(person->phone, sizeof(person->phone), "+1415555%03u05", n);
    if (kind >= 10 && (kind <= 13 || gone))
        snprintf(person->street, sizeof(person->street), "%u Elm St", n);
}

static void add_person(struct night *it, struct buf *to)
{
    unsigned n = it->n_people++;
    struct night_person *person = &it->people[n];
    CHECK(it, n < NIGHT_PEOPLE_MAX);
    snprintf(person->id, sizeof(person->id), "n%u", n);
    person->place = n % 5;
    person->says_nothing = n % 16 == 12;
    channels_of(person, n);
    buf_printf(to, "{\"recipient_id\":\"%s\",\"name\":\"P\",\"jurisdiction\":\"%s\"", person->id,
               night_places[person->place]);
    if (person->email[0] != 0)
        buf_printf(to, ",\"email\":\"%s\"", person->email);
    if (person->phone[0] != 0)
        buf_printf(to, ",\"phone\":\"%s\"", person->phone);
    if (person->street[0] != 0)
        buf_printf(to,
                   ",\"address\":{\"line1\":\"%s\",\"city\":\"Springfield\",\"region\":\"CA\","
                   "\"postal_code\":\"90210\",\"country\":\"US\"}",
                   person->street);
    buf_puts(to, "}\n");
}

static char *roster(struct night *it, unsigned n)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    for (unsigned i = 0; i < n; i++)
        add_person(it, &text);
    it->rows += n;
    it->accepted += n;
    return buf_take(&text);
}

/* ---- The acts. ---- */

/* The export comes, and then once more by mistake: nobody is in it twice. */
static void the_roster(struct night *it)
{
    char *people = roster(it, it->n_first);
    it->rig->what_happened = "WRONGFACT it was.";
    it->incident = rig_draft(it->rig, people);
    rig_upload(it->rig, it->incident, people);
    it->rows += it->n_first;
    it->duplicates += it->n_first;
    mem_free(people);
}

/* Two jurisdictions must not be told before their regulator is. */
static void the_regulators_come_first(struct night *it)
{
    for (unsigned i = 0; i < REGULATORS; i++)
        CHECK(it,
              play_hold(it->rig, it->incident, (struct hold_scope){.jurisdiction = night_places[i]},
                        HOLD_ORDER_RULE) != 0);
}

/* The text message provider has suspended the account: its people wait, nobody fails by it. */
static void the_account_is_suspended(struct night *it)
{
    it->rig->provider_refuses[RIG_SMS] = true;
}

static void the_canary(struct night *it)
{
    CHECK(it, play_go(it->rig, it->incident, FIRST_WAVE) == RESULT_OK);
    canary(it, FIRST_WAVE);
    CHECK(it, night_receipts(it, "brake_waiting", NULL) == 1);
}

/* At half somebody reads the text, and it is wrong. What is in flight leaves, nothing more. */
static void the_error_at_half(struct night *it)
{
    until_sent(it, it->error_at);
    CHECK(it, play_hold(it->rig, it->incident, (struct hold_scope){.ordinal = FIRST_WAVE},
                        HOLD_PERSON) != 0);
    rig_pass(it->rig, 5000);
    it->withdrawn_at = it->rig->n_sent;
    night_pass(it, HOUR);
    CHECK(it, it->rig->n_sent == it->withdrawn_at);
}

/* Exactly those who got the wrong text get the correction. */
static void the_correction(struct night *it)
{
    struct rig *rig = it->rig;
    CHECK(it, play_right(rig, it->incident) == RESULT_OK);
    CHECK(it, play_wave(rig, it->incident, WAVE_CORRECTION, CORRECTION) == CORRECTION_WAVE);
    CHECK(it, play_go(rig, it->incident, CORRECTION_WAVE) == RESULT_OK);
    canary(it, CORRECTION_WAVE);
    night_pass(it, 3 * HOUR);
    CHECK(it, play_planned(rig, it->incident, CORRECTION_WAVE) == it->withdrawn_at);
}

/* Not with the old text, nor with a new one that nobody approved. */
static void the_right_text_goes_on(struct night *it)
{
    struct rig *rig = it->rig;
    CHECK(it, play_resume(rig, it->incident, FIRST_WAVE, 0) == RESULT_CONFLICT);
    CHECK(it, play_resume(rig, it->incident, FIRST_WAVE, 2) == RESULT_CONFLICT);
    CHECK(it, play_act(rig, it->incident, FIRST_WAVE, VERB_APPROVE, PLAY_APPROVER) == RESULT_OK);
    CHECK(it, play_resume(rig, it->incident, FIRST_WAVE, 2) == RESULT_OK);
    night_pass(it, HOUR);
}

/* People whom nobody had thought of, while the first wave runs. */
static void the_late_additions(struct night *it)
{
    char *late = roster(it, it->n_first / 8);
    unsigned before = it->rig->n_sent;
    CHECK(it, play_wave(it->rig, it->incident, WAVE_LATE_ADDITION, NULL) == LATE_WAVE);
    rig_upload(it->rig, it->incident, late);
    mem_free(late);
    CHECK(it, play_go(it->rig, it->incident, LATE_WAVE) == RESULT_OK);
    night_pass(it, HOUR);
    (void)go_on(it, LATE_WAVE); /* fewer than a canary need none */
    night_pass(it, HOUR);
    CHECK(it, it->rig->n_sent > before);
}

/* The account works again: what waited leaves by itself; nobody was failed by the provider. */
static void the_account_is_well(struct night *it)
{
    unsigned texts = 0;
    night_pass(it, 14 * HOUR); /* telephones may ring again, and the provider refuses */
    for (unsigned i = 0; i < it->rig->n_sent; i++)
        texts += it->rig->sent[i].channel == RIG_SMS;
    CHECK(it, texts == 0);
    CHECK(it, night_receipts(it, "brake_stopped", "provider_refused") > 0);
    CHECK(it, rig_members(it->rig, it->incident, RIG_SMS, MEMBER_FAILED) == 0);
    it->rig->provider_refuses[RIG_SMS] = false;
    night_pass(it, 24 * HOUR); /* a probe goes by itself, then all */
    for (unsigned i = 0; i < it->rig->n_sent; i++)
        texts += it->rig->sent[i].channel == RIG_SMS;
    CHECK(it, texts > 0);
}

/* Of the first wave: too few texts leave with the late one for silence to say anything. */
static unsigned letters_behind_texts(const struct night *it)
{
    unsigned n = 0;
    for (unsigned i = 0; i < it->n_first; i++)
        if (it->people[i].phone[0] != 0)
            n += rig_sent_to(it->rig, RIG_POST, it->people[i].street);
    return n;
}

/* No report comes back: not one letter goes out for it. Then the URL is mended, the provider says
 * it all again, and a person says go on: paper for those who really got nothing. */
static void the_silence(struct night *it)
{
    night_pass(it, 3 * DAY);
    CHECK(it, night_receipts(it, "brake_stopped", "silence") > 0);
    CHECK(it, letters_behind_texts(it) == 0);
    it->callbacks = true;
    report(it);
    for (int wave = FIRST_WAVE; wave <= LATE_WAVE; wave++)
        (void)go_on(it, wave); /* those that wait for nothing say so */
    night_pass(it, DAY);
    CHECK(it, letters_behind_texts(it) > 0);
}

static void tell(struct night *it, unsigned regulator)
{
    it->told_at[regulator] = clock_now(&it->rig->clock.clock);
    CHECK(it, play_fact(it->rig, it->incident, night_places[regulator]) == RESULT_OK);
}

static void the_first_regulator_is_told(struct night *it)
{
    tell(it, 0);
    night_pass(it, 5 * HOUR);
}

static void the_second_regulator_is_told(struct night *it)
{
    tell(it, 1);
    night_pass(it, 5 * HOUR);
    CHECK(it, night_receipts(it, "regulator_told", NULL) == REGULATORS);
}

/* Letters may come back for three weeks. */
static void the_weeks_after(struct night *it)
{
    night_pass(it, 40 * DAY);
    for (int wave = FIRST_WAVE; wave <= LATE_WAVE; wave++)
        CHECK(it, play_state(it->rig, it->incident, wave) == WAVE_SETTLED);
}

const struct night_act night_acts[] = {
    {"the roster", the_roster},
    {"the regulators come first", the_regulators_come_first},
    {"the account is suspended", the_account_is_suspended},
    {"the canary", the_canary},
    {"the error at half", the_error_at_half},
    {"the correction", the_correction},
    {"the right text goes on", the_right_text_goes_on},
    {"the late additions", the_late_additions},
    {"the first regulator is told", the_first_regulator_is_told},
    {"the account is well", the_account_is_well},
    {"the silence", the_silence},
    {"the second regulator is told", the_second_regulator_is_told},
    {"the weeks after", the_weeks_after},
    {"the reconciliation", night_reconcile},
};
const unsigned night_n_acts = sizeof(night_acts) / sizeof(night_acts[0]);
