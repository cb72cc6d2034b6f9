/* upload.h - what roster.c and recover.c need of upload.c. */
#pragma once
#include "service/store/store_core.h"

struct upload_row {
    unsigned part;
    enum upload_mode mode;
    bool late;
    int64_t first_block;
    uint8_t digest[DIGEST_SIZE];
};
struct upload_counts {
    int64_t accepted, duplicates, rejected, warnings;
};

/* The open upload's row; NOT_FOUND. */
enum result upload_row_get(struct store_work *work, id incident, id upload,
                           struct upload_row *ret_row);
/* Adds a joined upload to its incident. */
void upload_join(struct store_work *work, id incident, const struct upload_counts *counts);
/* CONFLICT: a released wave took people of the roster in. */
enum result upload_check_replace(struct store_work *work, id incident);
/* Joined uploads but this one leave the roster, with what they added to the incident; the people
 * who went. */
int64_t upload_discard_others(struct store_work *work, const struct store_upload *req);
/* The sums of the incident, again from its joined uploads. */
void upload_sums(struct store_work *work, id incident);
/* Deletes an open upload with all its rows; its block numbers are free again. */
void upload_forget(struct store_work *work, id incident, id upload);
