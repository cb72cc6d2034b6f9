/* html.h - writes HTML: every value is escaped where it enters, so that nothing that a person or a
 * provider wrote becomes markup. Pure.
 *
 *   html_f(page, "<td class=\"num\">%lld</td><td>%s</td>", n, title);
 *
 * The format is a literal and trusted; of conversions only %s (escaped, NULL is ""), %lld, %d, %u
 * and %% are taken. */
#pragma once
#include "base/buf.h"

/* A trusted literal as it is. */
void html_raw(struct buf *to, const char *literal);
/* Escaped: & < > " '; what is no UTF-8, controls (but LF and TAB) and marks that turn the direction
 * of text become U+FFFD. Good inside elements and quoted attributes. */
void html_text(struct buf *to, const char *text);
void html_bytes(struct buf *to, const char *text, size_t length);
void html_f(struct buf *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As one path segment or query value (RFC 3986 unreserved stay), which needs no escaping. */
void html_url(struct buf *to, const char *text);
/* 1234567 -> "1,234,567" */
void html_number(struct buf *to, int64_t number);
