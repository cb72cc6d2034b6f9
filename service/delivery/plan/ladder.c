/* ladder.c - see the header. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/ladder.h"

_Static_assert((int)ADDRESS_EMAIL == CONTACT_EMAIL && (int)ADDRESS_PHONE == CONTACT_PHONE &&
                   (int)ADDRESS_POSTAL == CONTACT_POSTAL,
               "kinds of addresses have one order");

static bool has_address(enum channel_address kind, const struct recipient *r)
{
    switch (kind) {
    case ADDRESS_EMAIL:
        return !str_empty(r->email);
    case ADDRESS_PHONE:
        return !str_empty(r->phone);
    case ADDRESS_POSTAL:
        return r->has_address;
    case ADDRESS_ACCOUNT:
        return !str_empty(r->account_id);
    case ADDRESS_N:
        break;
    }
    return false;
}

/* Electronic notice is what consent is about; paper and a posting in the person's own account are
 * not. */
static bool is_electronic(const struct channel_driver *driver)
{
    return driver->facts.address == ADDRESS_EMAIL || driver->facts.address == ADDRESS_PHONE;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && str_equal_nocase(text + n - m, end);
}

/* RFC 2606 and 6761 names, the 555-01xx numbers and Twilio's test range: nobody lives there. */
static bool marked_for_tests(enum channel_address kind, const struct recipient *r)
{
    switch (kind) {
    case ADDRESS_EMAIL:
        return ends_with(r->email, ".test") || ends_with(r->email, ".example") ||
               ends_with(r->email, ".invalid") || ends_with(r->email, "@example.com") ||
               ends_with(r->email, "@example.org") || ends_with(r->email, "@example.net") ||
               ends_with(r->email, ".localhost");
    case ADDRESS_PHONE:
        return str_starts(r->phone, "+1500555") ||
               (str_starts(r->phone, "+1") && strlen(r->phone) == 12 &&
                strncmp(r->phone + 5, "55501", 5) == 0);
    case ADDRESS_POSTAL:
    case ADDRESS_ACCOUNT:
    case ADDRESS_N:
        break;
    }
    return false;
}

void ladder_person(const struct recipient *recipient, enum channel_address kind, unsigned address,
                   struct recipient *ret_person)
{
    recipient_addressee(recipient, ret_person);
    if (kind != ADDRESS_ACCOUNT && kind != ADDRESS_N)
        recipient_use(ret_person, (enum contact_kind)kind, address);
}

/* ---- Why not, for the whole of a channel. ---- */

/* Whom no notice may reach but through somebody else: us-notes on minors and the deceased. A letter
 * is addressed to the guardian, or the estate, whoever that is; a mailbox is read by its owner. */
static const char *needs_representative(const struct recipient *r, enum channel_address kind)
{
    if (r->representative != NULL || kind == ADDRESS_POSTAL)
        return NULL;
    if (r->flags & RECIPIENT_DECEASED)
        return "deceased";
    return r->flags & RECIPIENT_MINOR ? "minor_without_guardian" : NULL;
}

static const char *consent_bar(const struct ladder_question *q)
{
    const struct consent *consent = &q->recipient->consent;
    if (consent->known && !consent->electronic)
        return "consent_refused";
    if (consent_withdrawn(consent, q->now))
        return "consent_withdrawn";
    if (!q->policy->consent_required || consent_counts(consent, q->now))
        return NULL;
    return str_equal(consent->basis, "terms") ? "consent_in_terms" : "no_consent";
}

static const char *account_bar(const struct recipient *r)
{
    if (r->flags & RECIPIENT_FORMER_USER)
        return "former_user";
    return r->representative != NULL ? "represented" : NULL;
}

/* Whatever the address. */
static const char *channel_bar(const struct ladder_question *q, const struct channel_driver *driver)
{
    const struct recipient *r = q->recipient;
    const enum channel_address kind = driver->facts.address;
    const char *reason = kind == ADDRESS_ACCOUNT ? account_bar(r) : NULL;
    if (kind == ADDRESS_EMAIL && q->policy->furnished_mailbox)
        reason = "breached_mailbox";
    else if (kind == ADDRESS_EMAIL && r->legal_email_opt_out)
        reason = "opted_out";
    if (reason == NULL)
        reason = needs_representative(r, kind);
    if (reason == NULL && is_electronic(driver))
        reason = consent_bar(q);
    return reason;
}

/* ---- Why not this address. ---- */

static const char *wish_bar(const struct wishes *wishes, enum channel_address kind, unsigned i)
{
    if (wishes == NULL || kind >= (enum channel_address)CONTACT_KINDS_N)
        return NULL;
    if (wishes->stopped[kind] >> i & 1)
        return "stopped";
    return wishes->dead[kind] >> i & 1 ? "dead_address" : NULL;
}

/* `r` is the addressee with the i-th address in use. */
static const char *address_bar(const struct ladder_question *q, const struct channel_driver *driver,
                               const struct recipient *r, unsigned i)
{
    const enum channel_address kind = driver->facts.address;
    if (!has_address(kind, r))
        return "no_address";
    if (kind != ADDRESS_ACCOUNT && recipient_contact(r, (enum contact_kind)kind, i).compromised)
        return "compromised";
    const char *reason = wish_bar(q->wishes, kind, i);
    if (reason != NULL)
        return reason;
    if (q->policy->test && !driver->facts.has_test_mode && !marked_for_tests(kind, r))
        return "not_a_test_address";
    if (driver->check_address != NULL && driver->check_address(r, NULL) != RESULT_OK)
        return "bad_address";
    return NULL;
}

