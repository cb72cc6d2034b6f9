/* endpoint.c - one connection to a provider, looked at and closed again.
 *
 * Happy path: connect, for mail the greeting, EHLO and STARTTLS (RFC 3207), the TLS handshake, the
 * certificate, for HTTP a HEAD for its Date. Every step waits a few seconds at most. Nothing is
 * sent that a provider would charge for. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Libraries. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/preflight/endpoint.h"

enum { STEP_MS = 5000, LINES_MAX = 64 };

struct line {
    int fd;
    SSL *ssl;
};

static long line_read(const struct line *line, char *to, int size)
{
    return line->ssl ? SSL_read(line->ssl, to, size) : read(line->fd, to, (size_t)size);
}

static bool line_write(const struct line *line, const char *text)
{
    int length = (int)strlen(text);
    return (line->ssl ? SSL_write(line->ssl, text, length)
                      : (int)send(line->fd, text, (size_t)length, MSG_NOSIGNAL)) == length;
}

/* ---- Connecting ---- */

static bool wait_connected(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int fault = 0;
    socklen_t size = sizeof(fault);
    if (poll(&poll_fd, 1, STEP_MS) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0)
        return false;
    errno = fault;
    return fault == 0;
}

static int connect_one(const struct addrinfo *to)
{
    const struct timeval step = {.tv_sec = STEP_MS / 1000};
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    bool good = connect(fd, to->ai_addr, to->ai_addrlen) == 0 ||
                (errno == EINPROGRESS && wait_connected(fd));
    if (good) {
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &step, sizeof(step));
        return fd;
    }
    close(fd);
    return -1;
}

static int connect_to(struct endpoint_look *look)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    char port[8];
    int fd = -1;
    unsigned tries = 0;
    snprintf(port, sizeof(port), "%u", look->at.port);
    if (getaddrinfo(look->at.host, port, &hints, &found) != 0) {
        str_copy(look->problem, sizeof(look->problem), "the name does not resolve");
        return -1;
    }
    for (const struct addrinfo *to = found; to != NULL && fd < 0 && tries < 3; to = to->ai_next) {
        fd = connect_one(to);
        tries++;
    }
    freeaddrinfo(found);
    if (fd < 0)
        str_copy(look->problem, sizeof(look->problem), "no connection");
    return fd;
}

/* ---- SMTP ---- */

/* One reply, its last line kept; the code, or -1. */
static int smtp_reply(const struct line *line, bool *starttls)
{
    char text[600];
    size_t n = 0;
    for (unsigned lines = 0; lines < LINES_MAX;) {
        if (n == sizeof(text) - 1 || line_read(line, text + n, 1) != 1)
            return -1;
        if (text[n++] != '\n')
            continue;
        text[n] = 0;
        if (n < 5)
            return -1;
        if (starttls != NULL && strncasecmp(text + 4, "STARTTLS", 8) == 0)
            *starttls = true;
        if (text[3] != '-')
            return (text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0';
        lines++;
        n = 0;
    }
    return -1;
}

/* True: the TLS handshake may begin. */
static bool smtp_begin(struct endpoint_look *look, const struct line *line)
{
    bool offered = false;
    if (smtp_reply(line, NULL) != 220 || !line_write(line, "EHLO preflight.invalid\r\n") ||
        smtp_reply(line, &offered) != 250) {
        str_copy(look->problem, sizeof(look->problem), "what answers there is no mail relay");
        return false;
    }
    look->reached = true;
    if (look->at.protocol == CHANNEL_SMTP)
        return false;
    if (offered && line_write(line, "STARTTLS\r\n") && smtp_reply(line, NULL) == 220)
        return true;
    str_copy(look->trust, sizeof(look->trust), "the relay offers no STARTTLS");
    return false;
}

/* ---- TLS ---- */

static time_ms not_after(X509 *certificate)
{
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
        return TIME_NONE;
    return (time_ms)timegm(&tm) * 1000;
}

static void look_at_certificate(struct endpoint_look *look, SSL *ssl)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    long verdict = SSL_get_verify_result(ssl);
    look->encrypted = true;
    if (certificate == NULL) {
        str_copy(look->trust, sizeof(look->trust), "it shows no certificate");
        return;
    }
    look->not_after = not_after(certificate);
    X509_free(certificate);
    if (verdict != X509_V_OK)
        snprintf(look->trust, sizeof(look->trust), "its certificate is not trusted: %s",
                 X509_verify_cert_error_string(verdict));
}

/* The verdict is read afterwards, so that an expired certificate is named as such. */
static SSL_CTX *context_new(const struct channel_endpoint *at)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    int loaded = at->ca_file ? SSL_CTX_load_verify_file(context, at->ca_file)
                             : SSL_CTX_set_default_verify_paths(context);
    if (loaded == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static SSL *tls_begin(struct endpoint_look *look, SSL_CTX *context, int fd)
{
    SSL *ssl = SSL_new(context);
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, look->at.host) != 1) {
        X509_VERIFY_PARAM_set1_host(param, look->at.host, 0);
        SSL_set_tlsext_host_name(ssl, look->at.host);
    }
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
        look_at_certificate(look, ssl);
        return ssl;
    }
    str_copy(look->problem, sizeof(look->problem), "the TLS handshake failed");
    SSL_free(ssl);
    return NULL;
}

/* ---- HTTP ---- */

/* RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT" */
static time_ms date_of(const char *head)
{
    struct tm tm = {0};
    const char *at = strcasestr(head, "\r\ndate:");
    if (at == NULL)
        return TIME_NONE;
    at += 7;
    at += strspn(at, " \t");
    if (strptime(at, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL)
        return TIME_NONE;
    return (time_ms)timegm(&tm) * 1000;
}

static void http_look(struct endpoint_look *look, const struct line *line)
{
    char text[4096];
    int n = 0;
    snprintf(text, sizeof(text), "HEAD / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
             look->at.host);
    if (!line_write(line, text))
        return;
    while (n < (int)sizeof(text) - 1) {
        long got = line_read(line, text + n, (int)sizeof(text) - 1 - n);
        if (got <= 0)
            break;
        n += (int)got;
        text[n] = 0;
        if (strstr(text, "\r\n\r\n") != NULL)
            break;
    }
    text[n] = 0;
    look->reached = str_starts(text, "HTTP/");
    if (!look->reached && look->problem[0] == 0)
        str_copy(look->problem, sizeof(look->problem), "what answers there does not speak HTTP");
    look->date = date_of(text);
}

static void converse(struct endpoint_look *look, struct line *line)
{
    const bool http = look->at.protocol == CHANNEL_HTTP || look->at.protocol == CHANNEL_HTTPS;
    bool tls = look->at.protocol == CHANNEL_HTTPS || (!http && smtp_begin(look, line));
    SSL_CTX *context = tls ? context_new(&look->at) : NULL;
    if (tls && context == NULL)
        str_copy(look->problem, sizeof(look->problem), "the CA file cannot be read");
    if (context != NULL)
        line->ssl = tls_begin(look, context, line->fd);
    if (http && (!tls || line->ssl != NULL))
        http_look(look, line);
    else if (line->ssl != NULL)
        (void)line_write(line, "QUIT\r\n");
    if (line->ssl != NULL)
        SSL_free(line->ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
}

void endpoint_look(struct endpoint_look *look)
{
    struct line line = {0};
    look->not_after = look->date = TIME_NONE;
    line.fd = connect_to(look);
    if (line.fd < 0)
        return;
    converse(look, &line);
    close(line.fd);
}
