/* sink_session.c - the SMTP dialogue of one client (RFC 5321), with PIPELINING, 8BITMIME, SIZE, DSN
 * and ENHANCEDSTATUSCODES. Replies are gathered while pipelined input is at hand. Fails by hanging
 * up. */

/* System. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* This module. */
#include "tests/support/mail_sink/sink.h"

enum { INPUT_SIZE = 65536, MAIL_MAX = 16 << 20, LINE_MAX_BYTES = 4096 };

enum after_dot { DOT_TAKE, DOT_SLOW, DOT_DROP, DOT_TOO_BIG };

struct client {
    int fd;
    const struct sink_options *options;
    char in[INPUT_SIZE];
    size_t at, n;
    char out[4096];
    size_t n_out;
    char *mail;
    size_t length, capacity;
    bool have_sender, overflow;
    unsigned recipients;
    enum after_dot after_dot;
};

/* What magic local parts answer to RCPT, and what they do after the dot. */
static const struct {
    const char *local, *reply;
    enum after_dot after_dot;
} magic[] = {{"perm-fail", "550 5.1.1 No such user here", DOT_TAKE},
             {"temp-fail", "451 4.3.0 Try again later", DOT_TAKE},
             {"mailbox-full", "452 4.2.2 Mailbox full", DOT_TAKE},
             {"policy", "550 5.7.1 Refused by policy", DOT_TAKE},
             {"slow", NULL, DOT_SLOW},
             {"drop-after-dot", NULL, DOT_DROP},
             {"too-big", NULL, DOT_TOO_BIG},
             {"bounce", NULL, DOT_TAKE}};

