/* page.c - see the header. */
/* This module. */
#include "service/console/html.h"
#include "service/console/page.h"

const char page_type[] = "text/html; charset=utf-8";

/* W3C CSP 3. frame-src: samples of mails are pages of their own. */
const struct http_field page_fields[] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
     "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
     "require-trusted-types-for 'script'"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
};
const size_t page_fields_n = sizeof page_fields / sizeof *page_fields;

const struct http_field sample_fields[] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
     "frame-ancestors 'self'; sandbox"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Frame-Options", "SAMEORIGIN"},
};
const size_t sample_fields_n = sizeof sample_fields / sizeof *sample_fields;

static void head(struct buf *to, const struct page *page)
{
    html_f(to,
           "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s - Tocsin</title>\n"
           "<link rel=\"stylesheet\" href=\"/console/assets/console.css\">\n",
           page->lang ? page->lang : "en", page->title);
    if (page->live)
        html_raw(to, "<script src=\"/console/assets/console.js\" defer></script>\n");
    if (page->refresh_s)
        html_f(to, "<meta http-equiv=\"refresh\" content=\"%u\">\n", page->refresh_s);
    html_raw(to, "</head>\n");
}

static void sign_out(struct buf *to, const struct page *page)
{
    if (!page->who)
        return;
    html_f(to,
           "<form class=\"who\" method=\"post\" action=\"/console/logout\">"
           "<input type=\"hidden\" name=\"csrf\" value=\"%s\">"
           "<span>Signed in as <strong>%s</strong></span> "
           "<button type=\"submit\" class=\"plain\">Sign out</button></form>\n",
           page->csrf, page->who);
}

void page_begin(struct buf *to, const struct page *page)
{
    head(to, page);
    html_raw(to, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
                 "<header>\n<p class=\"brand\">Tocsin</p>\n");
    if (page->n_links) {
        html_raw(to, "<nav aria-label=\"Main\"><ul>");
        for (size_t i = 0; i < page->n_links; i++)
            html_f(to, "<li><a href=\"%s\">%s</a></li>", page->links[i].href, page->links[i].text);
        html_raw(to, "</ul></nav>\n");
    }
    sign_out(to, page);
    html_raw(to, page->live ? "</header>\n<main id=\"main\" tabindex=\"-1\" data-live=\"15\">\n"
                            : "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
}

void page_end(struct buf *to)
{
    html_raw(to, "</main>\n</body>\n</html>\n");
}
