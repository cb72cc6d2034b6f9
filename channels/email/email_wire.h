/* email_wire.h - what goes over the wire: addresses, envelope tokens, the MIME message. Pure but
 * for GMime's tables; a struct email_composer belongs to one thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/result.h"
#include "base/time.h"
#include "tocsin/channel.h"

/* A plain address: RFC 5321 local grammar without quoted local parts, controls or non-ASCII, at
 * most 254 bytes, local part at most 64. libESMTP prints it raw into MAIL and RCPT, so this is the
 * gate against command injection. */
bool email_address_ok(const char *address);
/* A host name (LDH labels) or dotted IPv4. */
bool email_host_ok(const char *host);

/* "b+<token>@<domain>"; false when it does not fit or would be no address. */
bool email_bounce_address(char *to, size_t size, const char *token, const char *domain);
/* The token in a bounce address ("b+TOKEN@any.domain", also in <>; folded case, with or without a
 * display name), in lower case. False when there is none of the right shape; whether it is ours
 * says token_parse(). */
bool email_token_from_address(char ret_token[TOKEN_TEXT_SIZE], const char *address);
/* The same from an Original-Envelope-Id (RFC 3464): the bare token. */
bool email_token_from_envid(char ret_token[TOKEN_TEXT_SIZE], const char *envid);

enum {
    EMAIL_LINE_MAX = 998,    /* RFC 5321 4.5.3.1.6, without CRLF */
    EMAIL_SUBJECT_MAX = 500, /* bytes of UTF-8 */
    EMAIL_BODY_MAX = 4 << 20 /* each of text and html */
};

/* Ready for libESMTP's DATA: every line ends in CRLF and has at most 998 bytes, no bare CR or LF,
 * no NUL, no line begins with a dot (so that a lenient relay cannot be made to see an end of data:
 * VU#302671). */
bool email_wire_safe(const char *data, size_t length);

/* The skeleton that all messages of one channel share, and what is kept from message to message. */
struct email_composer;
struct email_composer *email_composer_create(const char *from_name, const char *from_address,
                                             const char *reply_to);
void email_composer_destroy(struct email_composer **composer);
/* Replaces `to` by the whole message for this send. RESULT_INVALID with a sentence when the content
 * or the address cannot be put on the wire. */
enum result email_compose(struct email_composer *composer, struct buf *to,
                          const struct channel_send *send, time_ms now, struct error *error);
