/* probe.c - tries the open channels out, outside of all incidents.
 *
 * Happy path: a fixed text through the same driver and gate as a notice, and what came of it. A
 * report of our own is signed by the driver and known again by its token when it comes back
 * (outcome/report.c). Failure modes are outcomes; a fault of the provider pauses the gate, as it
 * would for a notice. */
/* System. */
#include <stdatomic.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/probe/probe.h"
#include "service/delivery/run/message_key.h"

static const char subject[] = "Test message: nothing happened";
static const char text[] =
    "This is a test of the notification service. Nothing happened, and there is nothing to do.\n";
static const char html[] =
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Test message</title>"
    "</head><body><p>This is a test of the notification service. Nothing happened, and there is "
    "nothing to do.</p></body></html>";

size_t delivery_probe_channels(const struct delivery *delivery)
{
    return delivery->config.n_channels;
}

const struct delivery_channel *delivery_probe_channel(const struct delivery *delivery, size_t i)
{
    return &delivery->config.channels[i];
}

bool delivery_probe_sign(struct delivery *delivery, struct delivery_probe_sample *it)
{
    const struct gate *gate = &delivery->gates[it->channel];
    const struct token token = {PROBE_CHUNK, (uint16_t)it->channel, it->run};
    char name[TOKEN_TEXT_SIZE];
    if (gate->channel == NULL || gate->driver->sample_report == NULL)
        return false;
    token_format(name, &delivery->token_key, &token);
    return gate->driver->sample_report(gate->channel, name, it->url, delivery_now(delivery),
                                       it->arena, &it->sample);
}

bool delivery_probe_seen(const struct delivery *delivery, size_t channel, uint8_t run)
{
    return delivery->gates[channel].sample_seen == run;
}

uint64_t delivery_probe_refused(const struct delivery *delivery, size_t channel)
{
    return delivery->gates[channel].stats.reports_refused;
}

bool delivery_probe_listens(const struct delivery *delivery, size_t channel)
{
    return delivery->gates[channel].driver->parse_report != NULL;
}

int64_t delivery_probe_balance(const struct delivery *delivery, size_t channel)
{
    return gate_balance(&delivery->gates[channel]);
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome)
{
    struct delivery_probe_send *it = container_of(send, struct delivery_probe_send, send);
    int64_t now = delivery_monotonic(it->delivery);
    (void)gate_done(&it->delivery->gates[it->channel], outcome, now - it->sent_at, now);
    it->outcome = *outcome;
    it->cb(it);
}

/* False: no address for this kind of channel. */
static bool fill_address(struct delivery_probe_send *it, enum channel_address kind)
{
    const struct delivery_seed *to = it->to;
    it->send.email = kind == ADDRESS_EMAIL ? to->email : NULL;
    it->send.phone = kind == ADDRESS_PHONE ? to->phone : NULL;
    it->postal = (struct postal_address){.line1 = to->line1,
                                         .city = to->city,
                                         .region = to->region,
                                         .postal_code = to->postal_code,
                                         .country = to->country};
    it->send.postal = kind == ADDRESS_POSTAL && to->line1 != NULL ? &it->postal : NULL;
    it->send.name = it->send.postal != NULL ? to->label : NULL;
    return it->send.email != NULL || it->send.phone != NULL || it->send.postal != NULL;
}

static void fill_message(struct delivery_probe_send *it)
{
    const struct token token = {PROBE_CHUNK, (uint16_t)it->channel, 0};
    int64_t once; /* two preflights are two messages to a provider that drops repeats */
    seal_random(&once, sizeof(once));
    const struct message_name name = {
        .wave = once, .channel = (uint8_t)it->channel, .recipient_id = "preflight"};
    token_format(it->token, &it->delivery->token_key, &token);
    message_key(it->key, &it->delivery->token_key, &name);
    it->send.token = it->token;
    it->send.key = it->key;
    it->send.test = true;
    it->send.cb = on_outcome;
    it->send.notice = (struct channel_notice){.locale = "en",
                                              .subject = subject,
                                              .html = html,
                                              .html_length = sizeof(html) - 1,
                                              .text = text,
                                              .text_length = sizeof(text) - 1,
                                              .line = subject};
}

enum result delivery_probe_send(struct delivery *delivery, struct delivery_probe_send *it)
{
    struct gate *gate = &delivery->gates[it->channel];
    struct channel_send *sends[1] = {&it->send};
    int64_t now = delivery_monotonic(delivery);
    it->delivery = delivery;
    if (!fill_address(it, gate->driver->facts.address))
        return RESULT_NOT_FOUND;
    if (gate->channel == NULL || delivery->stopping)
        return RESULT_CLOSING;
    if (gate_free(gate, now) == 0 || !gate_has_room(gate, 1))
        return RESULT_BUSY;
    fill_message(it);
    gate_take(gate, 1);
    if (gate->driver->send(gate->channel, sends, 1) != RESULT_OK) {
        gate_return(gate, 1);
        return RESULT_BUSY;
    }
    gate_sent(gate, 1);
    it->sent_at = now;
    return RESULT_OK;
}

void delivery_probe_cancel(struct delivery_probe_send *it)
{
    struct gate *gate = &it->delivery->gates[it->channel];
    if (gate->channel != NULL && !atomic_exchange(&it->send.stop, true))
        gate->driver->cancel(gate->channel, &it->send);
}
