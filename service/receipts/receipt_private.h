/* receipt_private.h - between the files of this folder. */
#pragma once
/* Base. */
#include "base/buf.h"
#include "base/hash.h"

/* Interfaces. */
#include "tocsin/receipt.h"

/* How details are kept: the first byte of what is stored. Frozen. */
enum details_form { DETAILS_PLAIN = 0, DETAILS_PERSON = 1, DETAILS_INCIDENT = 2 };
enum { RECEIPTS_MAX = 1000, NOTE_MAX = 16384, BOUND_SIZE = 48 };

/* receipt_text.c: members of a canonical object, in the order of their keys. */
struct members {
    struct buf *to;
    bool any;
};
void members_begin(struct members *members, struct buf *to);
void members_end(struct members *members);
/* `text` NULL: no member. Bytes that are not UTF-8 become '?'; at most `most` bytes. */
void members_text(struct members *members, const char *key, const char *text, size_t most);
void member_word(struct members *members, const char *key, const char *word); /* safe ASCII */
void member_int(struct members *members, const char *key, int64_t value);
void member_hex(struct members *members, const char *key, const uint8_t digest[DIGEST_SIZE]);

/* receipt_event.c: the ETSI EN 319 522-1 event, or NULL. */
const char *receipt_event(const struct receipt *receipt);

/* receipt_leaf.c: the leaf appended; `commitment` NULL: none. */
void leaf_write(struct buf *to, const struct receipt *receipt, enum details_form form,
                const uint8_t *commitment);

/* receipt_details.c: keys of one slot. */
struct details_keys {
    struct seal_key seal, salt;
    char bound[BOUND_SIZE];
    const char *at; /* "receipt:<batch>:<slot>", the end of `bound` */
};
void details_keys(struct details_keys *keys, const struct seal_key *key, id batch, unsigned slot);
/* Hides a roster number from those without the incident key. */
uint32_t details_mask(const struct seal_key *incident_key, id batch, unsigned slot);
void details_commit(uint8_t commitment[DIGEST_SIZE], const struct seal_key *salt, const void *json,
                    size_t length);
/* Form, then the sealed or plain details appended; the commitment where there is a key. */
enum details_form details_write(struct buf *to, const struct receipt_batch *batch,
                                const struct seal_key *incident_key, const struct receipt *receipt,
                                uint8_t commitment[DIGEST_SIZE]);
