/* Small incidents under dice: providers that refuse, wait, lie dead or say nothing, callbacks at
 * any moment, holds, kill -9 between any two steps. At the end the books must balance: nobody lost,
 * nobody told twice without a receipt that says so, nothing sent while held. The seed of a failure
 * is printed: TOCSIN_SEED=n runs that one alone, TOCSIN_SEEDS=n that many. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "tests/support/engine_channels.h"
#include "tests/support/fault_vfs.h"

enum { PEOPLE_MAX = 12, AUTHOR = 1, APPROVER = 2, SEEDS = 150 };

struct tally {                 /* of one person on one channel */
    unsigned left;             /* the provider's ledger */
    unsigned accepted, unsure; /* receipts of attempts */
    unsigned attempts;         /* all of them */
};

struct play {
    struct rig *rig;
    struct rig_dice dice;
    uint64_t seed;
    id incident;
    unsigned people;
    bool nameless[PEOPLE_MAX];
    bool acting;
    enum result acted;
    bool canceled;
    unsigned facts_open, crashes, holds;
    struct tally tally[PEOPLE_MAX][RIG_CHANNELS];
};

#define CHECK(play, condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: %s (crashes %u, holds %u)", (unsigned long long)(play)->seed,     \
                     #condition, (play)->crashes, (play)->holds);                                  \
    } while (0)

static bool chance(struct play *play, unsigned percent)
{
    return rig_roll(&play->dice, 100) < percent;
}

/* ---- The roster. ---- */

static void add_person(struct play *play, char *to, size_t size, unsigned i)
{
    size_t n = strlen(to);
    play->nameless[i] = chance(play, 10);
    n += (size_t)snprintf(to + n, size - n, "{\"recipient_id\":\"r%u\"", i);
    if (!play->nameless[i])
        n += (size_t)snprintf(to + n, size - n, ",\"name\":\"P\"");
    if (chance(play, 65))
        n += (size_t)snprintf(to + n, size - n, ",\"email\":\"m%u@a.example\"", i);
    if (chance(play, 55))
        n += (size_t)snprintf(to + n, size - n, ",\"phone\":\"+1415555%04u\"", i);
    if (chance(play, 55))
        n += (size_t)snprintf(to + n, size - n,
                              ",\"address\":{\"line1\":\"%u Elm St\",\"city\":\"Springfield\","
                              "\"region\":\"CA\",\"postal_code\":\"90210\",\"country\":\"US\"}",
                              i);
    if (chance(play, 30))
        n += (size_t)snprintf(to + n, size - n, ",\"account_id\":\"%u\"", i);
    snprintf(to + n, size - n, "}\n");
}

/* "m7@a.example", "+14155550007", "7 Elm St", "7". */
static unsigned person_of(const struct rig_sent *sent)
{
    const char *digits = sent->channel == RIG_EMAIL ? sent->to + 1
                         : sent->channel == RIG_SMS ? sent->to + 8
                                                    : sent->to;
    return (unsigned)strtoul(digits, NULL, 10);
}

/* ---- What may happen. ---- */

static void on_acted(struct delivery_request *request)
{
    struct play *play = request->private_state;
    play->acting = false;
    play->acted = request->result;
}

static enum result act(struct play *play, enum delivery_verb verb, id principal)
{
    struct delivery_act req = {.request = {.cb = on_acted, .private_state = play},
                               .verb = verb,
                               .incident = play->incident,
                               .principal = principal,
                               .reason = "dice",
                               .until = TIME_NONE};
    play->acting = true;
    delivery_act(play->rig->delivery, &req);
    for (unsigned i = 0; i < 10000 && play->acting; i++)
        rig_steps(play->rig, 1);
    CHECK(play, !play->acting);
    if (play->acted == RESULT_OK && req.asked) /* another person agrees */
        return act(play, verb, principal == AUTHOR ? APPROVER : AUTHOR);
    return play->acted;
}

struct later {
    struct fact_merge fact;
    struct play *play;
    char token[TOKEN_TEXT_SIZE];
};

static void on_fact(struct delivery_request *request)
{
    struct fact_merge *fact = container_of(request, struct fact_merge, request);
    struct later *later = container_of(fact, struct later, fact);
    later->play->facts_open--;
    mem_free(later);
}

