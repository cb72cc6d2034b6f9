/* receipt_details.c - what the leaf must not say: exact time, address, references, words. Canonical
 * JSON, sealed under a key of the person's seed (of the incident when it is about nobody), and
 * bound to the leaf by SHA-256(salt || JSON); the salt comes from the same key, so that erasing the
 * seed takes away both the text and the means to guess it. */
/* System. */
#include <string.h>

/* This module. */
#include "service/receipts/receipt_private.h"

enum { TEXT_MAX = 1024, USUAL = 480 };

/* Decimal digits that end before `end`; where they begin. */
static char *put_number(char *end, uint64_t value)
{
    do
        *--end = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    return end;
}

static void derive_salt(struct seal_key *salt, const struct seal_key *key, id batch, unsigned slot)
{
    uint8_t place[10];
    for (int i = 0; i < 8; i++)
        place[i] = (uint8_t)((uint64_t)batch >> (56 - 8 * i));
    place[8] = (uint8_t)(slot >> 8);
    place[9] = (uint8_t)slot;
    seal_derive(salt, key, "receipt", place, sizeof(place));
}

void details_keys(struct details_keys *keys, const struct seal_key *key, id batch, unsigned slot)
{
    derive_salt(&keys->salt, key, batch, slot);
    seal_derive(&keys->seal, key, "receipt details", NULL, 0);
    char *at = put_number(keys->bound + sizeof(keys->bound) - 1, slot);
    *--at = ':';
    at = put_number(at, (uint64_t)batch);
    memcpy(at - 8, "receipt:", 8);
    keys->bound[sizeof(keys->bound) - 1] = 0;
    keys->at = at - 8;
}

void details_commit(uint8_t commitment[DIGEST_SIZE], const struct seal_key *salt, const void *json,
                    size_t length)
{
    char bytes[SEAL_KEY_SIZE + 4096];
    if (length <= sizeof(bytes) - SEAL_KEY_SIZE) {
        memcpy(bytes, salt->bytes, SEAL_KEY_SIZE);
        memcpy(bytes + SEAL_KEY_SIZE, json, length);
        sha256(commitment, bytes, SEAL_KEY_SIZE + length);
        explicit_bzero(bytes, SEAL_KEY_SIZE + length);
        return;
    }
    struct sha256_stream *stream = sha256_begin();
    sha256_add(stream, salt->bytes, SEAL_KEY_SIZE);
    sha256_add(stream, json, length);
    sha256_end(&stream, commitment);
}

static void write_json(struct buf *to, const struct receipt *receipt)
{
    char at[TIME_TEXT_SIZE];
    struct members members;
    members_begin(&members, to);
    members_text(&members, "address", receipt->address, TEXT_MAX);
    if (receipt->at != TIME_NONE)
        member_word(&members, "at", time_format(at, receipt->at));
    members_text(&members, "diagnostic", receipt->diagnostic, TEXT_MAX);
    members_text(&members, "note", receipt->note, NOTE_MAX);
    if (receipt->recipient_id != NULL)
        member_int(&members, "number", receipt->number);
    members_text(&members, "provider", receipt->provider, TEXT_MAX);
    members_text(&members, "provider_ref", receipt->provider_ref, TEXT_MAX);
    members_text(&members, "recipient_id", receipt->recipient_id, TEXT_MAX);
    members_end(&members);
}

uint32_t details_mask(const struct seal_key *incident_key, id batch, unsigned slot)
{
    struct seal_key salt, mask;
    derive_salt(&salt, incident_key, batch, slot);
    seal_derive(&mask, &salt, "receipt number", NULL, 0);
    uint32_t bits = (uint32_t)mask.bytes[0] << 24 | (uint32_t)mask.bytes[1] << 16 |
                    (uint32_t)mask.bytes[2] << 8 | mask.bytes[3];
    seal_key_wipe(&salt);
    seal_key_wipe(&mask);
    return bits;
}

enum details_form details_write(struct buf *to, const struct receipt_batch *batch,
                                const struct seal_key *incident_key, const struct receipt *receipt,
                                uint8_t commitment[DIGEST_SIZE])
{
    const struct seal_key *key = receipt->seed != NULL ? receipt->seed : incident_key;
    enum details_form form = receipt->seed != NULL  ? DETAILS_PERSON
                             : incident_key != NULL ? DETAILS_INCIDENT
                                                    : DETAILS_PLAIN;
    buf_add_u8(to, (uint8_t)form);
    if (form == DETAILS_PERSON) /* whose seed opens it: readable with the incident key only */
        buf_add_u32(to, incident_key == NULL
                            ? UINT32_MAX
                            : receipt->number ^ details_mask(incident_key, batch->id, batch->n));
    if (key == NULL) {
        write_json(to, receipt);
        return form;
    }
    struct details_keys keys;
    struct buf json;
    buf_init(&json, SIZE_MAX);
    buf_reserve(&json, USUAL);
    write_json(&json, receipt);
    details_keys(&keys, key, batch->id, batch->n);
    details_commit(commitment, &keys.salt, json.data, json.length);
    require(seal_add(to, &keys.seal, keys.at, json.data, json.length));
    buf_wipe(&json);
    explicit_bzero(&keys, sizeof(keys));
    return form;
}
