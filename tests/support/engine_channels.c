/* engine_channels.c - four scripted channels for scenarios: see engine_rig.h. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "tests/support/engine_channels.h"

struct scripted {
    struct channel channel;
    struct rig *rig;
    int index;
};

struct pending {
    struct loop_hop hop;
    struct list node;
    struct scripted *scripted;
    struct channel_send *send;
    struct outcome outcome;
    struct loop_timer timer; /* dice: when the answer comes */
    unsigned entry;          /* in the ledger; UINT32_MAX: it has not left, or never will */
    bool leaves_late;        /* with the answer, not at once */
};

uint32_t rig_roll(struct rig_dice *dice, uint32_t sides)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = dice->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % sides);
}

static const char *address_of(const struct channel_send *send)
{
    if (send->email != NULL)
        return send->email;
    if (send->phone != NULL)
        return send->phone;
    return send->postal != NULL ? send->postal->line1 : send->account;
}

/* "perm@..." or "perm street 1" or a phone ending in 1: refused for good, and so on. */
static enum outcome_kind script(const char *to)
{
    char last = to[strlen(to) - 1];
    if (str_starts(to, "perm") || (to[0] == '+' && last == '1'))
        return OUTCOME_REJECTED;
    if (str_starts(to, "temp") || (to[0] == '+' && last == '2'))
        return OUTCOME_DEFERRED;
    if (str_starts(to, "unsure") || (to[0] == '+' && last == '3'))
        return OUTCOME_UNCERTAIN;
    return OUTCOME_ACCEPTED;
}

static void answer(struct pending *pending)
{
    struct channel_send *send = pending->send;
    const struct outcome outcome = pending->outcome;
    mem_free(pending);
    send->cb(send, &outcome);
}

static void on_hop(struct loop_hop *hop)
{
    answer(container_of(hop, struct pending, hop));
}

static bool says(const struct channel_send *send, const char *word)
{
    return send->notice.text != NULL && strstr(send->notice.text, word) != NULL;
}

static void ledger(struct scripted *scripted, const struct channel_send *send)
{
    struct rig *rig = scripted->rig;
    struct rig_sent *sent = &rig->sent[rig->n_sent++];
    require(rig->n_sent < sizeof(rig->sent) / sizeof(rig->sent[0]));
    sent->channel = scripted->index;
    sent->at = clock_now(&rig->clock.clock);
    sent->wrong = says(send, "WRONGFACT");
    sent->right = says(send, "RIGHTFACT");
    sent->mistake = says(send, "MISTAKEFACT");
    str_copy(sent->to, sizeof(sent->to), address_of(send));
    str_copy(sent->token, sizeof(sent->token), send->token);
    str_copy(sent->key, sizeof(sent->key), send->key);
    str_copy(sent->name, sizeof(sent->name), str_or(send->name, ""));
    str_copy(sent->format, sizeof(sent->format), str_or(send->format, ""));
    str_copy(sent->subject, sizeof(sent->subject), str_or(send->notice.subject, ""));
}

/* ---- Dice. ---- */

static void leave(struct pending *pending)
{
    struct rig *rig = pending->scripted->rig;
    struct rig_dice *dice = rig->dice;
    pending->entry = rig->n_sent;
    ledger(pending->scripted, pending->send);
    if (dice->held && clock_monotonic(&rig->clock.clock) - dice->held_at > 5000)
        dice->left_while_held++;
}

static void on_answer_due(struct loop_timer *timer)
{
    struct pending *pending = container_of(timer, struct pending, timer);
    list_remove(&pending->node);
    loop_timer_stop(&pending->timer);
    if (pending->leaves_late)
        leave(pending);
    answer(pending);
}

static void refuse_by_dice(struct rig_dice *dice, struct outcome *outcome)
{
    str_copy(outcome->status, sizeof(outcome->status), "5.1.1");
    outcome->code = 550;
    outcome->blame = rig_roll(dice, 6) == 0 ? BLAME_PROVIDER : BLAME_ADDRESS;
}

static void defer_by_dice(struct rig_dice *dice, struct outcome *outcome)
{
    str_copy(outcome->status, sizeof(outcome->status), "4.2.2");
    outcome->code = rig_roll(dice, 4) == 0 ? 0 : 452;
    if (rig_roll(dice, 5) == 0)
        outcome->retry_after_ms = rig_roll(dice, 90000);
}

/* What becomes of a message, and whether it left. */
static bool roll_outcome(struct rig_dice *dice, struct outcome *outcome)
{
    uint32_t n = dice->wild ? rig_roll(dice, 100) : 0;
    if (n < 55) {
        outcome->kind = OUTCOME_ACCEPTED;
        return true;
    }
    if (n < 62) {
        outcome->kind = OUTCOME_DELIVERED;
        return true;
    }
    if (n < 74) {
        outcome->kind = OUTCOME_REJECTED;
        refuse_by_dice(dice, outcome);
        return false;
    }
    if (n < 88) {
        outcome->kind = OUTCOME_DEFERRED;
        defer_by_dice(dice, outcome);
        return false;
    }
    outcome->kind = OUTCOME_UNCERTAIN;
    outcome->code = 0;
    return rig_roll(dice, 2) == 0;
}

