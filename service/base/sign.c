/* sign.c - Ed25519 over libsodium. Happy path: detached signatures. Failure modes: a bad signature
 * is false; nothing else can go wrong. */
/* System. */
#include <string.h>

/* Libraries. */
#include <sodium.h>

/* Base. */
#include "base/result.h"
#include "base/sign.h"

_Static_assert((int)SIGN_SEED_SIZE == (int)crypto_sign_SEEDBYTES, "seed");
_Static_assert((int)SIGN_PUBLIC_SIZE == (int)crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert((int)SIGNATURE_SIZE == (int)crypto_sign_BYTES, "signature");

/* libsodium's secret key is seed || public key, which is what struct sign_key holds. */
_Static_assert(sizeof(struct sign_key) == crypto_sign_SECRETKEYBYTES, "secret key");

void sign_key_of_seed(struct sign_key *key, const uint8_t seed[SIGN_SEED_SIZE])
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    require(crypto_sign_seed_keypair(key->public_key, secret, seed) == 0);
    memcpy(key->seed, secret, SIGN_SEED_SIZE);
    sodium_memzero(secret, sizeof(secret));
}

void sign_key_random(struct sign_key *key)
{
    uint8_t seed[SIGN_SEED_SIZE];
    randombytes_buf(seed, sizeof(seed));
    sign_key_of_seed(key, seed);
    sodium_memzero(seed, sizeof(seed));
}

void sign_key_wipe(struct sign_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

void sign_bytes(uint8_t signature[SIGNATURE_SIZE], const struct sign_key *key, const void *bytes,
                size_t length)
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    memcpy(secret, key->seed, SIGN_SEED_SIZE);
    memcpy(secret + SIGN_SEED_SIZE, key->public_key, SIGN_PUBLIC_SIZE);
    require(crypto_sign_detached(signature, NULL, bytes, length, secret) == 0);
    sodium_memzero(secret, sizeof(secret));
}

bool sign_check(const uint8_t public_key[SIGN_PUBLIC_SIZE], const uint8_t signature[SIGNATURE_SIZE],
                const void *bytes, size_t length)
{
    return crypto_sign_verify_detached(signature, bytes, length, public_key) == 0;
}
