/* trigger.c - is what was taken covered there at all: data types, with or without the name, access
 * or acquisition, paper, encryption. Pure. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

enum law_answer trigger_protected(struct law_case *it)
{
    const struct law_facts *facts = it->work->facts;
    if (facts->facts[LAW_ENCRYPTED] != LAW_YES)
        return LAW_NO;
    if (facts->facts[LAW_KEY_COMPROMISED] == LAW_YES)
        return LAW_NO; /* where the text is silent too: us-trigger-vocabulary's cautious reading */
    if (facts->facts[LAW_KEY_COMPROMISED] == LAW_NO)
        return LAW_YES;
    work_ask(it->work, "key_compromised", "The data were encrypted: was the key taken too?",
             it->jurisdiction);
    return LAW_UNKNOWN;
}

static enum law_answer encryption_covers(struct law_case *it, const char **ret_why)
{
    enum law_answer safe = it->rule->trigger.encryption_safe;
    enum law_answer safeguard = trigger_protected(it);
    if (safeguard == LAW_NO)
        return LAW_YES;
    if (safe != LAW_YES) {
        if (safe == LAW_NO)
            work_ask(it->work, "encryption_exception",
                     "The text there excepts no encrypted data in so many words; ask counsel.",
                     it->jurisdiction);
        return LAW_YES;
    }
    if (safeguard == LAW_UNKNOWN)
        return LAW_UNKNOWN;
    *ret_why = "the data were encrypted and the key is safe";
    return LAW_NO;
}

static bool has_identifier(const struct law_facts *facts)
{
    static const char *const identifiers[] = {
        "name",          "email",           "phone", "postal_address",
        "government_id", "drivers_license", "ssn",   NULL};
    for (size_t i = 0; identifiers[i] != NULL; i++)
        if (facts->data & law_data_bit(identifiers[i]))
            return true;
    return false;
}

/* Which account the login data must open. */
static bool scope_fits(struct law_case *it)
{
    const char *scope = it->rule->trigger.credentials_scope;
    enum law_answer mailbox = it->work->facts->facts[LAW_FURNISHED_MAILBOX];
    if (!str_equal(scope, "email_account") || mailbox == LAW_YES)
        return true;
    if (mailbox == LAW_NO)
        return false;
    work_ask(it->work, "furnished_mailbox",
             "Do the login data open an email account, and is it one that you furnish?",
             it->jurisdiction);
    return true;
}

static enum law_answer element_covers(struct law_case *it, const char **ret_why)
{
    const struct law_facts *facts = it->work->facts;
    uint64_t numbers =
        law_data_bit("payment_card") | law_data_bit("bank_account") | law_data_bit("iban");
    uint64_t hit = facts->data & it->rule->trigger.elements;
    if (hit == 0) {
        *ret_why = "none of the data types that the statute covers were exposed";
        return LAW_NO;
    }
    if (it->rule->trigger.coded && (hit & ~numbers) == 0) {
        if (facts->facts[LAW_CODES_EXPOSED] == LAW_NO) {
            *ret_why = "the card or account number counts there only with its code, and no code "
                       "was exposed";
            return LAW_NO;
        }
        if (facts->facts[LAW_CODES_EXPOSED] == LAW_UNKNOWN) {
            work_ask(it->work, "codes_exposed",
                     "Were the codes, PINs or expiry dates of the cards or accounts exposed too?",
                     it->jurisdiction);
            return LAW_UNKNOWN;
        }
    }
    return LAW_YES;
}

static enum law_answer name_covers(struct law_case *it, const char **ret_why)
{
    const struct law_facts *facts = it->work->facts;
    const struct law_rule *rule = it->rule;
    bool named = (facts->data & law_data_bit("name")) != 0;
    if (rule->trigger.name == NAME_NOT_NEEDED || named ||
        (rule->trigger.name == NAME_ANY_IDENTIFIER && has_identifier(facts)))
        return LAW_YES;
    if (rule->trigger.credentials_alone && facts_credentials(facts)) {
        if (scope_fits(it))
            return LAW_YES;
        *ret_why = "login data count there only if they open an email account";
        return LAW_NO;
    }
    if (facts->data & rule->trigger.alone)
        return LAW_YES;
    *ret_why = "the statute needs the name together with the data, and no name was exposed";
    return LAW_NO;
}

static enum law_answer form_covers(struct law_case *it, const char **ret_why)
{
    const struct law_facts *facts = it->work->facts;
    if (facts->facts[LAW_PAPER] == LAW_YES && it->rule->trigger.paper == LAW_NO) {
        *ret_why = "the statute covers computerized data, not paper";
        return LAW_NO;
    }
    if (facts->facts[LAW_ACCESS_ONLY] == LAW_YES && it->rule->trigger.access == LAW_NO) {
        *ret_why = "the data were seen but not taken, and the statute needs acquisition";
        return LAW_NO;
    }
    return LAW_YES;
}

enum law_answer trigger_covers(struct law_case *it, const char **ret_why)
{
    static enum law_answer (*const parts[])(struct law_case *, const char **) = {
        element_covers, name_covers, form_covers, encryption_covers};
    enum law_answer worst = LAW_YES;
    *ret_why = "data covered by the statute were exposed";
    if (!it->rule->trigger.set)
        return LAW_YES;
    for (size_t i = it->rule->trigger.any_data ? 2 : 0; i < 4; i++) {
        enum law_answer answer = parts[i](it, ret_why);
        if (answer == LAW_NO)
            return LAW_NO;
        worst = answer == LAW_UNKNOWN ? LAW_UNKNOWN : worst;
    }
    return worst;
}
