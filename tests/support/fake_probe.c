/* fake_probe.c - the probes of an engine without channels. */

/* This module. */
#include "service/delivery/probe/probe.h"

size_t delivery_probe_channels(const struct delivery *delivery)
{
    (void)delivery;
    return 0;
}

const struct delivery_channel *delivery_probe_channel(const struct delivery *delivery, size_t i)
{
    (void)delivery;
    (void)i;
    return NULL;
}

bool delivery_probe_sign(struct delivery *delivery, struct delivery_probe_sample *it)
{
    (void)delivery;
    (void)it;
    return false;
}

bool delivery_probe_seen(const struct delivery *delivery, size_t channel, uint8_t run)
{
    (void)delivery;
    (void)channel;
    (void)run;
    return false;
}

uint64_t delivery_probe_refused(const struct delivery *delivery, size_t channel)
{
    (void)delivery;
    (void)channel;
    return 0;
}

bool delivery_probe_listens(const struct delivery *delivery, size_t channel)
{
    (void)delivery;
    (void)channel;
    return false;
}

int64_t delivery_probe_balance(const struct delivery *delivery, size_t channel)
{
    (void)delivery;
    (void)channel;
    return -1;
}

enum result delivery_probe_send(struct delivery *delivery, struct delivery_probe_send *it)
{
    (void)delivery;
    (void)it;
    return RESULT_NOT_FOUND;
}

void delivery_probe_cancel(struct delivery_probe_send *it)
{
    (void)it;
}
