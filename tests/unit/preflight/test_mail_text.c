/* test_mail_text.c - SPF, DMARC and DKIM records as receivers read them. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/preflight/mail_text.h"

struct row {
    const char *texts[3]; /* up to the first NULL */
    enum mail_verdict verdict;
};

static void check_rows(const struct row *rows, size_t n,
                       struct mail_finding (*judge)(const char *const *texts, size_t n))
{
    for (size_t i = 0; i < n; i++) {
        size_t texts = 0;
        while (texts < 3 && rows[i].texts[texts])
            texts++;
        const struct mail_finding finding = judge(rows[i].texts, texts);
        if (finding.verdict != rows[i].verdict)
            fail_msg("row %zu: %d instead of %d: %s", i, (int)finding.verdict, (int)rows[i].verdict,
                     finding.sentence);
    }
}

/* A domain whose mail is refused passes for ready when this fails. */
static void spf(void **state)
{
    static const struct row rows[] = {
        {{NULL}, MAIL_BAD},
        {{"google-site-verification=x"}, MAIL_BAD},
        {{"v=spf10 -all"}, MAIL_BAD},
        {{"v=spf1 include:_spf.example.net -all"}, MAIL_GOOD},
        {{"V=SPF1 ip4:192.0.2.0/24 ~ALL", "other"}, MAIL_GOOD},
        {{"v=spf1 redirect=_spf.example.net"}, MAIL_GOOD},
        {{"v=spf1 -all", "v=spf1 mx -all"}, MAIL_BAD},
        {{"v=spf1 mx +all"}, MAIL_BAD},
        {{"v=spf1 all"}, MAIL_BAD},
        {{"v=spf1 mx ?all"}, MAIL_WEAK},
        {{"v=spf1 mx"}, MAIL_WEAK},
        {{"v=spf1"}, MAIL_WEAK},
        {{"v=spf1 a mx ptr include:a include:b include:c include:d include:e include:f exists:g "
          "-all"},
         MAIL_GOOD},
        {{"v=spf1 a mx ptr include:a include:b include:c include:d include:e include:f exists:g "
          "include:h -all"},
         MAIL_BAD},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows, spf_judge);
}

/* A domain that large receivers refuse passes for ready when this fails. */
static void dmarc(void **state)
{
    static const struct row rows[] = {
        {{NULL}, MAIL_BAD},
        {{"v=spf1 -all"}, MAIL_BAD},
        {{"v=DMARC1; p=reject; rua=mailto:d@example.org"}, MAIL_GOOD},
        {{"v=DMARC1;p=quarantine;rua=mailto:d@example.org"}, MAIL_GOOD},
        {{"v=DMARC1; p = reject ; rua=mailto:d@example.org"}, MAIL_GOOD},
        {{"v=DMARC1; p=reject"}, MAIL_WEAK},
        {{"v=DMARC1; p=none; rua=mailto:d@example.org"}, MAIL_WEAK},
        {{"v=DMARC1; sp=reject"}, MAIL_BAD},
        {{"v=DMARC1; p=rejected"}, MAIL_BAD},
        {{"v=DMARC1"}, MAIL_BAD},
        {{"v=DMARC10; p=reject"}, MAIL_BAD},
        {{"v=DMARC1; p=reject", "v=DMARC1; p=none"}, MAIL_BAD},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows, dmarc_judge);
}

/* Mail that no receiver can verify passes for signed when this fails. */
static void dkim(void **state)
{
    static const struct row rows[] = {
        {{NULL}, MAIL_BAD},
        {{"v=DKIM1; k=rsa; p=MIIB"}, MAIL_GOOD},
        {{"k=ed25519; p=11qY"}, MAIL_GOOD},
        {{"v=DKIM1; k=rsa; p="}, MAIL_BAD},
        {{"v=DKIM2; p=MIIB"}, MAIL_BAD},
        {{"v=DKIM1; k=rsa"}, MAIL_BAD},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows, dkim_judge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spf),
        cmocka_unit_test(dmarc),
        cmocka_unit_test(dkim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
