/* token.c - the opaque name of one attempt that travels through providers and comes back.
 *
 * 16 bytes: mac || block XOR keystream(mac), in the manner of SIV (RFC 5297): the MAC of the block
 * is also its nonce, so that equal attempts give equal tokens and nothing random is kept. The block
 * is chunk (40 bits), position (16), attempt (8). A forger has one chance in 2^64 a try.
 * Parsing fails for anything that token_format would not have written with this key. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/result.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/delivery.h"

enum { BLOCK_SIZE = 8, RAW_SIZE = 2 * BLOCK_SIZE, CHUNK_BITS = 40 };

static void block_write(uint8_t block[BLOCK_SIZE], const struct token *token)
{
    uint64_t chunk = (uint64_t)token->chunk;

    for (int i = 0; i < 5; i++)
        block[i] = (uint8_t)(chunk >> (8 * (4 - i)));
    block[5] = (uint8_t)(token->position >> 8);
    block[6] = (uint8_t)token->position;
    block[7] = token->attempt;
}

static void block_read(struct token *token, const uint8_t block[BLOCK_SIZE])
{
    uint64_t chunk = 0;

    for (int i = 0; i < 5; i++)
        chunk = chunk << 8 | block[i];
    token->chunk = (int64_t)chunk;
    token->position = (uint16_t)(block[5] << 8 | block[6]);
    token->attempt = block[7];
}

static void block_mac(uint8_t mac[BLOCK_SIZE], const struct seal_key *key,
                      const uint8_t block[BLOCK_SIZE])
{
    uint8_t full[32];

    seal_mac(full, key, block, BLOCK_SIZE);
    memcpy(mac, full, BLOCK_SIZE);
}

/* The two inputs of the key differ in length (8 and 14 bytes): they never meet. */
static void block_mask(uint8_t block[BLOCK_SIZE], const struct seal_key *key,
                       const uint8_t mac[BLOCK_SIZE])
{
    uint8_t input[6 + BLOCK_SIZE] = "stream";
    uint8_t stream[32];

    memcpy(input + 6, mac, BLOCK_SIZE);
    seal_mac(stream, key, input, sizeof(input));
    for (int i = 0; i < BLOCK_SIZE; i++)
        block[i] ^= stream[i];
}

void token_format(char to[TOKEN_TEXT_SIZE], const struct seal_key *key, const struct token *token)
{
    uint8_t raw[RAW_SIZE];

    require(token->chunk >= 0 && token->chunk < (int64_t)1 << CHUNK_BITS);
    block_write(raw + BLOCK_SIZE, token);
    block_mac(raw, key, raw + BLOCK_SIZE);
    block_mask(raw + BLOCK_SIZE, key, raw);
    base32_encode(to, raw, RAW_SIZE);
}

bool token_parse(struct token *ret_token, const struct seal_key *key, const char *text)
{
    uint8_t raw[RAW_SIZE], mac[BLOCK_SIZE];

    if (text == NULL || strnlen(text, TOKEN_TEXT_SIZE) != TOKEN_TEXT_SIZE - 1)
        return false;
    if (base32_decode(raw, sizeof(raw), text, TOKEN_TEXT_SIZE - 1) != RAW_SIZE)
        return false;
    block_mask(raw + BLOCK_SIZE, key, raw);
    block_mac(mac, key, raw + BLOCK_SIZE);
    if (!secret_equal(mac, raw, BLOCK_SIZE))
        return false;
    block_read(ret_token, raw + BLOCK_SIZE);
    return true;
}