/* Bits of the addresses that are good; the reason of the first when none is. */
static uint8_t look(const struct ladder_question *q, const struct channel_driver *driver,
                    const char **ret_reason)
{
    struct recipient person;
    uint8_t good = 0;
    *ret_reason = driver == NULL ? "not_configured" : NULL;
    if (driver == NULL)
        return 0;
    const enum channel_address kind = driver->facts.address;
    recipient_addressee(q->recipient, &person);
    unsigned n = kind == ADDRESS_ACCOUNT ? 1 : recipient_contacts(&person, (enum contact_kind)kind);
    const char *barred = channel_bar(q, driver), *first = n == 0 ? "no_address" : NULL;
    for (unsigned i = 0; i < n && i < CONTACTS_MAX; i++) {
        if (kind != ADDRESS_ACCOUNT)
            recipient_use(&person, (enum contact_kind)kind, i);
        const char *reason = address_bar(q, driver, &person, i);
        if (reason == NULL)
            good |= (uint8_t)(1U << i);
        else if (first == NULL)
            first = reason;
    }
    /* Who has no address at all has none to be barred. */
    bool nowhere = str_equal(first, "no_address") && kind != ADDRESS_ACCOUNT;
    *ret_reason = barred != NULL && !nowhere ? barred : good == 0 ? first : NULL;
    return *ret_reason != NULL ? 0 : good;
}

/* ---- The order. ---- */

/* Letters are set in large print by the notice's own style; what else there is, a driver says. */
bool ladder_gives(const struct channel_driver *driver, enum read_format format)
{
    if (format == FORMAT_LARGE_PRINT && driver->facts.form == FORM_LETTER)
        return true;
    return format == FORMAT_STANDARD || (driver->facts.formats >> format & 1) != 0;
}

/* Paper for who wants paper, and first of all what the person can read. */
static bool goes_first(const struct ladder_question *q, const struct ladder *ladder,
                       unsigned channel)
{
    const struct channel_driver *driver = q->drivers[channel];
    const enum read_format format = recipient_format(q->recipient);
    if (driver == NULL)
        return false;
    return (ladder->paper && driver->facts.address == ADDRESS_POSTAL) ||
           (format != FORMAT_STANDARD && ladder_gives(driver, format));
}

static void put_in_order(struct ladder *ladder, const struct ladder_question *q)
{
    unsigned n = 0;
    for (unsigned first = 1; first <= 1; first--) {
        for (unsigned i = 0; i < q->policy->n_ladder; i++)
            if (goes_first(q, ladder, q->policy->ladder[i]) == (first == 1))
                ladder->order[n++] = q->policy->ladder[i];
    }
}

static void add_rungs(struct ladder *ladder, unsigned channel)
{
    for (unsigned i = 0; i < CONTACTS_MAX; i++)
        if (ladder->good[channel] >> i & 1)
            ladder->rungs[ladder->n_rungs++] = (struct ladder_rung){(uint8_t)channel, (uint8_t)i};
}

static struct ladder_rung first_of(const struct ladder *ladder, unsigned channel)
{
    unsigned i = 0;
    while (i < CONTACTS_MAX - 1 && !(ladder->good[channel] >> i & 1))
        i++;
    return (struct ladder_rung){(uint8_t)channel, (uint8_t)i};
}

void ladder_make(struct ladder *ret_ladder, const struct ladder_question *q)
{
    const struct policy *policy = q->policy;
    memset(ret_ladder, 0, sizeof(*ret_ladder));
    ret_ladder->paper = q->under_way ? q->paper : q->wishes != NULL && q->wishes->paper;
    for (unsigned i = 0; i < policy->n_channels; i++)
        ret_ladder->good[i] = look(q, q->drivers[i], &ret_ladder->reason[i]);
    put_in_order(ret_ladder, q);
    for (unsigned i = 0; i < policy->n_ladder; i++)
        add_rungs(ret_ladder, ret_ladder->order[i]);
    for (unsigned i = 0; i < policy->n_beside; i++) {
        unsigned channel = policy->beside[i];
        if (ret_ladder->good[channel] == 0)
            continue;
        if (ret_ladder->n_rungs == 0) /* the only way left becomes the ladder */
            add_rungs(ret_ladder, channel);
        else if (ret_ladder->rungs[0].channel != channel)
            ret_ladder->beside[ret_ladder->n_beside++] = first_of(ret_ladder, channel);
    }
}

/* The next address of the channel, then by the place in the ladder: the channel the person stands
 * on may be barred by now (its provider was taken out of the configuration), which must not bar
 * those behind it. */
bool ladder_next(const struct ladder *ladder, const struct policy *policy, struct ladder_rung at,
                 struct ladder_rung *ret_rung)
{
    bool passed = false;
    for (unsigned i = at.address + 1u; i < CONTACTS_MAX; i++)
        if (ladder->good[at.channel] >> i & 1) {
            *ret_rung = (struct ladder_rung){at.channel, (uint8_t)i};
            return true;
        }
    for (unsigned i = 0; i < policy->n_ladder; i++) {
        if (passed && ladder->good[ladder->order[i]] != 0) {
            *ret_rung = first_of(ladder, ladder->order[i]);
            return true;
        }
        passed = passed || ladder->order[i] == at.channel;
    }
    return false;
}

const char *ladder_address(enum channel_address kind, const struct recipient *r,
                           struct arena *arena)
{
    switch (kind) {
    case ADDRESS_EMAIL:
        return r->email;
    case ADDRESS_PHONE:
        return r->phone;
    case ADDRESS_POSTAL:
        return r->has_address ? arena_printf(arena, "%s, %s %s, %s", r->address.line1,
                                             str_or(r->address.postal_code, ""), r->address.city,
                                             r->address.country)
                              : NULL;
    case ADDRESS_ACCOUNT:
        return r->account_id;
    case ADDRESS_N:
        break;
    }
    return NULL;
}
