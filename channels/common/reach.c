/* reach.c - where a driver's configuration leads to, for the check before the night. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"

void channel_reach_add(struct channel_reach *reach, const char *url)
{
    bool https = str_starts(str_or(url, ""), "https://");
    char port[8] = "";
    int64_t number = https ? 443 : 80;

    if ((!https && !str_starts(str_or(url, ""), "http://")) || reach->n == CHANNEL_ENDPOINTS_MAX)
        return;
    const char *host = url + (https ? 8 : 7);
    bool literal = host[0] == '[';
    host += literal;
    size_t length = strcspn(host, literal ? "]" : ":/?#");
    const char *rest = host + length + (literal && host[length] == ']');
    struct channel_endpoint *to = &reach->endpoints[reach->n];
    if (length == 0 || length >= sizeof to->host)
        return;
    if (*rest == ':') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0 || digits > 5)
            return;
        memcpy(port, rest + 1, digits);
        if (!parse_i64(port, &number) || number < 1 || number > 65535)
            return;
    }
    *to = (struct channel_endpoint){.protocol = https ? CHANNEL_HTTPS : CHANNEL_HTTP,
                                    .port = (unsigned)number};
    memcpy(to->host, host, length);
    reach->n++;
}