static bool flush_out(struct client *c)
{
    for (size_t done = 0; done < c->n_out;) {
        ssize_t n = send(c->fd, c->out + done, c->n_out - done, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    c->n_out = 0;
    return true;
}

static bool fill_in(struct client *c)
{
    if (!flush_out(c))
        return false;
    ssize_t n;
    do
        n = recv(c->fd, c->in, sizeof(c->in), 0);
    while (n < 0 && errno == EINTR);
    c->at = 0;
    c->n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool reply(struct client *c, const char *text)
{
    size_t length = strlen(text);
    if (c->n_out + length + 2 > sizeof(c->out) && !flush_out(c))
        return false;
    memcpy(c->out + c->n_out, text, length);
    memcpy(c->out + c->n_out + length, "\r\n", 2);
    c->n_out += length + 2;
    return true;
}

/* One line without its end; longer ones are cut. */
static bool read_line(struct client *c, char line[LINE_MAX_BYTES])
{
    size_t n = 0;
    for (;;) {
        if (c->at == c->n && !fill_in(c))
            return false;
        char byte = c->in[c->at++];
        if (byte == '\n')
            break;
        if (n < LINE_MAX_BYTES - 1)
            line[n++] = byte;
    }
    if (n > 0 && line[n - 1] == '\r')
        n--;
    line[n] = 0;
    return true;
}

static void mail_add(struct client *c, const char *bytes, size_t length)
{
    if (c->length + length > MAIL_MAX)
        c->overflow = true;
    if (c->overflow)
        return;
    if (c->length + length > c->capacity) {
        size_t capacity = (c->length + length) * 2;
        char *mail = realloc(c->mail, capacity);
        if (!mail) {
            c->overflow = true;
            return;
        }
        c->mail = mail;
        c->capacity = capacity;
    }
    memcpy(c->mail + c->length, bytes, length);
    c->length += length;
}

/* Reads up to the dot line; only CRLF "." CRLF ends the mail. */
static bool read_mail(struct client *c)
{
    bool line_start = true;
    c->length = 0;
    c->overflow = false;
    for (;;) {
        if (c->at == c->n && !fill_in(c))
            return false;
        const char *start = c->in + c->at;
        const char *newline = memchr(start, '\n', c->n - c->at);
        size_t length = newline ? (size_t)(newline - start) + 1 : c->n - c->at;
        c->at += length;
        size_t before = c->length;
        mail_add(c, start, length);
        if (c->overflow)
            return false;
        bool dotted = line_start && c->length > before && c->mail[before] == '.';
        line_start = newline && c->length >= 2 && c->mail[c->length - 2] == '\r';
        if (!dotted)
            continue;
        while (!newline) { /* the dot line may come in pieces */
            if (c->at == c->n && !fill_in(c))
                return false;
            mail_add(c, c->in + c->at, 1);
            newline = c->in[c->at++] == '\n' ? start : NULL;
            line_start = newline && c->mail[c->length - 2] == '\r';
        }
        if (c->length - before == 3 && memcmp(c->mail + before, ".\r\n", 3) == 0) {
            c->length = before;
            return true;
        }
        memmove(c->mail + before, c->mail + before + 1, c->length - before - 1);
        c->length--;
    }
}

static void transaction_reset(struct client *c)
{
    c->have_sender = false;
    c->recipients = 0;
    c->after_dot = DOT_TAKE;
}

static bool on_recipient(struct client *c, const char *line)
{
    const char *start = strchr(line, '<');
    if (!c->have_sender)
        return reply(c, "503 5.5.1 MAIL first");
    if (!start || !strchr(start, '>'))
        return reply(c, "501 5.1.3 Bad address");
    for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++) {
        size_t length = strlen(magic[i].local);
        if (strncasecmp(start + 1, magic[i].local, length) != 0 ||
            !strchr("@+-", start[1 + length]))
            continue;
        if (magic[i].reply)
            return reply(c, magic[i].reply);
        c->after_dot = magic[i].after_dot;
    }
    c->recipients++;
    return reply(c, "250 2.1.5 Ok");
}

/* A reset and not an orderly close: what a crashing relay looks like. */
static bool drop(struct client *c)
{
    struct linger hard = {.l_onoff = 1};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    return false;
}

static bool on_data(struct client *c)
{
    if (c->recipients == 0)
        return reply(c, "554 5.5.1 No valid recipients");
    if (!reply(c, "354 End data with <CR><LF>.<CR><LF>") || !read_mail(c))
        return false;
    enum after_dot after = c->after_dot;
    transaction_reset(c);
    if (after == DOT_TOO_BIG)
        return reply(c, "552 5.3.4 Message too big");
    unsigned long number = sink_store(c->options, c->mail, c->length);
    if (after == DOT_DROP)
        return drop(c);
    if (after == DOT_SLOW)
        sleep(2);
    if (number == 0)
        return reply(c, "452 4.3.1 Disk trouble");
    char text[64];
    snprintf(text, sizeof(text), "250 2.0.0 Ok: queued as S%08lu", number);
    return reply(c, text);
}

static bool is_command(const char *line, const char *command)
{
    return strncasecmp(line, command, strlen(command)) == 0;
}

static bool on_ehlo(struct client *c)
{
    transaction_reset(c);
    return reply(c, "250-sink") && reply(c, "250-PIPELINING") && reply(c, "250-SIZE 16777216") &&
           reply(c, "250-8BITMIME") && reply(c, "250-ENHANCEDSTATUSCODES") && reply(c, "250 DSN");
}

/* False: hang up. */
static bool on_command(struct client *c, const char *line)
{
    if (is_command(line, "EHLO"))
        return on_ehlo(c);
    if (is_command(line, "HELO"))
        return reply(c, "250 sink");
    if (is_command(line, "MAIL FROM:")) {
        transaction_reset(c);
        c->have_sender = true;
        return reply(c, "250 2.1.0 Ok");
    }
    if (is_command(line, "RCPT TO:"))
        return on_recipient(c, line);
    if (is_command(line, "DATA"))
        return on_data(c);
    if (is_command(line, "RSET")) {
        transaction_reset(c);
        return reply(c, "250 2.0.0 Ok");
    }
    if (is_command(line, "NOOP"))
        return reply(c, "250 2.0.0 Ok");
    if (is_command(line, "QUIT")) {
        reply(c, "221 2.0.0 Bye");
        flush_out(c);
        return false;
    }
    return reply(c, "502 5.5.2 Not known here");
}

void sink_session_run(int fd, const struct sink_options *options)
{
    struct client *c = calloc(1, sizeof(*c));
    char line[LINE_MAX_BYTES];
    if (c) {
        c->fd = fd;
        c->options = options;
        bool open = reply(c, "220 sink ESMTP");
        while (open && read_line(c, line))
            open = on_command(c, line);
        free(c->mail);
    }
    free(c);
    close(fd);
}
