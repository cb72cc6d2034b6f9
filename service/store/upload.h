/* upload.h - what roster.c and recover.c need of upload.c. */
#pragma once
#include "service/store/store_core.h"

/* Stored: frozen. */
enum upload_state { UPLOAD_OPEN = 0, UPLOAD_STORED = 1, UPLOAD_JOINED = 2 };

struct upload_row {
    unsigned part;
    int64_t first_block;
    uint8_t digest[DIGEST_SIZE];
};
struct upload_counts {
    int64_t accepted, duplicates, rejected;
};

/* The open upload's row; NOT_FOUND. */
enum result upload_row_get(struct store_work *work, id incident, id upload,
                           struct upload_row *ret_row);
/* Adds a joined upload to its incident. */
void upload_join(struct store_work *work, id incident, const struct upload_counts *counts);
/* Deletes an open upload with all its rows; its block numbers are free again. */
void upload_forget(struct store_work *work, id incident, id upload);
