/* recipient.c - what the rest of the program asks of a record it has read. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

const char *recipient_field(const struct recipient *recipient, const char *name)
{
    for (unsigned i = 0; i < recipient->n_fields; i++)
        if (str_equal(recipient->field_names[i], name))
            return recipient->field_values[i];
    return NULL;
}

/* ---- Consent. ---- */

bool consent_withdrawn(const struct consent *consent, time_ms at)
{
    return consent->known && consent->withdrawn_at != TIME_NONE && consent->withdrawn_at <= at;
}

/* Asked for by itself. Words that nobody can judge are taken for a condition of business. */
static bool basis_is_separate(const char *basis)
{
    return basis == NULL || str_equal_nocase(basis, "separate") ||
           str_equal_nocase(basis, "E-SIGN");
}

/* Consent that was given for something else: 15 USC 7001(c)(1)(B)(ii) wants the records named. */
static bool scope_is_other(const char *scope)
{
    static const char *const others[] = {"marketing",  "newsletter", "newsletters",
                                         "promotions", "statements", "billing"};

    for (size_t i = 0; scope != NULL && i < sizeof(others) / sizeof(others[0]); i++)
        if (str_equal_nocase(scope, others[i]))
            return true;
    return false;
}

bool consent_counts(const struct consent *consent, time_ms at)
{
    if (!consent->known || !consent->electronic || consent_withdrawn(consent, at))
        return false;
    if (consent->given_at != TIME_NONE && consent->given_at > at)
        return false;
    return basis_is_separate(consent->basis) && !scope_is_other(consent->scope);
}

/* ---- Format and type. ---- */

static const char *const format_names[FORMATS_N] = {"standard", "large_print", "braille",
                                                    "read_aloud"};

const char *read_format_name(enum read_format format)
{
    return format < FORMATS_N ? format_names[format] : "standard";
}

int read_format_find(const char *name)
{
    for (int i = 0; i < FORMATS_N; i++)
        if (str_equal(name, format_names[i]))
            return i;
    return -1;
}

enum read_format recipient_format(const struct recipient *recipient)
{
    int format = recipient->format == NULL ? -1 : read_format_find(recipient->format);

    return format < 0 ? FORMAT_STANDARD : (enum read_format)format;
}

bool recipient_is_organisation(const struct recipient *recipient)
{
    return str_equal(recipient->type, "organisation");
}

/* ---- Addresses. ---- */

static bool has_single(const struct recipient *r, enum contact_kind kind)
{
    if (kind == CONTACT_POSTAL)
        return r->has_address;
    return !str_empty(kind == CONTACT_EMAIL ? r->email : r->phone);
}

unsigned recipient_contacts(const struct recipient *recipient, enum contact_kind kind)
{
    if (recipient->n_contacts[kind] > 0)
        return recipient->n_contacts[kind];
    return has_single(recipient, kind) ? 1 : 0;
}

struct contact recipient_contact(const struct recipient *r, enum contact_kind kind, unsigned i)
{
    if (r->n_contacts[kind] > 0)
        return r->contacts[kind][i];
    if (kind == CONTACT_POSTAL)
        return (struct contact){.postal = r->address};
    return (struct contact){.value = kind == CONTACT_EMAIL ? r->email : r->phone};
}

void recipient_use(struct recipient *recipient, enum contact_kind kind, unsigned i)
{
    struct contact contact;

    if (i >= recipient->n_contacts[kind])
        return; /* the single one is in use */
    contact = recipient->contacts[kind][i];
    switch (kind) {
    case CONTACT_EMAIL:
        recipient->email = contact.value;
        break;
    case CONTACT_PHONE:
        recipient->phone = contact.value;
        break;
    case CONTACT_POSTAL:
        recipient->address = contact.postal;
        recipient->has_address = true;
        break;
    case CONTACT_KINDS_N:
        break;
    }
}

bool recipient_has(const struct recipient *recipient, enum contact_kind kind, const char *value)
{
    const struct representative *to = recipient->representative;

    for (unsigned i = 0; i < recipient_contacts(recipient, kind); i++) {
        struct contact contact = recipient_contact(recipient, kind, i);

        if (contact.value != NULL && str_equal_nocase(contact.value, value))
            return true;
    }
    if (to == NULL || kind == CONTACT_POSTAL)
        return false;
    return str_equal_nocase(str_or(kind == CONTACT_EMAIL ? to->email : to->phone, ""), value);
}

bool recipient_compromised(const struct recipient *recipient, enum contact_kind kind,
                           const char *value)
{
    for (unsigned i = 0; value != NULL && i < recipient->n_contacts[kind]; i++)
        if (recipient->contacts[kind][i].compromised &&
            str_equal_nocase(recipient->contacts[kind][i].value, value))
            return true;
    return false;
}

/* Does the representative live with the person, or take his post? */
static bool shares_street(const struct representative *to)
{
    return str_equal(to->relation, "guardian") || str_equal(to->relation, "parent") ||
           str_equal(to->relation, "estate") || str_equal(to->relation, "next_of_kin");
}

void recipient_addressee(const struct recipient *recipient, struct recipient *ret)
{
    const struct representative *to = recipient->representative;

    *ret = *recipient;
    if (to == NULL)
        return;
    ret->about = str_or(recipient->name, "");
    ret->name = to->name;
    ret->email = recipient_compromised(recipient, CONTACT_EMAIL, to->email) ? NULL : to->email;
    ret->phone = recipient_compromised(recipient, CONTACT_PHONE, to->phone) ? NULL : to->phone;
    ret->account_id = NULL;
    ret->contacts[CONTACT_EMAIL] = ret->contacts[CONTACT_PHONE] = NULL;
    ret->n_contacts[CONTACT_EMAIL] = ret->n_contacts[CONTACT_PHONE] = 0;
    if (!to->has_address && (shares_street(to) || (to->email == NULL && to->phone == NULL)))
        return;
    ret->address = to->address;
    ret->has_address = to->has_address;
    ret->contacts[CONTACT_POSTAL] = NULL;
    ret->n_contacts[CONTACT_POSTAL] = 0;
}
