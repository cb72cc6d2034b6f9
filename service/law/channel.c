/* channel.c - how a message over each channel counts: as notice, as a supplement, or not at all.
 * Pure; law_method_counts() runs for every person of a plan and allocates nothing. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

const char *const law_method_names[LAW_METHODS_N] = {"email", "sms", "voice", "postal", "banner"};

static enum law_counts say(enum law_counts counts, const char *why, const char **ret_why)
{
    *ret_why = why;
    return counts;
}

/* Who reads a mailbox whose login data were taken is not only its owner. */
static bool mailbox_is_exposed(const struct law_facts *facts)
{
    return facts->facts[LAW_FURNISHED_MAILBOX] == LAW_YES && facts_credentials(facts);
}

static bool needs_met(const struct law_rule *rule, const struct law_facts *facts,
                      enum law_method method, const struct law_person *person)
{
    unsigned when = rule->when[method];
    return (when & 1u << NEED_CONSENT && person->consented) ||
           (when & 1u << NEED_CONSENT_FREE && person->consented && !person->consent_forced) ||
           (when & 1u << NEED_INTERNET && facts->facts[LAW_INTERNET_BUSINESS] == LAW_YES) ||
           (when & 1u << NEED_RELATIONSHIP && facts->facts[LAW_PRIOR_RELATIONSHIP] == LAW_YES) ||
           (when & 1u << NEED_PRIMARY && facts->facts[LAW_PRIMARY_METHOD] == LAW_YES) ||
           (when & 1u << NEED_PRIOR_USE && facts->facts[LAW_PRIOR_USE] == LAW_YES);
}

static enum law_counts email_consent(const struct law_person *person, const char **ret_why)
{
    if (person->consented)
        return say(LAW_COUNTS_NOTICE, "consent to electronic notice as 15 USC 7001(c) asks",
                   ret_why);
    return say(LAW_COUNTS_SUPPLEMENT,
               person->consent_terms
                   ? "accepted terms of service are no consent to electronic notice"
                   : "no consent to electronic notice: email does not count there without it",
               ret_why);
}

static enum law_counts by_word(const struct law_rule *rule, const struct law_facts *facts,
                               enum law_method method, const struct law_person *person,
                               const char **ret_why)
{
    switch (rule->methods[method]) {
    case WORD_ALLOWED:
        return say(LAW_COUNTS_NOTICE, "a method that the law names", ret_why);
    case WORD_CONSENT:
        return email_consent(person, ret_why);
    case WORD_PRIMARY:
        if (facts->facts[LAW_PRIMARY_METHOD] == LAW_YES)
            return say(LAW_COUNTS_NOTICE, "electronic is the primary method with these people",
                       ret_why);
        if (needs_met(rule, facts, method, person))
            return email_consent(person, ret_why);
        return say(LAW_COUNTS_SUPPLEMENT,
                   "counts only where it is the primary method with the person, or by consent "
                   "where the law says so",
                   ret_why);
    case WORD_CONDITIONS:
        return needs_met(rule, facts, method, person)
                   ? say(LAW_COUNTS_NOTICE, "the conditions of the law are met", ret_why)
                   : say(LAW_COUNTS_SUPPLEMENT,
                         "only under conditions that are not known to be met", ret_why);
    case WORD_ELECTRONIC:
        return say(LAW_COUNTS_SUPPLEMENT,
                   "the law says electronic notice, and nothing says that this fits", ret_why);
    case WORD_DIRECT:
        return say(LAW_COUNTS_SUPPLEMENT, "the law wants a live call; a recording does not count",
                   ret_why);
    case WORD_CREDENTIALS:
        if (facts_credentials_only(facts))
            return say(LAW_COUNTS_NOTICE,
                       "only login data were taken: a clear notice online counts, when the person "
                       "is connected from a customary address",
                       ret_why);
        return say(LAW_COUNTS_SUPPLEMENT, "counts only where nothing but login data were taken",
                   ret_why);
    case WORD_UNKNOWN:
        return say(LAW_COUNTS_SUPPLEMENT, "not verified there; ask counsel", ret_why);
    case WORD_NOT_LISTED:
    case WORDS_N:
        break;
    }
    return say(LAW_COUNTS_SUPPLEMENT,
               rule->channel_neutral ? "not named; the law is neutral about channels, ask counsel"
                                     : "the law does not list it",
               ret_why);
}

