/* ladder.c - see the header. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/ladder.h"

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

/* Why this person cannot be told through this channel, or NULL. */
static const char *bar(const struct policy *policy, const struct channel_driver *driver,
                       const struct recipient *r)
{
    if (driver == NULL)
        return "not_configured";
    const enum channel_address kind = driver->facts.address;
    if (!has_address(kind, r))
        return "no_address";
    if (kind == ADDRESS_EMAIL && policy->furnished_mailbox)
        return "breached_mailbox";
    if (kind == ADDRESS_EMAIL && r->legal_email_opt_out)
        return "opted_out";
    if (is_electronic(driver) && r->consent.known && !r->consent.electronic)
        return "consent_refused";
    if (is_electronic(driver) && policy->consent_required && !r->consent.electronic)
        return "no_consent";
    if (policy->test && !driver->facts.has_test_mode && !marked_for_tests(kind, r))
        return "not_a_test_address";
    if (driver->check_address != NULL && driver->check_address(r, NULL) != RESULT_OK)
        return "bad_address";
    return NULL;
}

void ladder_make(struct ladder *ret_ladder, const struct policy *policy,
                 const struct channel_driver *const *drivers, const struct recipient *recipient)
{
    memset(ret_ladder, 0, sizeof(*ret_ladder));
    for (unsigned i = 0; i < policy->n_channels; i++)
        ret_ladder->reason[i] = bar(policy, drivers[i], recipient);
    for (unsigned i = 0; i < policy->n_ladder; i++)
        if (ret_ladder->reason[policy->ladder[i]] == NULL)
            ret_ladder->rungs[ret_ladder->n_rungs++] = policy->ladder[i];
    for (unsigned i = 0; i < policy->n_beside; i++) {
        if (ret_ladder->reason[policy->beside[i]] != NULL)
            continue;
        if (ret_ladder->n_rungs == 0) /* the only way left becomes the ladder */
            ret_ladder->rungs[ret_ladder->n_rungs++] = policy->beside[i];
        else if (ret_ladder->rungs[0] != policy->beside[i])
            ret_ladder->beside[ret_ladder->n_beside++] = policy->beside[i];
    }
}

/* By the place in the policy's ladder: the channel the person stands on may be barred by now (its
 * provider was taken out of the configuration), which must not bar those behind it. */
int ladder_next(const struct ladder *ladder, const struct policy *policy, unsigned channel)
{
    bool passed = false;
    for (unsigned i = 0; i < policy->n_ladder; i++) {
        if (passed && ladder->reason[policy->ladder[i]] == NULL)
            return policy->ladder[i];
        passed = passed || policy->ladder[i] == channel;
    }
    return -1;
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
