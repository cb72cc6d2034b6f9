/* hash.c - digests over libcrypto. Happy path: the low-level SHA-256 calls, which need no fetch and
 * no allocation (the one-shot EVP way costs several times the hash of a tree node). Failure modes:
 * none a caller can meet. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_*: see above */
/* System. */
#include <limits.h>
#include <string.h>

/* Libraries. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/result.h"

enum { BLOCK_SIZE = 64 };

struct sha256_stream {
    SHA256_CTX state;
};

void sha256(uint8_t digest[DIGEST_SIZE], const void *bytes, size_t length)
{
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, bytes, length);
    SHA256_Final(digest, &state);
}

/* One of HMAC's two passes (RFC 2104 section 2): H((key ^ pad) || bytes). */
static void hmac_pass(uint8_t digest[DIGEST_SIZE], const uint8_t key[BLOCK_SIZE], uint8_t pad,
                      const void *bytes, size_t length)
{
    uint8_t block[BLOCK_SIZE];
    SHA256_CTX state;
    for (int i = 0; i < BLOCK_SIZE; i++)
        block[i] = key[i] ^ pad;
    SHA256_Init(&state);
    SHA256_Update(&state, block, sizeof(block));
    SHA256_Update(&state, bytes, length);
    SHA256_Final(digest, &state);
    OPENSSL_cleanse(block, sizeof(block));
}

void hmac_sha256(uint8_t digest[DIGEST_SIZE], const void *key, size_t key_length, const void *bytes,
                 size_t length)
{
    uint8_t block[BLOCK_SIZE] = {0}, inner[DIGEST_SIZE];
    if (key_length > BLOCK_SIZE)
        sha256(block, key, key_length);
    else if (key_length > 0)
        memcpy(block, key, key_length);
    hmac_pass(inner, block, 0x36, bytes, length);
    hmac_pass(digest, block, 0x5c, inner, sizeof(inner));
    OPENSSL_cleanse(block, sizeof(block));
}

void hmac_sha1(uint8_t digest[20], const void *key, size_t key_length, const void *bytes,
               size_t length)
{
    unsigned size = 0;
    require(key_length <= INT_MAX);
    require(HMAC(EVP_sha1(), key_length > 0 ? key : "", (int)key_length, bytes, length, digest,
                 &size) != NULL);
}

struct sha256_stream *sha256_begin(void)
{
    struct sha256_stream *stream = mem_new(struct sha256_stream);
    SHA256_Init(&stream->state);
    return stream;
}

void sha256_add(struct sha256_stream *stream, const void *bytes, size_t length)
{
    SHA256_Update(&stream->state, bytes, length);
}

void sha256_end(struct sha256_stream **stream, uint8_t digest[DIGEST_SIZE])
{
    if (*stream == NULL)
        return;
    if (digest != NULL)
        SHA256_Final(digest, &(*stream)->state);
    mem_wipe_free(*stream, sizeof(**stream));
    *stream = NULL;
}

bool secret_equal(const void *a, const void *b, size_t length)
{
    return length == 0 || CRYPTO_memcmp(a, b, length) == 0;
}

bool secret_equal_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return false;
    size_t length = strlen(a);
    return length == strlen(b) && secret_equal(a, b, length);
}
