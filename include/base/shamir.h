/* shamir.h - a secret in n shares, any k of which give it back and any k - 1 of which tell nothing:
 * A. Shamir, "How to share a secret", Communications of the ACM 22 (11), 1979, over GF(2^8) with
 * the polynomial of AES (x^8 + x^4 + x^3 + x + 1), byte by byte. No tables, no branches on secrets.
 * Pure but for randomness. Thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAMIR_SHARES_MAX = 255 };

/* One share: the value of the polynomials at x (1..255). */
struct shamir_share {
    uint8_t x;
    uint8_t *bytes; /* as many as the secret has */
};
/* Fills n shares (x = 1..n) whose `bytes` the caller gives. 1 <= k <= n <= 255. */
void shamir_split(struct shamir_share *shares, unsigned n, unsigned k, const uint8_t *secret,
                  size_t length);
/* From k shares of different x. False: an x is 0 or there twice. Wrong shares give a wrong secret:
 * the caller checks it. */
bool shamir_join(uint8_t *ret_secret, size_t length, const struct shamir_share *shares, unsigned k);
/* The field, for the tests. */
uint8_t shamir_multiply(uint8_t a, uint8_t b);
uint8_t shamir_invert(uint8_t a); /* of 0: 0 */
