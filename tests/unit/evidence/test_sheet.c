/* test_sheet.c - pages for people: HTML that cannot be tricked, PDF with its words in it, the same
 * bytes every time. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/evidence/sheet.h"
#include "service/evidence/summary.h"

static void build(struct sheet *sheet, struct arena *arena, const char *title, unsigned days)
{
    struct tally *tally = tally_create();
    char day[24];
    tally_add(tally, TALLY_ROWS, "accepted", "", 1234567);
    tally_add(tally, TALLY_PEOPLE, "told", "", 1234567);
    for (unsigned i = 0; i < days; i++) {
        snprintf(day, sizeof(day), "2026-%02u-%02u", 1 + i / 28 % 12, 1 + i % 28);
        tally_add(tally, TALLY_DAYS, day, "attempts", i * 10);
        tally_add(tally, TALLY_DAYS, day, "told", i * 9);
    }
    const struct summary_facts facts = {.incident = "inc_x",
                                        .title = title,
                                        .organisation = "Example & Sons <Bank>",
                                        .state = "settled",
                                        .version = "9",
                                        .at = 1779000000000,
                                        .log = "No log."};
    sheet_init(sheet, arena, "Summary");
    summary_report(sheet, tally, &facts);
    tally_destroy(&tally);
}

/* A title from an incident would become markup in a page that counsel opens. */
static void test_html(void **state)
{
    struct arena *arena = arena_create(1 << 24);
    struct sheet sheet;
    struct buf text;
    (void)state;
    build(&sheet, arena, "<script>alert(\"x\")</script>", 3);
    buf_init(&text, SIZE_MAX);
    assert_true(sheet_html(&sheet, &text));
    assert_null(strstr(text.data, "<script"));
    assert_non_null(strstr(text.data, "&lt;script&gt;"));
    assert_non_null(strstr(text.data, "Example &amp; Sons &lt;Bank&gt;"));
    assert_non_null(strstr(text.data, "1,234,567"));
    assert_non_null(strstr(text.data, "<svg"));
    assert_non_null(strstr(text.data, "does NOT add up")); /* jurisdictions are missing here */
    buf_free(&text);
    arena_destroy(&arena);
}

/* Two exports of the same facts would differ, and nobody could say why. */
static void test_pdf_same(void **state)
{
    struct buf first, second;
    (void)state;
    buf_init(&first, SIZE_MAX);
    buf_init(&second, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        struct arena *arena = arena_create(1 << 24);
        struct sheet sheet;
        build(&sheet, arena, "Mailbox export", 400);
        assert_true(sheet_pdf(&sheet, i == 0 ? &first : &second));
        arena_destroy(&arena);
        if (i == 0)
            usleep(1100000); /* the clock's second is no part of it */
    }
    assert_true(first.length > 1000 && memcmp(first.data, "%PDF-", 5) == 0);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.data, second.data, first.length);
    buf_free(&first);
    buf_free(&second);
}

static size_t text_of(const struct buf *pdf, char *to, size_t size)
{
    char path[] = "/tmp/sheet-XXXXXX", out[] = "/tmp/sheet-text-XXXXXX";
    int file = mkstemp(path), text = mkstemp(out), status = 0;
    assert_int_equal(write(file, pdf->data, pdf->length), (ssize_t)pdf->length);
    pid_t child = fork();
    if (child == 0) {
        (void)execlp("pdftotext", "pdftotext", "-layout", path, out, (char *)NULL);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    ssize_t n = read(text, to, size - 1);
    (void)close(file);
    (void)close(text);
    (void)unlink(path);
    (void)unlink(out);
    if (WEXITSTATUS(status) == 127)
        skip(); /* poppler-utils is not here */
    assert_int_equal(status, 0);
    assert_true(n > 0);
    to[n] = 0;
    return (size_t)n;
}

/* The PDF would be a picture without words, or end after its first page. */
static void test_pdf_text(void **state)
{
    static char text[1 << 20];
    struct arena *arena = arena_create(1 << 24);
    struct sheet sheet;
    struct buf pdf;
    (void)state;
    build(&sheet, arena, "Mailbox export", 200);
    buf_init(&pdf, SIZE_MAX);
    assert_true(sheet_pdf(&sheet, &pdf));
    text_of(&pdf, text, sizeof(text));
    assert_non_null(strstr(text, "Mailbox export"));
    assert_non_null(strstr(text, "1,234,567"));
    assert_non_null(strstr(text, "2026-08-04")); /* a late row of a long table */
    assert_non_null(strstr(text, "page 2"));
    assert_non_null(strstr(text, "Does it add up?"));
    buf_free(&pdf);
    arena_destroy(&arena);
}

static int end_fonts(void **state)
{
    (void)state;
    sheet_fonts_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_pdf_same),
        cmocka_unit_test(test_pdf_text),
    };
    return cmocka_run_group_tests(tests, NULL, end_fonts);
}
