/* receipts_text.h - receipts as text: JSON page, NDJSON lines, CSV rows. Pure. The leaf is copied
 * byte for byte: it is what the log's proofs are about. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "service/api/accept.h"
#include "service/delivery/delivery.h"

/* The header row of CSV, the opening of a JSON page, nothing for NDJSON. */
bool receipts_text_begin(struct buf *to, enum accept_type type);
/* One receipt; `first`: no comma in front (JSON). */
bool receipts_text_add(struct buf *to, enum accept_type type,
                       const struct delivery_receipt_item *item, bool first);
/* The end of a JSON page with its cursor (NULL: no more); nothing for the others. */
bool receipts_text_end(struct buf *to, enum accept_type type, const char *next);