static void random_fact(struct play *play)
{
    static const enum evidence kinds[RIG_CHANNELS][4] = {
        {EVIDENCE_DELIVERED, EVIDENCE_BOUNCED, EVIDENCE_ACCEPTED, EVIDENCE_DELIVERED},
        {EVIDENCE_DELIVERED, EVIDENCE_FAILED, EVIDENCE_DELIVERED, EVIDENCE_HANDED_OVER},
        {EVIDENCE_RETURNED, EVIDENCE_DELIVERED, EVIDENCE_ACCEPTED, EVIDENCE_DELIVERED},
        {EVIDENCE_DISPLAYED, EVIDENCE_ACKNOWLEDGED, EVIDENCE_DISPLAYED, EVIDENCE_DELIVERED}};
    if (play->rig->n_sent == 0)
        return;
    const struct rig_sent *sent = &play->rig->sent[rig_roll(&play->dice, play->rig->n_sent)];
    struct later *later = mem_new(struct later);
    later->play = play;
    memcpy(later->token, sent->token, sizeof(later->token));
    later->fact = (struct fact_merge){.request.cb = on_fact,
                                      .token = later->token,
                                      .evidence = kinds[sent->channel][rig_roll(&play->dice, 4)],
                                      .at = TIME_NONE};
    play->facts_open++;
    fact_merge(play->rig->delivery, &later->fact);
}

static void crash(struct play *play)
{
    struct rig *dead = play->rig;
    fault_vfs_clear();
    scripted_crash(dead);

    play->rig = rig_after_crash(dead);
    struct rig_dice after = play->dice;
    rig_destroy(&dead);
    play->dice = after;

    play->crashes++;
}

