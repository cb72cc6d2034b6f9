/* configured.h - the receipt of configuration that changes policy. Private to service/delivery. */
#pragma once
#include "service/delivery/delivery.h"
#include "tocsin/receipt.h"
#include "tocsin/store_access.h"

/* Caller-owned until `cb`, which comes once, never from inside the call. */
struct configured {
    void (*cb)(struct configured *configured, enum result result, const struct error *error);
    /* private */
    uint8_t digest[DIGEST_SIZE];
    struct receipt_batch receipts;
    struct store_configured store;
};
/* Writes a receipt when the policy is another than at the last start (or the first ever). */
void configured_check(struct delivery *delivery, struct configured *it);
/* What of the configuration is policy; no secrets. The caller owns it. Pure. */
struct json_object *configured_policy(const struct delivery_config *config);
