/* address.c - strict checks of single addresses and codes. Pure, bounded, no locale.
 *
 * What passes here may stand in an SMTP command, a header or a provider's form as it is: nothing
 * that quotes, folds, comments or controls gets through. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return is_lower(c) || is_upper(c);
}

static bool is_alnum(char c)
{
    return is_alpha(c) || is_digit(c);
}

/* atext of RFC 5322 section 3.2.3. */
static bool is_atext(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Dot-string of RFC 5321 section 4.1.2, up to 64 bytes (section 4.5.3.1.1). */
static bool local_part_check(const char *at, const char *end)
{
    if (at == end || end - at > 64 || *at == '.' || end[-1] == '.')
        return false;
    for (; at < end; at++) {
        if (*at == '.' && at[1] == '.')
            return false;
        if (*at != '.' && !is_atext(*at))
            return false;
    }
    return true;
}

/* One label of a host name (RFC 1123 section 2.1): letters, digits, inner hyphens, 1..63. */
static bool label_check(const char *at, size_t length)
{
    if (length == 0 || length > 63 || at[0] == '-' || at[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_alnum(at[i]) && at[i] != '-')
            return false;
    return true;
}

/* Two labels or more; the last one begins with a letter, so that no IPv4 address passes. */
static bool host_check(const char *host)
{
    unsigned labels = 0;
    const char *last = host;

    if (strlen(host) > 253)
        return false;
    for (const char *at = host;; at++) {
        size_t length = strcspn(at, ".");

        if (!label_check(at, length))
            return false;
        labels++;
        last = at;
        at += length;
        if (*at == '\0')
            break;
    }
    return labels >= 2 && is_alpha(last[0]) && strlen(last) >= 2;
}

bool address_check_email(const char *email)
{
    const char *at;

    if (email == NULL || strnlen(email, 255) > 254)
        return false;
    at = strchr(email, '@');
    return at != NULL && local_part_check(email, at) && host_check(at + 1);
}

bool address_check_phone(const char *phone)
{
    size_t n;

    if (phone == NULL || phone[0] != '+' || phone[1] == '0')
        return false;
    n = strspn(phone + 1, "0123456789");
    return n >= 8 && n <= 15 && phone[1 + n] == '\0';
}

bool country_check(const char *country)
{
    return country != NULL && is_upper(country[0]) && is_upper(country[1]) && country[2] == '\0';
}

/* ISO 3166-1 alone, ISO 3166-2 ("US-CA", "FR-75C"), or a member of the Union ("EU-DE"). */
bool jurisdiction_check(const char *jurisdiction)
{
    size_t n;

    if (jurisdiction == NULL || !is_upper(jurisdiction[0]) || !is_upper(jurisdiction[1]))
        return false;
    if (jurisdiction[2] == '\0')
        return true;
    if (jurisdiction[2] != '-')
        return false;
    if (str_starts(jurisdiction, "EU-"))
        return country_check(jurisdiction + 3);
    n = strspn(jurisdiction + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    return n >= 1 && n <= 3 && jurisdiction[3 + n] == '\0';
}

static bool run_check(const char *at, size_t length, bool (*is)(char))
{
    for (size_t i = 0; i < length; i++)
        if (!is(at[i]))
            return false;
    return true;
}

/* Cuts the next "-subtag" off *at; false when there is none or it is not of this shape. */
static bool subtag_next(const char **at, size_t length, bool (*is)(char))
{
    if ((*at)[0] != '-' || strcspn(*at + 1, "-") != length || !run_check(*at + 1, length, is))
        return false;
    *at += 1 + length;
    return true;
}

/* The part of RFC 5646 that names notices: language, script, region (two letters or UN M.49). */
bool locale_check(const char *locale)
{
    size_t n;

    if (locale == NULL)
        return false;
    n = strcspn(locale, "-");
    if (n < 2 || n > 3 || !run_check(locale, n, is_lower))
        return false;
    locale += n;
    (void)subtag_next(&locale, 4, is_alpha);
    if (!subtag_next(&locale, 2, is_upper))
        (void)subtag_next(&locale, 3, is_digit);
    return *locale == '\0';
}
