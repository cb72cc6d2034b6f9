/* hold.h - reading hold rows, shared by the hold files. */
#pragma once
#include "service/store/store_core.h"

#define HOLD_COLUMNS                                                                               \
    "id, incident, wave, jurisdiction, channel, number, kind, state, body, until, placed_by,"      \
    " placed_at, asked_by, asked_notice, lifted_by, lifted_at"
void hold_row_read(struct sql_query *query, struct arena *arena, struct hold_row *row);
/* The first word of a cohort. */
void hold_jurisdiction(char to[32], const char *cohort);
/* NOT_FOUND: no such incident. */
enum result wave_check_there(struct store_work *work, id incident);
/* Marks in chunk_notice who may have got the wave's present version: it goes on with another. */
void notice_mark_wave(struct store_work *work, const struct wave_row *wave);
