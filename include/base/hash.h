/* hash.h - digests and message authentication over OpenSSL's libcrypto (5 times libsodium's SHA-256
 * here). Thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_TEXT_SIZE = 65 };

void sha256(uint8_t digest[DIGEST_SIZE], const void *bytes, size_t length);

void hmac_sha256(uint8_t digest[DIGEST_SIZE], const void *key, size_t key_length, const void *bytes,
                 size_t length);
void hmac_sha1(uint8_t digest[20], const void *key, size_t key_length, const void *bytes,
               size_t length); /* Twilio's callback signature only */

/* Streaming SHA-256. sha256_end frees the state and may be given NULL for `digest` to give up. */
struct sha256_stream;
struct sha256_stream *sha256_begin(void);
void sha256_add(struct sha256_stream *stream, const void *bytes, size_t length);
void sha256_end(struct sha256_stream **stream, uint8_t digest[DIGEST_SIZE]);

/* Constant time in the contents (not in the length). */
bool secret_equal(const void *a, const void *b, size_t length);
bool secret_equal_text(const char *a, const char *b);
