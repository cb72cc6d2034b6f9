/* email_address.c - the gate in front of MAIL and RCPT, and the token in a bounce address.
 *
 * Pure. Everything that is not plainly an address is refused; a token is only cut out here,
 * whether it is authentic says token_parse(). */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "channels/email/email_wire.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 5322 atext. */
static bool is_atext(char c)
{
    return is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool label_ok(const char *label, size_t length)
{
    if (length == 0 || length > 63 || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_alnum(label[i]) && label[i] != '-')
            return false;
    return true;
}

bool email_host_ok(const char *host)
{
    size_t length = strlen(host);
    if (length == 0 || length > 253)
        return false;
    for (const char *at = host;;) {
        const char *dot = strchrnul(at, '.');
        if (!label_ok(at, (size_t)(dot - at)))
            return false;
        if (!*dot)
            return true;
        at = dot + 1;
    }
}

static bool local_ok(const char *local, size_t length)
{
    if (length == 0 || length > 64)
        return false;
    bool after_dot = true; /* no dot at the start, none doubled */
    for (size_t i = 0; i < length; i++) {
        if (local[i] == '.' ? after_dot : !is_atext(local[i]))
            return false;
        after_dot = local[i] == '.';
    }
    return !after_dot;
}

bool email_address_ok(const char *address)
{
    size_t length = strnlen(address, 255);
    if (length > 254)
        return false;
    const char *at = strchr(address, '@');
    return at && local_ok(address, (size_t)(at - address)) && email_host_ok(at + 1);
}

bool email_bounce_address(char *to, size_t size, const char *token, const char *domain)
{
    size_t t = strlen(token), d = strlen(domain);
    if (2 + t + 1 + d + 1 > size)
        return false;
    memcpy(to, "b+", 2);
    memcpy(to + 2, token, t);
    to[2 + t] = '@';
    memcpy(to + 2 + t + 1, domain, d + 1);
    return email_address_ok(to);
}

/* The right number of base32 characters; lower case comes out. */
static bool token_copy(char ret_token[TOKEN_TEXT_SIZE], const char *text, size_t length)
{
    if (length != TOKEN_TEXT_SIZE - 1)
        return false;
    char token[TOKEN_TEXT_SIZE];
    memcpy(token, text, length);
    token[length] = 0;
    str_lower(token);
    if (strspn(token, "abcdefghijklmnopqrstuvwxyz234567") != length)
        return false;
    memcpy(ret_token, token, sizeof(token));
    return true;
}

bool email_token_from_address(char ret_token[TOKEN_TEXT_SIZE], const char *address)
{
    const char *at = strrchr(address, '@');
    if (!at)
        return false;
    const char *start = at;
    while (start > address && (is_alnum(start[-1]) || start[-1] == '+'))
        start--;
    if (at - start < 2 || (start[0] != 'b' && start[0] != 'B') || start[1] != '+')
        return false;
    return token_copy(ret_token, start + 2, (size_t)(at - start) - 2);
}

bool email_token_from_envid(char ret_token[TOKEN_TEXT_SIZE], const char *envid)
{
    while (*envid == ' ' || *envid == '\t')
        envid++;
    return token_copy(ret_token, envid, strcspn(envid, " \t\r\n"));
}
