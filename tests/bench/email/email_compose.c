/* email_compose.c - microseconds to compose one 4 kB notice. */

/* System. */
#include <stdio.h>

/* This module. */
#include "channels/email/email_wire.h"
#include "tests/bench/email/bench_mail.h"

int main(void)
{
    enum { N = 20000 };
    struct email_composer *composer =
        email_composer_create("Example, Inc.", "notices@example.org", "help@example.org");
    struct buf to;
    struct error error;
    buf_init(&to, 1 << 20);
    bench_mail_fill();
    struct channel_send send = {.token = "abcdefghijklmnopqrstuvwxyz",
                                .key = "abcdefghijklmnopqrstuvwxyz",
                                .email = "ada@example.com",
                                .notice = {.subject = "Notice of Data Breach: Müller GmbH",
                                           .text = bench_text,
                                           .text_length = sizeof(bench_text),
                                           .html = bench_html,
                                           .html_length = sizeof(bench_html)}};
    double start = bench_now();
    for (int i = 0; i < N; i++)
        if (email_compose(composer, &to, &send, 1700000000000, &error) != RESULT_OK)
            return 1;
    printf("%zu bytes, %.2f us a message\n", to.length, (bench_now() - start) * 1e6 / N);
    buf_free(&to);
    email_composer_destroy(&composer);
    return 0;
}
