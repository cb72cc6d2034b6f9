/* match.c - is it this person, is it this address? Pure. Exact but for case, blanks and
 * punctuation: a guess here would send somebody's breach to somebody else. */

/* System. */
#include <ctype.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/requests/requests.h"

/* Bytes over 0x7f are letters of some script: they count as they are. */
static bool counts(unsigned char c)
{
    return c >= 0x80 || isalnum(c);
}

/* The next byte that counts, lower case; 0 at the end. */
static int next_byte(const char **at)
{
    while (**at && !counts((unsigned char)**at))
        ++*at;
    return **at ? tolower((unsigned char)*(*at)++) : 0;
}

static bool same_letters(const char *a, const char *b)
{
    int left, right;
    a = str_or(a, "");
    b = str_or(b, "");
    do {
        left = next_byte(&a);
        right = next_byte(&b);
    } while (left && left == right);
    return left == right;
}

static bool has_letters(const char *text)
{
    return text && next_byte(&text);
}

static unsigned point(const char *given, const char *known)
{
    return has_letters(given) && known && same_letters(given, known);
}

unsigned request_points(const struct request_given *given, const struct recipient *recipient)
{
    const char *postal_code = recipient->address.postal_code;
    unsigned points = point(given->name, recipient->name);
    points += given->email && recipient->email && str_equal_nocase(given->email, recipient->email);
    points += point(given->phone, recipient->phone);
    points += given->account_id && str_equal(given->account_id, recipient->account_id);
    points += point(given->postal_code, postal_code);
    return points;
}

bool request_same_address(const struct postal_address *given, const struct postal_address *on_file)
{
    return same_letters(given->line1, on_file->line1) &&
           same_letters(given->line2, on_file->line2) && same_letters(given->city, on_file->city) &&
           same_letters(given->postal_code, on_file->postal_code) &&
           same_letters(given->country, on_file->country);
}
