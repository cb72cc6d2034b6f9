/* binding.h - what an approval binds to: one canonical JSON document of everything that decides
 * what is sent. Its SHA-256 is the approval's hash; the document itself is kept, sealed, so that
 * the next person can be shown what changed. Loop thread.
 *
 * Members: content (the incident's document), links (every address of a page that a text names, and
 * where links and callbacks reach us), plan (ladder, evidence, consent), providers, rates, retry,
 * roster (counts and version), rules (version and digest of the law's rules, and whether they
 * bind), brakes, sender (the sections of the channels, without secrets), texts (source and digest
 * of every language), wave. */
#pragma once
#include "service/delivery/delivery_private.h"

/* The caller puts it. Only after dossier_check() was OK. */
struct json_object *binding_make(struct delivery *delivery, struct dossier *dossier,
                                 const struct wave_row *wave);
/* Digest of its canonical text. */
void binding_hash(struct json_object *binding, char hex[DIGEST_TEXT_SIZE],
                  uint8_t digest[DIGEST_SIZE]);
/* Sealed for the store, and back (the caller puts it; NULL: it does not open). */
void binding_seal(struct json_object *binding, const struct seal_key *key, struct buf *to);
struct json_object *binding_open(struct blob sealed, const struct seal_key *key);
