/* log.h - what the log's aggregates share. */
#pragma once
/* Interfaces. */
#include "tocsin/store_log.h"

/* This module. */
#include "service/store/store_core.h"

/* Zeros and "" when there is none yet; the origin needs an arena. */
void log_head_read(struct store_work *work, struct arena *arena, struct log_head *head);
/* The newest checkpoint with its cosignatures; false: there is none. */
bool log_newest_read(struct store_work *work, struct arena *arena, struct log_checkpoint *to);
