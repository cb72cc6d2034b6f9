/* sign.h - Ed25519 signatures (RFC 8032) over libsodium: the log's checkpoints and its witnesses.
 * seal_init() first. Thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGN_SEED_SIZE = 32, SIGN_PUBLIC_SIZE = 32, SIGNATURE_SIZE = 64 };

struct sign_key {
    uint8_t seed[SIGN_SEED_SIZE];
    uint8_t public_key[SIGN_PUBLIC_SIZE];
};
void sign_key_random(struct sign_key *key);
void sign_key_of_seed(struct sign_key *key, const uint8_t seed[SIGN_SEED_SIZE]);
void sign_key_wipe(struct sign_key *key);

/* Deterministic: the same bytes get the same signature. */
void sign_bytes(uint8_t signature[SIGNATURE_SIZE], const struct sign_key *key, const void *bytes,
                size_t length);
bool sign_check(const uint8_t public_key[SIGN_PUBLIC_SIZE], const uint8_t signature[SIGNATURE_SIZE],
                const void *bytes, size_t length);
