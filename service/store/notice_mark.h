/* notice_mark.h - which members of a chunk may have got which notice version. */
#pragma once
#include "service/store/chunk.h"

struct mark {
    uint8_t bits[CHUNK_MEMBERS / 8]; /* by position */
};
/* A message may have reached the person: all but what was never sent, refused, or came back. */
bool mark_may_have_got(uint8_t byte);
/* Members of open intents of this version; 0: of any. */
void mark_add_intents(struct store_work *work, int64_t chunk, int64_t notice, struct mark *set);
/* What is written down. */
void mark_read(struct store_work *work, int64_t chunk, int64_t notice, struct mark *set);
/* Writes down what a record says of a marked chunk; before its intents are dropped. */
void mark_record(struct store_work *work, const struct store_chunk_record *req);
