/* shamir.c - see the header. Happy path: for each byte a random polynomial of degree k - 1 whose
 * constant is the byte; shares are its values; joining is Lagrange's interpolation at 0. Failure
 * modes: none when splitting; equal or zero x when joining. */
/* System. */
#include <string.h>

/* Base. */
#include "base/result.h"
#include "base/seal.h"
#include "base/shamir.h"

/* Shift and add, eight times whatever the bits are. */
uint8_t shamir_multiply(uint8_t a, uint8_t b)
{
    unsigned x = a, product = 0;
    for (int bit = 0; bit < 8; bit++) {
        product ^= x & (0U - ((b >> bit) & 1U));
        x = (x << 1) ^ (0x11bU & (0U - (x >> 7 & 1U)));
    }
    return (uint8_t)product;
}

/* a^254: the group has 255 elements. */
uint8_t shamir_invert(uint8_t a)
{
    uint8_t power = a, result = 1;
    for (int bit = 1; bit < 8; bit++) { /* 254 = 2 + 4 + ... + 128 */
        power = shamir_multiply(power, power);
        result = shamir_multiply(result, power);
    }
    return result;
}

/* Horner's rule; coefficients[0] is the secret's byte. */
static uint8_t value_at(const uint8_t *coefficients, unsigned k, uint8_t x)
{
    uint8_t y = 0;
    for (unsigned i = k; i > 0; i--)
        y = shamir_multiply(y, x) ^ coefficients[i - 1];
    return y;
}

void shamir_split(struct shamir_share *shares, unsigned n, unsigned k, const uint8_t *secret,
                  size_t length)
{
    uint8_t coefficients[SHAMIR_SHARES_MAX];
    require(k >= 1 && k <= n && n <= SHAMIR_SHARES_MAX);
    for (unsigned i = 0; i < n; i++)
        shares[i].x = (uint8_t)(i + 1);
    for (size_t at = 0; at < length; at++) {
        seal_random(coefficients, k);
        coefficients[0] = secret[at];
        for (unsigned i = 0; i < n; i++)
            shares[i].bytes[at] = value_at(coefficients, k, shares[i].x);
    }
    explicit_bzero(coefficients, sizeof(coefficients));
}

static bool all_different(const struct shamir_share *shares, unsigned k)
{
    for (unsigned i = 0; i < k; i++) {
        if (shares[i].x == 0)
            return false;
        for (unsigned j = 0; j < i; j++)
            if (shares[i].x == shares[j].x)
                return false;
    }
    return true;
}

/* What share i weighs at 0: the product of x_j / (x_j - x_i); minus is plus here. */
static uint8_t weight(const struct shamir_share *shares, unsigned k, unsigned i)
{
    uint8_t above = 1, below = 1;
    for (unsigned j = 0; j < k; j++) {
        if (j == i)
            continue;
        above = shamir_multiply(above, shares[j].x);
        below = shamir_multiply(below, shares[j].x ^ shares[i].x);
    }
    return shamir_multiply(above, shamir_invert(below));
}

bool shamir_join(uint8_t *ret_secret, size_t length, const struct shamir_share *shares, unsigned k)
{
    if (k == 0 || k > SHAMIR_SHARES_MAX || !all_different(shares, k))
        return false;
    memset(ret_secret, 0, length);
    for (unsigned i = 0; i < k; i++) {
        uint8_t factor = weight(shares, k, i);
        for (size_t at = 0; at < length; at++)
            ret_secret[at] ^= shamir_multiply(shares[i].bytes[at], factor);
    }
    return true;
}
