/* sms_kannel_wire.c - smsbox's sendsms by POST (Kannel user guide, "HTTP interface: POST"): the
 * number, the password and the callback go in headers, so that no log of URLs holds them. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "sms_kannel.h"

/* Code points above ASCII that GSM 03.38 has, the euro of its extension table included. */
static bool gsm_above_ascii(int32_t c)
{
    static const int32_t points[] = {0xA3,  0xA5,  0xE8,  0xE9,  0xF9,  0xEC,  0xF2,  0xC7,
                                     0xD8,  0xF8,  0xC5,  0xE5,  0x394, 0x3A6, 0x393, 0x39B,
                                     0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6,  0xE6,
                                     0xDF,  0xC9,  0xA4,  0xA1,  0xC4,  0xD6,  0xD1,  0xDC,
                                     0xA7,  0xBF,  0xE4,  0xF6,  0xF1,  0xFC,  0xE0,  0x20AC};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        if (points[i] == c)
            return true;
    return false;
}

bool kannel_is_gsm7(const char *text)
{
    const char *end = text + strlen(text);

    while (text < end) {
        int32_t c = utf8_next(&text, end);
        bool ascii = (c >= 0x20 && c < 0x7F && c != '`') || c == '\n' || c == '\r';
        if (!ascii && !gsm_above_ascii(c))
            return false;
    }
    return true;
}

/* Kannel answers with no id and signs nothing: the token in the callback is what authenticates it.
 * Kannel fills in %d (which report) and %A (the SMSC's words, escaped). */
static void dlr_url(const struct kannel_settings *settings, const char *token, struct buf *to)
{
    buf_printf(to, "%s/v1/reports/sms/kannel?t=%s&d=%%d&r=%%A", settings->public_url, token);
    if (settings->report.n)
        buf_printf(to, "&s=%s", settings->report.values[0]);
}

void kannel_write_send(const void *given, const struct channel_send *send, struct wire_request *to)
{
    const struct kannel_settings *settings = given;
    struct buf url;

    buf_puts(&to->url, settings->sendsms_url);
    wire_header(to, "Content-Type", "text/plain; charset=UTF-8");
    wire_header(to, "X-Kannel-Username", settings->username);
    wire_header(to, "X-Kannel-Password", settings->password.values[0]);
    wire_header(to, "X-Kannel-From", settings->from);
    wire_header(to, "X-Kannel-To", send->phone);
    wire_header(to, "X-Kannel-Coding", kannel_is_gsm7(send->notice.text) ? "0" : "2");
    /* 1 delivered, 2 not, 8 with the SMSC, 16 refused by it. */
    wire_header(to, "X-Kannel-DLR-Mask", "27");
    buf_init(&url, 2048);
    dlr_url(settings, send->token, &url);
    wire_header(to, "X-Kannel-DLR-Url", url.failed ? "" : url.data);
    buf_wipe(&url);
    if (settings->smsc)
        wire_header(to, "X-Kannel-SMSC", settings->smsc);
    buf_puts(&to->body, send->notice.text);
}
