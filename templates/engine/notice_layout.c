/* notice_layout.c - the documents around a notice's words. Pure.
 *
 * Mail: one column of real text, 16 px, system fonts, lang and dir, no images, no remote parts,
 * colours left to the reader (dark mode). Letter: self-contained CSS; everything above `body_top`
 * of page one stays empty, so that nothing but the address that the vendor prints can show in the
 * window (USPS DMM 202; DIN 5008 form B); 11 pt, above the 10-point floor of Cal. Civ. Code
 * 1798.82(d)(1).
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* This module. */
#include "notice_internal.h"

static const struct letter_profile profiles[] = {
    {"us_letter_10", "8.5in 11in", "0.5in 0.6in 0.75in 0.6in", "2.875in"}, /* text at 3.375 in */
    {"din5008_b", "210mm 297mm", "20mm 20mm 20mm 25mm", "78.5mm"},         /* text at 98.5 mm */
};

const struct letter_profile *letter_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        if (str_equal(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}

static void add_head(const struct notice *notice, const char *subject, struct program *to)
{
    program_puts(to, "<!DOCTYPE html>\n<html lang=\"");
    program_puts(to, notice->locale);
    program_puts(to,
                 locale_right_to_left(notice->locale) ? "\" dir=\"rtl\">\n" : "\" dir=\"ltr\">\n");
    program_puts(to, "<head>\n<meta charset=\"utf-8\">\n<title>");
    emit_line(notice, subject, ESCAPE_HTML, to);
    program_puts(to, "</title>\n");
}

void layout_email(const struct notice *notice, const char *subject, const struct block *blocks,
                  struct program *to)
{
    add_head(notice, subject, to);
    program_puts(to,
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n"
                 "<meta name=\"format-detection\" content=\"telephone=no, address=no, email=no\">\n"
                 "<style>:root{color-scheme:light dark}h1{font-size:26px;line-height:1.25}"
                 "h2{font-size:20px;line-height:1.3;margin:28px 0 8px}li{margin:0 0 8px}"
                 "th,td{text-align:start;padding:4px 12px 4px 0}</style>\n"
                 "</head>\n<body style=\"margin:0;padding:0\">\n"
                 "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                 "border=\"0\"><tr><td align=\"center\">\n"
                 "<div style=\"max-width:600px;margin:0 auto;padding:24px 16px;text-align:start;"
                 "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
                 "font-size:16px;line-height:1.5\">\n");
    emit_html(notice, blocks, to);
    program_puts(to, "</div>\n</td></tr></table>\n</body>\n</html>\n");
}

/* 18 points is what the American Council of the Blind calls large print. */
static const char large_print[] = "body{font-size:18pt}h1{font-size:26pt}h2{font-size:21pt}"
                                  "p{margin:0 0 11pt}";

void layout_letter(const struct notice *notice, const char *subject, const struct block *blocks,
                   struct program *to)
{
    const struct letter_profile *profile = notice->front.letter;
    add_head(notice, subject, to);
    program_puts(to, "<style>@page{size:");
    program_puts(to, profile->page);
    program_puts(to, ";margin:");
    program_puts(to, profile->margin);
    program_puts(to, ";@bottom-center{content:counter(page) \" / \" counter(pages);font:9pt "
                     "Arial,sans-serif}}body{margin:0;color:#000;background:#fff;font:11pt/1.4 "
                     "Arial,Helvetica,'Liberation Sans','Noto Sans',sans-serif}"
                     ".window{height:");
    program_puts(to, profile->body_top);
    program_puts(to, "}h1{font-size:18pt;margin:0 0 10pt}h2{font-size:13pt;margin:14pt 0 4pt;"
                     "break-after:avoid}p{margin:0 0 7pt}li{margin:0 0 4pt}p,li{orphans:2;widows:2}"
                     "th,td{text-align:start;padding:2pt 12pt 2pt 0}a{color:#000;"
                     "text-decoration:none}");
    if (notice->large_print >= 0) {
        char large[256];
        snprintf(large, sizeof large, MARK_BEGIN "o%d" MARK_END "%s" MARK_BEGIN "c%d" MARK_END,
                 notice->large_print, large_print, notice->large_print);
        emit_line(notice, large, ESCAPE_NONE, to);
    }
    program_puts(to, "</style>\n</head>\n<body>\n<div class=\"window\"></div>\n");
    emit_html(notice, blocks, to);
    program_puts(to, "</body>\n</html>\n");
}
