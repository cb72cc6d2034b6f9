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

/* An address in the hands of others proves nothing: whoever reads it could ask with it. */
static unsigned contact_point(const struct recipient *r, enum contact_kind kind, const char *given)
{
    for (unsigned i = 0; has_letters(given) && i < recipient_contacts(r, kind); i++) {
        const struct contact contact = recipient_contact(r, kind, i);
        bool same = kind == CONTACT_EMAIL ? str_equal_nocase(given, contact.value)
                                          : same_letters(given, contact.value);
        if (same)
            return !contact.compromised;
    }
    return 0;
}

static unsigned postal_point(const struct recipient *r, const char *given)
{
    for (unsigned i = 0; i < recipient_contacts(r, CONTACT_POSTAL); i++)
        if (point(given, recipient_contact(r, CONTACT_POSTAL, i).postal.postal_code))
            return 1;
    return r->has_address ? 0 : point(given, r->address.postal_code);
}

unsigned request_points(const struct request_given *given, const struct recipient *recipient)
{
    unsigned points = point(given->name, recipient->name);
    points += contact_point(recipient, CONTACT_EMAIL, given->email);
    points += contact_point(recipient, CONTACT_PHONE, given->phone);
    points += given->account_id && str_equal(given->account_id, recipient->account_id);
    points += postal_point(recipient, given->postal_code);
    return points;
}

bool request_same_address(const struct postal_address *given, const struct postal_address *on_file)
{
    return same_letters(given->line1, on_file->line1) &&
           same_letters(given->line2, on_file->line2) && same_letters(given->city, on_file->city) &&
           same_letters(given->postal_code, on_file->postal_code) &&
           same_letters(given->country, on_file->country);
}
