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
};

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

static void ledger(struct scripted *scripted, const struct channel_send *send)
{
    struct rig *rig = scripted->rig;
    struct rig_sent *sent = &rig->sent[rig->n_sent++];
    require(rig->n_sent < sizeof(rig->sent) / sizeof(rig->sent[0]));
    sent->channel = scripted->index;
    str_copy(sent->to, sizeof(sent->to), address_of(send));
    str_copy(sent->token, sizeof(sent->token), send->token);
    str_copy(sent->key, sizeof(sent->key), send->key);
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
    if (rig->provider_down[scripted->index]) {
        pending->outcome.kind = OUTCOME_DEFERRED;
        pending->outcome.code = 0;
        loop_post(rig->loop, &pending->hop);
        return;
    }
    if (pending->outcome.kind == OUTCOME_REJECTED) {
        str_copy(pending->outcome.status, sizeof(pending->outcome.status), "5.1.1");
        pending->outcome.blame = BLAME_ADDRESS;
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

#define SCRIPTED(channel_name, method_name, form_kind, address_kind, uncertain)                    \
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
        .close = scripted_close                                                                    \
    }

const struct channel_driver scripted_drivers[RIG_CHANNELS] = {
    SCRIPTED("email", "email", FORM_EMAIL, ADDRESS_EMAIL, UNCERTAIN_RETRY),
    SCRIPTED("sms", "sms", FORM_SMS, ADDRESS_PHONE, UNCERTAIN_ASK),
    SCRIPTED("postal", "post", FORM_LETTER, ADDRESS_POSTAL, UNCERTAIN_ASK),
    SCRIPTED("banner", "account_posting", FORM_BANNER, ADDRESS_ACCOUNT, UNCERTAIN_RETRY),
};
