/* names.c - questions to the DNS through the C library's own resolver (resolver(3)): TXT, A, PTR.
 *
 * Happy path: a fresh resolver state per question, two tries of two seconds, the answer parsed by
 * ns_parserr. A name server that cannot be asked is told apart from a name that is not there. */

/* System. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/preflight/names.h"

enum { ANSWER_SIZE = 16384 };

static void use_resolver(struct __res_state *state, const char *resolver)
{
    char host[64];
    int64_t port;
    const char *colon = strrchr(resolver, ':');
    if (colon == NULL || (size_t)(colon - resolver) >= sizeof(host) || !parse_i64(colon + 1, &port))
        return;
    memcpy(host, resolver, (size_t)(colon - resolver));
    host[colon - resolver] = 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
        return;
    state->nscount = 1;
    state->nsaddr_list[0] = to;
}

/* The strings of one TXT record are one text (RFC 7208 section 3.3). */
static bool read_text(const ns_rr *record, char to[NAME_TEXT_SIZE])
{
    const unsigned char *at = ns_rr_rdata(*record), *end = at + ns_rr_rdlen(*record);
    size_t n = 0;
    while (at < end) {
        size_t length = *at++;
        if (length > (size_t)(end - at) || n + length >= NAME_TEXT_SIZE)
            return false;
        memcpy(to + n, at, length);
        n += length;
        at += length;
    }
    to[n] = 0;
    return strlen(to) == n;
}

static bool read_record(const ns_msg *message, const ns_rr *record, enum name_type type,
                        char to[NAME_TEXT_SIZE])
{
    switch (type) {
    case NAME_TXT:
        return ns_rr_type(*record) == ns_t_txt && read_text(record, to);
    case NAME_ADDRESS:
        return ns_rr_type(*record) == ns_t_a && ns_rr_rdlen(*record) == 4 &&
               inet_ntop(AF_INET, ns_rr_rdata(*record), to, NAME_TEXT_SIZE) != NULL;
    case NAME_POINTER:
        return ns_rr_type(*record) == ns_t_ptr &&
               dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record), to,
                         NAME_TEXT_SIZE) >= 0;
    }
    return false;
}

static void read_answer(struct name_ask *ask, const unsigned char *bytes, int length)
{
    ns_msg message;
    ns_rr record;
    if (ns_initparse(bytes, length, &message) != 0)
        return;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && ask->n < NAME_TEXTS_MAX; i++)
        if (ns_parserr(&message, ns_s_an, i, &record) == 0 &&
            read_record(&message, &record, ask->type, ask->texts[ask->n]))
            ask->n++;
    ask->answer = ask->n > 0 ? NAME_FOUND : NAME_NONE;
}

void name_ask(struct name_ask *ask)
{
    static const int types[] = {
        [NAME_TXT] = ns_t_txt, [NAME_ADDRESS] = ns_t_a, [NAME_POINTER] = ns_t_ptr};
    unsigned char bytes[ANSWER_SIZE];
    struct __res_state state;
    memset(&state, 0, sizeof(state));
    ask->answer = NAME_UNREACHABLE;
    ask->n = 0;
    if (res_ninit(&state) != 0)
        return;
    state.retrans = 2;
    state.retry = 2;
    if (ask->resolver != NULL)
        use_resolver(&state, ask->resolver);
    int length = res_nquery(&state, ask->name, ns_c_in, types[ask->type], bytes, sizeof(bytes));
    if (length > 0)
        read_answer(ask, bytes, length < ANSWER_SIZE ? length : ANSWER_SIZE);
    else if (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA)
        ask->answer = NAME_NONE;
    res_nclose(&state);
}

void name_reversed(char to[300], const char *address)
{
    struct in_addr in;
    to[0] = 0;
    if (inet_pton(AF_INET, address, &in) != 1)
        return;
    const uint32_t host = ntohl(in.s_addr);
    snprintf(to, 300, "%u.%u.%u.%u.in-addr.arpa", host & 255, host >> 8 & 255, host >> 16 & 255,
             host >> 24);
}
