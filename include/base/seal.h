/* seal.h - keys and sealing over libsodium. Everything personal is stored sealed.
 *
 * master key (file or environment) wraps one key per incident; the incident key seals 32-byte
 * seeds, one per person; a person's seed gives the key that seals the person and the salts of the
 * person's commitments. Erasing the seed erases the person. XChaCha20-Poly1305 (24-byte random
 * nonce in front), BLAKE2b for derivation. Thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { SEAL_KEY_SIZE = 32, SEAL_OVERHEAD = 24 + 16 };

struct seal_key {
    uint8_t bytes[SEAL_KEY_SIZE];
};

/* Must be called once before anything else here (and before id_new); aborts when libsodium fails.
 */
void seal_init(void);
void seal_random(void *to, size_t length);
void seal_key_random(struct seal_key *key);
void seal_key_wipe(struct seal_key *key);

/* A subkey of `key` for `purpose` (a fixed word) and `context` bytes (may be NULL/0). */
void seal_derive(struct seal_key *ret_key, const struct seal_key *key, const char *purpose,
                 const void *context, size_t length);

/* Appends nonce || ciphertext || tag to `to`. `bound` (NUL-terminated, may be "") is authenticated,
 * not stored: table, row and version, so that sealed bytes cannot be moved elsewhere. False only
 * when the buffer's limit is hit. */
bool seal_add(struct buf *to, const struct seal_key *key, const char *bound, const void *bytes,
              size_t length);
/* Appends the opened bytes; false when the bytes are forged, moved or cut, or the key is another.
 */
bool seal_open(struct buf *to, const struct seal_key *key, const char *bound, const void *sealed,
               size_t length);

/* Keyed BLAKE2b, 12 bytes: blind index of an identifier (kind separates recipient ids from
 * accounts). */
enum { BLIND_SIZE = 12 };
void seal_blind(uint8_t blind[BLIND_SIZE], const struct seal_key *key, const char *kind,
                const char *text, size_t length);
/* Keyed BLAKE2b, 32 bytes, of bytes. */
void seal_mac(uint8_t mac[32], const struct seal_key *key, const void *bytes, size_t length);
