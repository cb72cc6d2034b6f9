/* seal.c - keys and sealing over libsodium. Happy path: nonce || ciphertext || tag behind the
 * buffer's bytes. Failure modes: forged, moved or cut bytes do not open and leave the buffer as it
 * was; a full buffer sets its `failed`. */
/* System. */
#include <pthread.h>
#include <string.h>

/* Libraries. */
#include <sodium.h>

/* Base. */
#include "base/result.h"
#include "base/seal.h"

enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES
};
_Static_assert((int)SEAL_OVERHEAD == (int)NONCE_SIZE + (int)TAG_SIZE, "overhead");
_Static_assert((int)SEAL_KEY_SIZE == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

/* Nonces come from the kernel by the pool: a call for each would be a tenth of an upload's time. A
 * nonce is used once, so a forked child must not go on with its parent's pool. */
enum { POOL_NONCES = 64 };
static _Thread_local struct {
    uint8_t bytes[POOL_NONCES][NONCE_SIZE];
    unsigned left;
} pool;

static void pool_forget(void)
{
    pool.left = 0;
}

static void nonce_next(unsigned char *nonce)
{
    if (pool.left == 0) {
        randombytes_buf(pool.bytes, sizeof(pool.bytes));
        pool.left = POOL_NONCES;
    }
    memcpy(nonce, pool.bytes[--pool.left], NONCE_SIZE);
}

static void start(void)
{
    if (sodium_init() < 0)
        panic("libsodium did not start");
    if (pthread_atfork(NULL, NULL, pool_forget) != 0)
        panic("the fork handler cannot be registered");
}

void seal_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
}

void seal_random(void *to, size_t length)
{
    randombytes_buf(to, length);
}

void seal_key_random(struct seal_key *key)
{
    randombytes_buf(key->bytes, sizeof(key->bytes));
}

void seal_key_wipe(struct seal_key *key)
{
    sodium_memzero(key->bytes, sizeof(key->bytes));
}

/* What is hashed: a word, a NUL that ends it, and bytes; `use` keeps subkeys and blind indexes of
 * one key apart (BLAKE2b's personalisation, RFC 7693 leaves it to the parameter block: 16 bytes).
 */
struct keyed {
    const char *use, *word;
    const void *bytes;
    size_t length;
};

static void keyed_hash(uint8_t out[32], const struct seal_key *key, const struct keyed *what)
{
    unsigned char use[crypto_generichash_blake2b_PERSONALBYTES] = {0};
    crypto_generichash_blake2b_state state;
    memcpy(use, what->use, strnlen(what->use, sizeof(use)));
    crypto_generichash_blake2b_init_salt_personal(&state, key->bytes, sizeof(key->bytes), 32, NULL,
                                                  use);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)what->word,
                                      strlen(what->word) + 1);
    if (what->length > 0)
        crypto_generichash_blake2b_update(&state, what->bytes, what->length);
    crypto_generichash_blake2b_final(&state, out, 32);
    sodium_memzero(&state, sizeof(state));
}

void seal_derive(struct seal_key *ret_key, const struct seal_key *key, const char *purpose,
                 const void *context, size_t length)
{
    const struct keyed what = {"tocsin derive", purpose, context, length};
    uint8_t out[SEAL_KEY_SIZE];
    keyed_hash(out, key, &what);
    memcpy(ret_key->bytes, out, sizeof(out));
    sodium_memzero(out, sizeof(out));
}

bool seal_add(struct buf *to, const struct seal_key *key, const char *bound, const void *bytes,
              size_t length)
{
    if (length > SIZE_MAX - SEAL_OVERHEAD) {
        to->failed = true;
        return false;
    }
    char *space = buf_reserve(to, length + SEAL_OVERHEAD);
    if (space == NULL)
        return false;
    unsigned char *nonce = (unsigned char *)space;
    nonce_next(nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, NULL, bytes, length,
                                               (const unsigned char *)bound, strlen(bound), NULL,
                                               nonce, key->bytes);
    to->length += length + SEAL_OVERHEAD;
    return true;
}

bool seal_open(struct buf *to, const struct seal_key *key, const char *bound, const void *sealed,
               size_t length)
{
    const unsigned char *nonce = sealed;
    if (length < SEAL_OVERHEAD)
        return false;
    char *space = buf_reserve(to, length - SEAL_OVERHEAD);
    if (space == NULL)
        return false;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (unsigned char *)space, NULL, NULL, nonce + NONCE_SIZE, length - NONCE_SIZE,
            (const unsigned char *)bound, strlen(bound), nonce, key->bytes) != 0)
        return false; /* libsodium has zeroed the space */
    to->length += length - SEAL_OVERHEAD;
    return true;
}

void seal_blind(uint8_t blind[BLIND_SIZE], const struct seal_key *key, const char *kind,
                const char *text, size_t length)
{
    const struct keyed what = {"tocsin blind", kind, text, length};
    uint8_t out[32];
    keyed_hash(out, key, &what);
    memcpy(blind, out, BLIND_SIZE);
}

void seal_mac(uint8_t mac[32], const struct seal_key *key, const void *bytes, size_t length)
{
    crypto_generichash(mac, 32, bytes, length, key->bytes, sizeof(key->bytes));
}
