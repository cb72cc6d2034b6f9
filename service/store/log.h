/* log.h - what the log's aggregates share. */
#pragma once
/* Interfaces. */
#include "tocsin/store_log.h"

/* This module. */
#include "service/store/store_core.h"

/* Zeros and "" when there is none yet; the origin needs an arena. */
void log_head_read(struct store_work *work, struct arena *arena, struct log_head *head);
/* 0: the shard that grows. */
int64_t log_shard_of(struct store_work *work, unsigned shard);
/* The newest checkpoint of the shard (0: that grows) with its cosignatures; false: there is none.
 */
bool log_newest_read(struct store_work *work, unsigned shard, struct arena *arena,
                     struct log_checkpoint *to);
