/* store_notice.h - the texts that notices were made from, kept by their digest. The conventions are
 * those of store.h. They are put by store_wave_move, with the release. */
#pragma once
#include "tocsin/store_request.h"

struct store_notice_text {
    struct store_request request;
    const char *digest; /* hex of SHA-256 */
    struct blob body;   /* out */
};
/* NOT_FOUND. */
void store_notice_text_get(struct store *store, struct store_notice_text *req);