static void on_done(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

/* Somebody decides about a message of which nobody knows, if there is one. */
static void random_decision(struct play *play)
{
    static const char *const channels[RIG_CHANNELS] = {"email", "sms", "postal", "banner"};
    char who[16];
    bool done = false;
    snprintf(who, sizeof(who), "r%u", rig_roll(&play->dice, play->people));
    struct delivery_decide decide = {.request = {.cb = on_done, .private_state = &done},
                                     .incident = play->incident,
                                     .principal = AUTHOR,
                                     .recipient_id = who,
                                     .channel = channels[rig_roll(&play->dice, RIG_CHANNELS)],
                                     .verb = (enum decision_verb)rig_roll(&play->dice, 3)};
    delivery_decide(play->rig->delivery, &decide);
    for (unsigned i = 0; i < 10000 && !done; i++)
        rig_steps(play->rig, 1);
    CHECK(play, done);
}

static void cancel(struct play *play)
{
    play->canceled = act(play, VERB_CANCEL, AUTHOR) == RESULT_OK;
    play->dice.held = play->canceled; /* for good */
    play->dice.held_at = clock_monotonic(&play->rig->clock.clock);
}

static void hold_or_resume(struct play *play)
{
    if (play->canceled)
        return;
    if (play->dice.held) {
        play->dice.held = false;
        CHECK(play, act(play, VERB_RESUME, AUTHOR) == RESULT_OK);
        return;
    }
    if (act(play, VERB_HOLD, AUTHOR) == RESULT_OK) {
        play->dice.held = true;
        play->dice.held_at = clock_monotonic(&play->rig->clock.clock);
        play->holds++;
        return;
    }
    enum wave_state state = rig_state(play->rig, play->incident);
    CHECK(play, state != WAVE_PLANNING && state != WAVE_SENDING);
}

static void pass(struct play *play, int64_t ms)
{
    clock_fake_advance(&play->rig->clock, ms);
    rig_steps(play->rig, 1 + rig_roll(&play->dice, 12));
}

/* The disk fails at some write or sync from now on: the engine must not go on without it, nor fall
 * over; then the machine is started anew. */
static void disk_dies(struct play *play)
{
    if (chance(play, 50))
        fault_vfs_sync_fails(1 + (int)rig_roll(&play->dice, 12));
    else
        fault_vfs_write_fails(1 + (int)rig_roll(&play->dice, 40));
    unsigned more = 1 + rig_roll(&play->dice, 12);
    for (unsigned i = 0; i < more; i++) {
        pass(play, rig_roll(&play->dice, 20000));
        if (chance(play, 30))
            random_fact(play);
    }
    crash(play);
}

static void random_step(struct play *play)
{
    uint32_t n = rig_roll(&play->dice, 100);
    if (n < 45)
        pass(play, rig_roll(&play->dice, 2000));
    else if (n < 60)
        pass(play, rig_roll(&play->dice, 600000));
    else if (n < 65)
        pass(play, rig_roll(&play->dice, 80 * 3600000));
    else if (n < 84)
        random_fact(play);
    else if (n < 90)
        hold_or_resume(play);
    else if (n < 93)
        crash(play);
    else if (n < 94)
        disk_dies(play);
    else if (n < 95)
        rig_restart(play->rig);
    else if (n < 97)
        random_decision(play);
    else if (n < 98 && !play->dice.held && chance(play, 10))
        cancel(play);
    else
        play->rig->provider_down[rig_roll(&play->dice, RIG_CHANNELS)] ^= true;
}

/* ---- The books. ---- */

static int channel_of(const char *name)
{
    static const char *const names[RIG_CHANNELS] = {"email", "sms", "postal", "banner"};
    for (int i = 0; name != NULL && i < RIG_CHANNELS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static void tally_receipt(struct play *play, const struct delivery_receipt_item *item)
{
    struct json_object *leaf = NULL, *details = NULL;
    CHECK(play, json_read(item->leaf, strlen(item->leaf), &leaf, NULL) == RESULT_OK);
    const char *outcome = json_get_string(leaf, "outcome");
    int channel = channel_of(json_get_string(leaf, "channel"));
    if (str_equal(json_get_string(leaf, "kind"), "attempt")) {
        CHECK(play, channel >= 0 && outcome != NULL && item->details != NULL);
        CHECK(play, json_read(item->details, strlen(item->details), &details, NULL) == RESULT_OK);
        const char *who = json_get_string(details, "recipient_id");
        unsigned i = (unsigned)strtoul(who + 1, NULL, 10);
        struct tally *tally = &play->tally[i][channel];
        if (getenv("TOCSIN_SEED") != NULL)
            print_message("%s %s %s\n", who, item->leaf, item->details);
        tally->attempts++;
        /* 200 is the answer to a question, of which there may be several about one message. */
        tally->accepted += json_get_int(leaf, "code", 0) != 200 &&
                           (str_equal(outcome, "accepted") || str_equal(outcome, "delivered"));
        tally->unsure += str_equal(outcome, "uncertain");
    }
    json_object_put(leaf);
    json_object_put(details);
}

static void tally_receipts(struct play *play)
{
    struct delivery_receipts page = {.incident = play->incident, .limit = 50, .details = true};
    do {
        bool done = false;
        struct arena *arena = arena_create(16 << 20);
        page.request =
            (struct delivery_request){.cb = on_done, .private_state = &done, .arena = arena};
        page.after_order = page.next_order;
        page.after_slot = page.next_slot;
        delivery_receipts(play->rig->delivery, &page);
        rig_settle(play->rig);
        CHECK(play, done && page.request.result == RESULT_OK);
        for (size_t i = 0; i < page.n; i++)
            tally_receipt(play, &page.items[i]);
        arena_destroy(&arena);
    } while (page.more);
}

/* Every message that left has its receipt; more than one to a person only after an uncertain one.
 */
static void check_sends(struct play *play)
{
    const struct rig *rig = play->rig;
    for (unsigned i = 0; i < rig->n_sent; i++) {
        play->tally[person_of(&rig->sent[i])][rig->sent[i].channel].left++;
        /* Mail and letters begin with the name: without one they have a hole. */
        CHECK(play, !play->nameless[person_of(&rig->sent[i])] || rig->sent[i].channel == RIG_SMS ||
                        rig->sent[i].channel == RIG_BANNER);
        for (unsigned k = 0; k < i; k++) /* an attempt number is never used for two messages */
            CHECK(play, strcmp(rig->sent[k].token, rig->sent[i].token) != 0);
    }
    tally_receipts(play);
    for (unsigned i = 0; i < play->people; i++)
        for (int c = 0; c < RIG_CHANNELS; c++) {
            const struct tally *t = &play->tally[i][c];
            CHECK(play, t->left <= t->accepted + t->unsure);
            CHECK(play, t->left <= 1 || t->left - 1 <= t->unsure);
            CHECK(play, t->accepted <= t->left); /* no receipt of what never was */
        }
}

struct standing {
    bool planned, told, asked, open;
};

static void on_chunks(struct store_request *request)
{
    *(bool *)request->user = true;
}

/* Where one person stands on the ladder. */
static struct standing standing_of(struct play *play, int64_t wave, uint32_t number)
{
    bool done = false;
    struct standing standing = {0};
    unsigned tellings = 0;
    struct arena *arena = arena_create(16 << 20);
    struct store_chunk_get get = {.request = {.cb = on_chunks, .user = &done, .arena = arena},
                                  .wave = wave,
                                  .number = number};
    store_chunk_get(play->rig->store, &get);
    rig_settle(play->rig);
    CHECK(play, done);
    for (size_t i = 0; get.request.result == RESULT_OK && i < get.n; i++) {
        const struct chunk_row *chunk = &get.rows[i];
        unsigned at = 0;
        while (chunk->members[at] != number)
            at++;
        uint8_t byte = chunk->progress[at], state = byte & MEMBER_STATE_MASK;
        if (chunk->rung & 0x80)
            continue;
        standing.planned = true;
        standing.asked |= state == MEMBER_ASKED && !(byte & MEMBER_PASSED_ON);
        standing.told |= (byte & MEMBER_TOLD) != 0;
        tellings += (byte & MEMBER_TOLD) != 0;
        if (getenv("TOCSIN_SEED") != NULL) /* one seed is being looked at */
            print_message(
                "person %u chunk %lld rung %u channel %u byte %02x state %d due in %lld\n", number,
                (long long)chunk->id, chunk->rung, chunk->channel, byte, (int)chunk->state,
                (long long)(chunk->due_at - clock_now(&play->rig->clock.clock)));
        standing.open |= !(byte & (MEMBER_TOLD | MEMBER_PASSED_ON)) && state != MEMBER_ASKED;
    }
    CHECK(play, tellings <= 1); /* told once, on one rung */
    arena_destroy(&arena);
    return standing;
}

static void check_people(struct play *play)
{
    struct rig *rig = play->rig;
    int64_t told = 0, asked = 0, planned = 0, lost = 0;
    for (uint32_t i = 0; i < play->people; i++) {
        struct standing s = standing_of(play, 1, i);
        CHECK(play, !s.open);
        planned += s.planned;
        told += s.told;
        asked += s.asked;
        lost += s.planned && !s.told && !s.asked;
    }
    int64_t withheld = rig_people(rig, play->incident, PEOPLE_WITHHELD);
    int64_t unreachable = rig_people(rig, play->incident, PEOPLE_UNREACHABLE);
    CHECK(play, rig_people(rig, play->incident, PEOPLE_PLANNED) == planned);
    CHECK(play, rig_people(rig, play->incident, PEOPLE_TOLD) == told);
    CHECK(play, (int64_t)play->people == told + asked + withheld + unreachable);
    CHECK(play, (int64_t)play->people - planned - withheld + lost == unreachable);
    CHECK(play, rig_receipts(rig, play->incident, "unreachable") == unreachable);
    CHECK(play, (asked == 0) == (rig_state(rig, play->incident) == WAVE_SETTLED) || asked == 0);
}

static unsigned in_flight(struct rig *rig)
{
    const struct delivery_stats *stats = delivery_stats(rig->delivery);
    unsigned n = 0;
    for (size_t i = 0; i < stats->n_channels; i++)
        n += stats->channels[i].in_flight;
    return n;
}

/* ---- The play. ---- */

/* Providers are well again, nobody holds: a month and a half later everything has its end. */
static void play_out(struct play *play)
{
    struct rig *rig = play->rig;
    play->dice.wild = false;
    memset(rig->provider_down, 0, sizeof(rig->provider_down));
    if (play->dice.held && !play->canceled) {
        play->dice.held = false;
        CHECK(play, act(play, VERB_RESUME, AUTHOR) == RESULT_OK);
    }
    for (unsigned i = 0; i < (play->canceled ? 4 : 100) &&
                         (i < 4 || rig_state(rig, play->incident) != WAVE_SETTLED);
         i++) {
        clock_fake_advance(&rig->clock, 12 * HOUR);
        rig_settle(rig);
        for (unsigned k = 0; k < 4; k++) {
            clock_fake_advance(&rig->clock, 1000);
            rig_settle(rig);
        }
    }
}

static void run_seed(uint64_t seed)
{
    char roster[PEOPLE_MAX * 400] = "";
    struct play play = {.seed = seed, .dice = {.state = seed * 7919, .wild = true}};
    play.rig = rig_create_random(&play.dice);
    play.people = 2 + rig_roll(&play.dice, PEOPLE_MAX - 2);
    for (unsigned i = 0; i < play.people; i++)
        add_person(&play, roster, sizeof(roster), i);
    play.incident = rig_draft(play.rig, roster);
    CHECK(&play, act(&play, VERB_APPROVE, APPROVER) == RESULT_OK);
    CHECK(&play, act(&play, VERB_RELEASE, AUTHOR) == RESULT_OK);
    unsigned steps = 20 + rig_roll(&play.dice, 80);
    for (unsigned i = 0; i < steps; i++)
        random_step(&play);
    play_out(&play);
    CHECK(&play, play.facts_open == 0);
    CHECK(&play, play.dice.sent_while_held == 0);
    CHECK(&play, play.dice.left_while_held == 0);
    CHECK(&play, in_flight(play.rig) == 0);
    if (!play.canceled)
        check_people(&play);
    check_sends(&play);
    rig_destroy(&play.rig);
}

/* If this fails, somebody is lost, told twice without our knowing, or told while held; the seed
 * says how. */
static void books_balance(void **state)
{
    const char *one = getenv("TOCSIN_SEED"), *many = getenv("TOCSIN_SEEDS");
    uint64_t seeds = many == NULL ? SEEDS : strtoull(many, NULL, 10);
    (void)state;
    fault_vfs_install();
    if (one != NULL) {
        run_seed(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(books_balance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
