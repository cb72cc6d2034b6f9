/* mail_text.c - what SPF, DMARC and DKIM records say, as receivers read them. Pure. */

/* System. */
#include <string.h>
#include <strings.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/preflight/mail_text.h"

#define FINDING(verdict, sentence)                                                                 \
    (struct mail_finding)                                                                          \
    {                                                                                              \
        verdict, sentence                                                                          \
    }

/* ---- SPF ---- */

/* RFC 7208 section 4.5: the version is a whole word. */
static bool is_spf(const char *text)
{
    return strncasecmp(text, "v=spf1", 6) == 0 && (text[6] == 0 || text[6] == ' ');
}

struct spf {
    unsigned lookups;
    char all; /* qualifier of "all"; 0: there is none */
    bool redirect;
};

static bool term_is(const char *term, size_t length, const char *name)
{
    size_t n = strlen(name);
    return length >= n && strncasecmp(term, name, n) == 0 &&
           (length == n || term[n] == ':' || term[n] == '/' || term[n] == '=');
}

static void spf_term(struct spf *spf, const char *term, size_t length)
{
    static const char *const asking[] = {"include", "a", "mx", "ptr", "exists", "redirect"};
    char qualifier = '+';
    if (length > 0 && strchr("+-~?", term[0])) {
        qualifier = *term++;
        length--;
    }
    if (term_is(term, length, "all"))
        spf->all = qualifier;
    spf->redirect = spf->redirect || term_is(term, length, "redirect");
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
        spf->lookups += term_is(term, length, asking[i]);
}

static void spf_read(const char *text, struct spf *spf)
{
    text += 6;
    while (*text) {
        text += strspn(text, " ");
        size_t length = strcspn(text, " ");
        if (length > 0)
            spf_term(spf, text, length);
        text += length;
    }
}

struct mail_finding spf_judge(const char *const *texts, size_t n)
{
    struct spf spf = {0};
    unsigned found = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_spf(texts[i]))
            continue;
        if (found++ == 0)
            spf_read(texts[i], &spf);
    }
    if (found == 0)
        return FINDING(MAIL_BAD, "The domain has no SPF record: publish a TXT record that begins "
                                 "with v=spf1 and names the relays.");
    if (found > 1)
        return FINDING(MAIL_BAD, "The domain has several SPF records, so receivers use none (RFC "
                                 "7208, 4.5): merge them into one.");
    if (spf.lookups > 10)
        return FINDING(MAIL_BAD, "The SPF record asks the DNS more than ten times, which receivers "
                                 "refuse (RFC 7208, 4.6.4): name addresses instead of includes.");
    if (spf.all == '+')
        return FINDING(MAIL_BAD, "The SPF record permits everybody (+all): end it with -all.");
    if (spf.all == '?' || (spf.all == 0 && !spf.redirect))
        return FINDING(MAIL_WEAK, "The SPF record says nothing of other senders: end it with "
                                  "-all or ~all.");
    return FINDING(MAIL_GOOD, "The SPF record is there and restricts senders.");
}

/* ---- Tags: "v=DMARC1; p=reject" ---- */

/* The value of a tag; false: it is not there. */
static bool tag_find(const char *text, const char *name, struct slice *ret)
{
    while (*text) {
        text += strspn(text, " \t;");
        size_t length = strcspn(text, ";"), word = strcspn(text, "= \t;");
        const char *equals = memchr(text, '=', length);
        if (equals != NULL && word == strlen(name) && strncasecmp(text, name, word) == 0) {
            const char *value = equals + 1, *end = text + length;
            value += strspn(value, " \t");
            while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            *ret = (struct slice){value, value < end ? (size_t)(end - value) : 0};
            return true;
        }
        text += length;
    }
    return false;
}

static bool value_is(struct slice value, const char *word)
{
    return value.length == strlen(word) && strncasecmp(value.data, word, value.length) == 0;
}

struct mail_finding dmarc_judge(const char *const *texts, size_t n)
{
    const char *text = NULL;
    struct slice policy, reports;
    unsigned found = 0;
    for (size_t i = 0; i < n; i++)
        if (str_starts(texts[i], "v=DMARC1") && strchr("; \t", texts[i][8])) {
            text = texts[i];
            found++;
        }
    if (found == 0)
        return FINDING(MAIL_BAD, "The domain has no DMARC record, and large receivers refuse bulk "
                                 "mail without one: publish _dmarc with v=DMARC1; p=reject.");
    if (found > 1)
        return FINDING(MAIL_BAD, "The domain has several DMARC records, so receivers use none (RFC "
                                 "7489, 6.6.3): keep one.");
    if (!tag_find(text, "p", &policy) ||
        !(value_is(policy, "none") || value_is(policy, "quarantine") || value_is(policy, "reject")))
        return FINDING(MAIL_BAD, "The DMARC record has no policy that counts: add p=reject, "
                                 "p=quarantine or p=none.");
    if (value_is(policy, "none"))
        return FINDING(MAIL_WEAK, "The DMARC policy is none, so that forged notices reach people: "
                                  "raise it to quarantine or reject.");
    if (!tag_find(text, "rua", &reports) || reports.length == 0)
        return FINDING(MAIL_WEAK, "The DMARC record asks for no reports, so refused mail is not "
                                  "seen: add rua=mailto:...");
    return FINDING(MAIL_GOOD, "The DMARC record is there with a policy.");
}

struct mail_finding dkim_judge(const char *const *texts, size_t n)
{
    struct slice value;
    for (size_t i = 0; i < n; i++) {
        if (tag_find(texts[i], "v", &value) && !value_is(value, "DKIM1"))
            continue;
        if (!tag_find(texts[i], "p", &value))
            continue;
        if (value.length == 0) /* RFC 6376 section 3.6.1 */
            return FINDING(MAIL_BAD, "The DKIM key of this selector is revoked: publish the key "
                                     "that the relay signs with.");
        return FINDING(MAIL_GOOD, "The DKIM key is published.");
    }
    return FINDING(MAIL_BAD, "There is no DKIM key under this selector: publish the one that the "
                             "relay signs with, or correct dkim_selector.");
}