static void take_by_dice(struct pending *pending)
{
    struct rig *rig = pending->scripted->rig;
    struct rig_dice *dice = rig->dice;
    bool left = false;
    dice->taken++;
    dice->sent_while_held += dice->held;
    pending->entry = UINT32_MAX;
    if (rig->provider_down[pending->scripted->index]) {
        pending->outcome.kind = OUTCOME_DEFERRED;
        pending->outcome.code = 0;
    } else {
        left = roll_outcome(dice, &pending->outcome);
    }
    pending->leaves_late = left && rig_roll(dice, 2) == 0;
    if (left && !pending->leaves_late)
        leave(pending);
    list_append(&rig->hanging, &pending->node);
    loop_timer_init(rig->loop, &pending->timer, on_answer_due);
    loop_timer_start(&pending->timer, dice->wild && rig_roll(dice, 3) == 0 ? rig_roll(dice, 40000)
                                                                           : rig_roll(dice, 20));
}

void scripted_crash(struct rig *rig)
{
    list_each(node, &rig->hanging)
    {
        struct pending *pending = container_of(node, struct pending, node);
        if (pending->leaves_late && rig_roll(rig->dice, 2) == 0)
            ledger(pending->scripted, pending->send);
    }
}

/* The provider looks into its ledger, or will not say. */
static enum result scripted_query(struct channel *channel, struct channel_send *send)
{
    struct scripted *scripted = container_of(channel, struct scripted, channel);
    struct rig *rig = scripted->rig;
    struct pending *pending = mem_new(struct pending);
    pending->scripted = scripted;
    pending->send = send;
    pending->hop.cb = on_hop;
    pending->entry = UINT32_MAX;
    pending->outcome =
        (struct outcome){.kind = OUTCOME_CANCELED, .code = 200, .retry_after_ms = -1};
    rig->dice->asked++;
    for (unsigned i = 0; i < rig->n_sent; i++)
        if (str_equal(rig->sent[i].key, send->key))
            pending->outcome.kind = OUTCOME_ACCEPTED;
    if (rig->dice->wild && rig_roll(rig->dice, 4) == 0)
        pending->outcome.kind = rig_roll(rig->dice, 3) == 0 ? OUTCOME_UNCERTAIN : OUTCOME_DEFERRED;
    list_append(&rig->hanging, &pending->node);
    loop_timer_init(rig->loop, &pending->timer, on_answer_due);
    loop_timer_start(&pending->timer, rig_roll(rig->dice, 3000));
    return RESULT_OK;
}

static void take(struct scripted *scripted, struct channel_send *send)
{
    struct rig *rig = scripted->rig;
    struct pending *pending = mem_new(struct pending);
    pending->scripted = scripted;
    pending->send = send;
    pending->hop.cb = on_hop;
    pending->outcome = (struct outcome){
        .kind = script(address_of(send)), .status = "2.0.0", .code = 250, .retry_after_ms = -1};
    str_copy(pending->outcome.provider, sizeof(pending->outcome.provider), "scripted");
    if (rig->dice != NULL) {
        take_by_dice(pending);
        return;
    }
    if (rig->provider_down[scripted->index] || str_starts(address_of(send), "poison")) {
        pending->outcome.kind = OUTCOME_DEFERRED;
        pending->outcome.code = 0;
        loop_post(rig->loop, &pending->hop);
        return;
    }
    if (pending->outcome.kind == OUTCOME_REJECTED) {
        str_copy(pending->outcome.status, sizeof(pending->outcome.status), "5.1.1");
        pending->outcome.blame = BLAME_ADDRESS;
    }
    if (rig->provider_refuses[scripted->index]) {
        pending->outcome = (struct outcome){.kind = OUTCOME_DEFERRED,
                                            .blame = BLAME_PROVIDER,
                                            .status = "4.7.0",
                                            .code = 402,
                                            .retry_after_ms = -1};
    }
    if (str_starts(address_of(send), "block")) {
        pending->outcome = (struct outcome){.kind = OUTCOME_REJECTED,
                                            .blame = BLAME_PROVIDER,
                                            .status = "5.7.1",
                                            .code = 550,
                                            .retry_after_ms = -1};
    }
    if (str_starts(address_of(send), "broke")) {
        pending->outcome.kind = OUTCOME_REJECTED;
        pending->outcome.code = 554;
        pending->outcome.blame = BLAME_PROVIDER;
    }
    if (pending->outcome.kind == OUTCOME_ACCEPTED || pending->outcome.kind == OUTCOME_UNCERTAIN)
        ledger(scripted, send);
    if (rig->hang) {
        list_append(&rig->hanging, &pending->node);
        return;
    }
    loop_post(rig->loop, &pending->hop);
}

