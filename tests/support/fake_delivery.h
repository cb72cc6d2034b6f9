/* fake_delivery.h - an engine that sends nothing: delivery.h and intake.h in memory, over the real
 * store where a transaction is the point (idempotency, written requests). For tests of the API.
 *
 * People r0..r99 exist in every incident: "Person <n>", r<n>@example.org, +1415555<n>, account
 * a<n>, postal code 10<n>; from r90 on without an address. Incident documents with the title "held"
 * are held once released. There are 1,200 receipts, whoever asks. */
#pragma once
#include "service/delivery/delivery.h"

struct delivery *fake_delivery_create(struct loop *loop, struct store *store);
void fake_delivery_destroy(struct delivery **delivery);
