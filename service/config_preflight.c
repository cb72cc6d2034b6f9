/* config_preflight.c - where a preflight writes to, and whom it asks for names.
 *
 * Happy path: addresses of our own, in the shape of a seed. Faults name the key. */

/* System. */
#include <arpa/inet.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/config_text.h"

static bool fault(struct config_reader *reader, const char *path, const char *sentence)
{
    config_fault_set(reader, path, "%s", sentence);
    return false;
}

/* "127.0.0.53:53" */
static bool resolver_ok(const char *text)
{
    char host[INET_ADDRSTRLEN];
    struct in_addr address;
    const char *colon = strrchr(text, ':');
    int64_t port;
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    return inet_pton(AF_INET, host, &address) == 1 && parse_i64(colon + 1, &port) && port > 0 &&
           port < 65536;
}

bool config_read_preflight(struct config_reader *reader)
{
    const struct text_preflight *text = &reader->text->preflight;
    const struct text_seed *to = &text->addresses;
    if (text->resolver != NULL && !resolver_ok(text->resolver))
        return fault(reader, "preflight.resolver",
                     "write the name server's IPv4 address and port, such as 127.0.0.53:53");
    if (to->email != NULL && !address_check_email(to->email))
        return fault(reader, "preflight.addresses.email", "this is no email address: correct it");
    if (to->phone != NULL && !address_check_phone(to->phone))
        return fault(reader, "preflight.addresses.phone",
                     "write the number as +14155550123, in quotes");
    if (to->line1 != NULL && (str_empty(to->city) || !country_check(str_or(to->country, ""))))
        return fault(reader, "preflight.addresses.line1",
                     "a letter needs city and country (such as US) too");
    reader->config->resolver = text->resolver;
    reader->config->test_addresses = (struct delivery_seed){.label = str_or(to->label, "Preflight"),
                                                            .email = to->email,
                                                            .phone = to->phone,
                                                            .line1 = to->line1,
                                                            .city = to->city,
                                                            .region = to->region,
                                                            .postal_code = to->postal_code,
                                                            .country = to->country,
                                                            .locale = to->locale};
    return true;
}
