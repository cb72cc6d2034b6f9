/* email_tls.h - the TLS client context for one relay. */
#pragma once
#include "base/result.h"
#include "channels/email/email_config.h"

struct ssl_ctx_st;

/* TLS 1.2 (with ECDHE and AEAD ciphers only), the relay's configured name verified and sent as SNI.
 * *ret_context stays NULL with starttls: off. RESULT_INVALID when ca_file cannot be read. */
enum result email_tls_context(const struct email_relay_config *relay,
                              struct ssl_ctx_st **ret_context, struct error *error);
void email_tls_free(struct ssl_ctx_st **context);
