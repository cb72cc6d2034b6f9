/* mail_text.h - what a domain's TXT records say about its mail. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum mail_verdict {
    MAIL_GOOD,
    MAIL_WEAK, /* it works, and could be better */
    MAIL_BAD   /* receivers will refuse or bury the mail */
};
struct mail_finding {
    enum mail_verdict verdict;
    const char *sentence; /* static; ends in what to do */
};
/* RFC 7208: the TXT records of the domain itself. */
struct mail_finding spf_judge(const char *const *texts, size_t n);
/* RFC 7489: those of _dmarc.domain. */
struct mail_finding dmarc_judge(const char *const *texts, size_t n);
/* RFC 6376: those of selector._domainkey.domain. */
struct mail_finding dkim_judge(const char *const *texts, size_t n);
