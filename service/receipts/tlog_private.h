/* tlog_private.h - small pieces that the text formats of the log share. */
#pragma once
#include "tocsin/tlog.h"

/* Takes the next line, without its line feed; false when none is complete. */
bool tlog_line(struct slice *rest, struct slice *line);
/* Decimal digits without a leading zero. */
bool tlog_decimal(struct slice text, uint64_t *ret_value);
/* Exactly one hash in base64. */
bool tlog_hash(struct slice text, struct merkle_hash *to);
