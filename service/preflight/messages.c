/* messages.c - a test message over every channel for which there is an address of our own.
 *
 * Happy path: the provider takes it. A provider that says nothing for half a minute is a finding;
 * the message is told to stop, and its answer is still waited for, because the driver has it. */

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/probe/probe.h"
#include "service/preflight/run.h"

enum { PATIENCE_MS = 30000 };

struct message {
    struct list node; /* of run.messages */
    struct run *run;
    struct check *check;
    struct loop_timer patience;
    bool late;
    struct delivery_probe_send send;
};

static void judge(const struct message *it)
{
    const struct outcome *outcome = &it->send.outcome;
    switch (outcome->kind) {
    case OUTCOME_ACCEPTED:
    case OUTCOME_DELIVERED:
        check_say(it->check, CHECK_OK, "A test message was taken: see that it arrived.");
        return;
    case OUTCOME_DEFERRED:
        check_say(it->check, CHECK_FAILED,
                  "The provider takes nothing now (%s, %d): look at its account and at the other "
                  "checks.",
                  outcome->status, outcome->code);
        return;
    case OUTCOME_REJECTED:
        check_say(it->check, CHECK_FAILED,
                  "The provider refused the test message (%s, %d): look at the address under "
                  "preflight.addresses and at its account.",
                  outcome->status, outcome->code);
        return;
    case OUTCOME_UNCERTAIN:
        check_say(it->check, CHECK_WARNING,
                  "Nobody knows whether the test message left: see whether it arrived.");
        return;
    case OUTCOME_CANCELED:
    case OUTCOME_N:
        break;
    }
    check_say(it->check, it->late ? CHECK_FAILED : CHECK_NOT_CHECKED,
              "The provider did not answer in time: look at the other checks and try again.");
}

static void on_answer(struct delivery_probe_send *send)
{
    struct message *it = container_of(send, struct message, send);
    struct run *run = it->run;
    loop_timer_stop(&it->patience);
    judge(it);
    list_remove(&it->node);
    mem_free(it);
    run_release(run);
}

static void on_patience(struct loop_timer *timer)
{
    struct message *it = container_of(timer, struct message, patience);
    it->late = true;
    delivery_probe_cancel(&it->send);
}

static void not_sent(struct check *check, enum result result)
{
    if (result == RESULT_NOT_FOUND)
        check_say(check, CHECK_NOT_CHECKED,
                  "There is no test address for this channel: set it under preflight.addresses.");
    else
        check_say(check, CHECK_WARNING,
                  "The channel has no room or is paused, so nothing was sent: try again later.");
}

static void send_one(struct run *run, size_t channel)
{
    const struct channel_facts *facts =
        &delivery_probe_channel(run->config->delivery, channel)->driver->facts;
    const char *name = arena_printf(run->arena, "%s/%s", facts->channel, facts->provider);
    struct message *it = mem_new(struct message);
    it->run = run;
    it->check = check_add(run, "message", str_or(name, "?"));
    it->send.channel = channel;
    it->send.to = run->config->addresses;
    it->send.cb = on_answer;
    loop_timer_init(run->config->loop, &it->patience, on_patience);
    const enum result result = delivery_probe_send(run->config->delivery, &it->send);
    if (result != RESULT_OK) {
        not_sent(it->check, result);
        mem_free(it);
        return;
    }
    list_append(&run->messages, &it->node);
    loop_timer_start(&it->patience, PATIENCE_MS);
    run_hold(run);
}

void messages_begin(struct run *run)
{
    if (run->config->addresses == NULL || delivery_stats(run->config->delivery)->restored) {
        check_say(check_add(run, "message", "all channels"), CHECK_NOT_CHECKED,
                  "Nothing is sent from a restored copy: tocsin restore approve first.");
        return;
    }
    for (size_t i = 0; i < delivery_probe_channels(run->config->delivery); i++)
        send_one(run, i);
}

void messages_cancel(struct run *run)
{
    for (struct list *node = run->messages.next; node != &run->messages; node = node->next)
        delivery_probe_cancel(&container_of(node, struct message, node)->send);
}
