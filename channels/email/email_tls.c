/* email_tls.c - libESMTP's own context allows TLS 1.0, knows no SNI and compares the certificate
 * with the canonical DNS name, which an attacker on the DNS can choose. Ours checks the configured
 * name inside OpenSSL's handshake. Fails when the CA file is unreadable. */

/* System. */
#include <arpa/inet.h>
#include <string.h>

/* Libraries. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "channels/email/email_tls.h"

static bool is_ip(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1;
}

/* Runs before the ClientHello is built; the name was put into the verify parameters. */
static void on_handshake(const SSL *ssl, int where, int value)
{
    (void)value;
    if (!(where & SSL_CB_HANDSHAKE_START))
        return;
    SSL_CTX *context = SSL_get_SSL_CTX(ssl);
    char *host = SSL_CTX_get_app_data(context);
    /* The callback's SSL is the session's own, not constant: OpenSSL's signature is older. */
    SSL *mutable = (SSL *)(uintptr_t)ssl;
    if (host && !SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
        SSL_set_tlsext_host_name(mutable, host);
}

static bool set_name(SSL_CTX *context, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
    if (is_ip(host))
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_CTX_set_app_data(context, mem_strdup(host));
    SSL_CTX_set_info_callback(context, on_handshake);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

enum result email_tls_context(const struct email_relay_config *relay,
                              struct ssl_ctx_st **ret_context, struct error *error)
{
    *ret_context = NULL;
    if (relay->starttls == EMAIL_TLS_OFF)
        return RESULT_OK;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return error_set(error, RESULT_UNAVAILABLE, "", "TLS cannot be set up; check OpenSSL.");
    /* Exactly 1.2: under 1.3 the server's session tickets make the socket readable while a command
     * still waits in libESMTP's buffer; it then reads for a reply to what it has not sent, until
     * the time limit (protocol.c: SIO_READ is served before SIO_WRITE). No renegotiation for the
     * same reason. */
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    bool verify = relay->starttls == EMAIL_TLS_REQUIRED;
    SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    int loaded = relay->ca_file ? SSL_CTX_load_verify_file(context, relay->ca_file)
                                : SSL_CTX_set_default_verify_paths(context);
    if (loaded == 1 && set_name(context, relay->host)) {
        *ret_context = context;
        return RESULT_OK;
    }
    email_tls_free(&context);
    return error_set(error, RESULT_INVALID, "ca_file",
                     "The CA certificates cannot be read; name a readable PEM file.");
}

void email_tls_free(struct ssl_ctx_st **context)
{
    if (!*context)
        return;
    mem_free(SSL_CTX_get_app_data(*context));
    SSL_CTX_free(*context);
    *context = NULL;
}