enum law_counts law_method_counts(const struct law_rule *rule, const struct law_facts *facts,
                                  enum law_method method, const struct law_person *person,
                                  const char **ret_why)
{
    if (method == LAW_EMAIL && mailbox_is_exposed(facts))
        return say(LAW_COUNTS_BARRED,
                   rule != NULL && rule->mailbox_barred
                       ? "the law bars notice to the mailbox whose login data were taken"
                       : "the mailbox is exposed: whoever took the login data reads it",
                   ret_why);
    if (rule == NULL)
        return say(LAW_COUNTS_NOTICE, "no record of this place: the default ladder", ret_why);
    if (method == LAW_EMAIL && rule->credentials_rule && facts_credentials_only(facts))
        return say(LAW_COUNTS_NOTICE,
                   "only login data were taken: electronic notice that tells to change them counts",
                   ret_why);
    if (method == LAW_POSTAL && rule->methods[method] == WORD_ALLOWED)
        return say(LAW_COUNTS_NOTICE, "written notice by post", ret_why);
    return by_word(rule, facts, method, person, ret_why);
}

/* ---- For groups: those who consented, and the others. ---- */

static void group_add(struct law_case *it, enum law_method method, const struct law_person *person,
                      const char *who, int64_t n)
{
    struct law_channel *channel = work_channel(it->work);
    if (channel == NULL)
        return;
    *channel = (struct law_channel){
        .jurisdiction = it->jurisdiction, .method = method, .people = who, .n = n};
    channel->counts = law_method_counts(it->rule, it->work->facts, method, person, &channel->why);
}

static void email_add(struct law_case *it)
{
    const struct law_people *group = it->group;
    const struct law_person with = {.consented = true}, without = {0};
    const char *a, *b;
    const struct law_facts *facts = it->work->facts;
    if (law_method_counts(it->rule, facts, LAW_EMAIL, &with, &a) ==
        law_method_counts(it->rule, facts, LAW_EMAIL, &without, &b)) {
        group_add(it, LAW_EMAIL, &without, "all", group->email);
        return;
    }
    int64_t consented = group->email_consented < 0 ? -1 : group->email_consented;
    group_add(it, LAW_EMAIL, &with, "consented", consented);
    group_add(it, LAW_EMAIL, &without, "others",
              group->email < 0 || consented < 0 ? -1 : group->email - consented);
}

static void conditions_ask(struct law_case *it)
{
    static const struct {
        enum law_need need;
        enum law_fact fact;
        const char *text;
    } asks[] = {
        {NEED_INTERNET, LAW_INTERNET_BUSINESS,
         "Is the business conducted mainly over the internet?"},
        {NEED_RELATIONSHIP, LAW_PRIOR_RELATIONSHIP,
         "Is there a business relationship with these people, with valid email addresses?"},
        {NEED_PRIMARY, LAW_PRIMARY_METHOD,
         "Is electronic communication the primary method with these people?"},
        {NEED_PRIOR_USE, LAW_PRIOR_USE,
         "Was this channel used before to communicate with these people?"},
    };
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        unsigned needs = it->rule->when[LAW_EMAIL];
        if (it->rule->methods[LAW_EMAIL] == WORD_PRIMARY)
            needs |= 1u << NEED_PRIMARY;
        if (needs & 1u << asks[i].need && it->work->facts->facts[asks[i].fact] == LAW_UNKNOWN)
            work_ask(it->work, law_fact_name((int)asks[i].fact), asks[i].text, it->jurisdiction);
    }
}

void channels_add(struct law_case *it)
{
    const struct law_person anybody = {0};
    if (it->rule != NULL)
        conditions_ask(it);
    email_add(it);
    group_add(it, LAW_SMS, &anybody, "all", it->group->phone);
    group_add(it, LAW_VOICE, &anybody, "all", it->group->phone);
    group_add(it, LAW_POSTAL, &anybody, "all", it->group->postal);
    group_add(it, LAW_BANNER, &anybody, "all", it->group->account);
}