void scripted_release(struct rig *rig, enum outcome_kind kind)
{
    struct list *node;
    while ((node = list_pop(&rig->hanging)) != NULL) {
        struct pending *pending = container_of(node, struct pending, node);
        pending->outcome.kind = kind;
        if (rig->dice != NULL)
            loop_timer_stop(&pending->timer);
        loop_post(rig->loop, &pending->hop);
    }
}

void scripted_forget(struct rig *rig)
{
    struct list *node;
    while ((node = list_pop(&rig->hanging)) != NULL)
        mem_free(container_of(node, struct pending, node));
}

static enum result scripted_send(struct channel *channel, struct channel_send *const *sends,
                                 size_t n)
{
    struct scripted *scripted = container_of(channel, struct scripted, channel);
    for (size_t i = 0; i < n; i++)
        take(scripted, sends[i]);
    return RESULT_OK;
}

/* What hangs can still be stopped: provably not sent. */
static void scripted_cancel(struct channel *channel, struct channel_send *send)
{
    struct scripted *scripted = container_of(channel, struct scripted, channel);
    list_each_safe(node, &scripted->rig->hanging)
    {
        struct pending *pending = container_of(node, struct pending, node);
        if (pending->send != send)
            continue;
        if (scripted->rig->dice != NULL) {
            if (pending->entry != UINT32_MAX) /* too late: it has left */
                continue;
            loop_timer_stop(&pending->timer);
            pending->leaves_late = false;
        }
        list_remove(node);
        pending->outcome.kind = OUTCOME_CANCELED;
        loop_post(scripted->rig->loop, &pending->hop);
    }
}

static void scripted_close(struct channel *channel, void (*closed)(void *context), void *context)
{
    mem_free(container_of(channel, struct scripted, channel));
    closed(context);
}

static struct rig *rig_now; /* whose channels are being opened */
static int next_index;

static enum result scripted_open(const struct channel_open *open, struct channel **ret_channel,
                                 struct error *error)
{
    struct scripted *scripted = mem_new(struct scripted);
    (void)open;
    (void)error;
    scripted->channel.driver = &scripted_drivers[next_index];
    scripted->rig = rig_now;
    scripted->index = next_index++;
    *ret_channel = &scripted->channel;
    return RESULT_OK;
}

void scripted_bind(struct rig *rig)
{
    rig_now = rig;
    next_index = 0;
}

#define SCRIPTED(channel_name, method_name, form_kind, address_kind, uncertain, question)          \
    {                                                                                              \
        .facts = {.channel = channel_name,                                                         \
                  .provider = "scripted",                                                          \
                  .legal_method = method_name,                                                     \
                  .form = form_kind,                                                               \
                  .address = address_kind,                                                         \
                  .on_uncertain = uncertain,                                                       \
                  .window = 100,                                                                   \
                  .batch = 10,                                                                     \
                  .best = EVIDENCE_DELIVERED},                                                     \
        .open = scripted_open, .send = scripted_send, .cancel = scripted_cancel,                   \
        .query = question, .close = scripted_close                                                 \
    }

const struct channel_driver scripted_drivers[RIG_CHANNELS] = {
    SCRIPTED("email", "email", FORM_EMAIL, ADDRESS_EMAIL, UNCERTAIN_RETRY, NULL),
    SCRIPTED("sms", "sms", FORM_SMS, ADDRESS_PHONE, UNCERTAIN_ASK, NULL),
    SCRIPTED("postal", "post", FORM_LETTER, ADDRESS_POSTAL, UNCERTAIN_ASK, NULL),
    SCRIPTED("banner", "account_posting", FORM_BANNER, ADDRESS_ACCOUNT, UNCERTAIN_RETRY, NULL),
};
const struct channel_driver scripted_asked_sms =
    SCRIPTED("sms", "sms", FORM_SMS, ADDRESS_PHONE, UNCERTAIN_QUERY, scripted_query);

static enum result scripted_report(const struct channel *channel,
                                   const struct channel_report *report, struct arena *arena,
                                   struct report_result *ret, struct error *error)
{
    (void)channel;
    (void)report;
    (void)arena;
    (void)ret;
    return error_set(error, RESULT_INVALID, NULL, "scenarios merge facts themselves");
}

const struct channel_driver scripted_ringing_sms = {.facts = {.channel = "sms",
                                                              .provider = "scripted",
                                                              .legal_method = "sms",
                                                              .form = FORM_SMS,
                                                              .address = ADDRESS_PHONE,
                                                              .on_uncertain = UNCERTAIN_ASK,
                                                              .window = 100,
                                                              .batch = 10,
                                                              .quiet_hours = true,
                                                              .best = EVIDENCE_DELIVERED},
                                                    .open = scripted_open,
                                                    .send = scripted_send,
                                                    .cancel = scripted_cancel,
                                                    .parse_report = scripted_report,
                                                    .close = scripted_close};
