/* email_session.c - one SMTP session over libESMTP.
 *
 * Happy path: the first message is added, smtp_start_session() connects, secures, logs in and
 * sends; in the MAIL event the next message of the batch is added, in the MESSAGESENT event the
 * session may wait for more, so one connection carries up to 100. Failure modes: no session
 * (nothing was tried), refused messages (their replies tell), a lost connection (UNCERTAIN for the
 * message whose end we had given, DEFERRED for one begun, the rest untouched), a stop (the
 * connection is dropped before the dot).
 *
 * libESMTP hazards met here: CHUNKING turns a refused recipient into "551 discarded", so the
 * keyword is spoilt in the EHLO reply; a lost reply leaves status 0 or 354, so "our end was given"
 * decides; a refused AUTH goes on without it and replies sent before the TLS handshake are kept, so
 * both break the line. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Libraries. */
#include <openssl/ssl.h>
#include <auth-client.h>
#include <libesmtp.h>

/* Base. */
#include "base/list.h"
#include "base/str.h"

/* This module. */
#include "channels/email/connect_nodelay.h"
#include "channels/email/email_outcome.h"
#include "channels/email/email_session.h"
#include "channels/email/email_watch.h"

/* How far a message got. */
enum slot_state {
    SLOT_WAITING, /* added, MAIL not answered */
    SLOT_OPENED,  /* MAIL accepted */
    SLOT_GIVEN,   /* its bytes were given */
    SLOT_ENDED,   /* its end was given: from here on it may have been taken */
    SLOT_STOPPED  /* stopped before the end */
};
struct slot {
    struct session_mail mail;
    smtp_message_t message;
    smtp_recipient_t recipient;
    enum slot_state state;
};

struct session {
    const struct session_settings *settings;
    struct session_feed *feed;
    struct session_line *line;
    struct session_result *result;
    struct connect_hook hook;
    smtp_session_t smtp;
    struct slot slots[2]; /* ring: the current message and the one added ahead */
    unsigned first, n, added;
    bool opened;   /* MAIL was answered once */
    bool shutting; /* 421 */
    struct email_watch watch;
};

void session_library_start(void)
{
    auth_client_init();
}

void session_line_init(struct session_line *line)
{
    pthread_mutex_init(&line->lock, NULL);
    line->fd = -1;
    line->broken = false;
}

void session_line_destroy(struct session_line *line)
{
    pthread_mutex_destroy(&line->lock);
}

void session_line_break(struct session_line *line)
{
    pthread_mutex_lock(&line->lock);
    line->broken = true;
    if (line->fd >= 0)
        shutdown(line->fd, SHUT_RDWR);
    pthread_mutex_unlock(&line->lock);
}

/* The duplicate keeps the number from being reused under our hands. */
static bool line_open(struct session_line *line, int fd)
{
    pthread_mutex_lock(&line->lock);
    bool open = !line->broken;
    if (line->fd >= 0)
        close(line->fd);
    line->fd = open ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    pthread_mutex_unlock(&line->lock);
    return open;
}

static void line_close(struct session_line *line)
{
    pthread_mutex_lock(&line->lock);
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
    pthread_mutex_unlock(&line->lock);
}

/* This session only: another may be opened later on the same line. */
static void line_cut(struct session_line *line)
{
    pthread_mutex_lock(&line->lock);
    if (line->fd >= 0)
        shutdown(line->fd, SHUT_RDWR);
    pthread_mutex_unlock(&line->lock);
}

static bool on_opening(struct connect_hook *hook, int fd)
{
    struct session *session = container_of(hook, struct session, hook);
    email_watch_init(&session->watch, session->settings->user != NULL);
    return line_open(session->line, fd);
}

static struct slot *slot_current(struct session *session)
{
    return session->n ? &session->slots[session->first] : NULL;
}

static void slot_done(struct session *session, const struct outcome *outcome)
{
    session->first = (session->first + 1) % 2;
    session->n--;
    session->result->answered++;
    session->feed->done(session->feed, outcome);
}

static void slot_reply(struct session *session, enum email_stage stage, const smtp_status_t *status)
{
    struct email_reply reply = {status->code, status->enh_class, status->enh_subject,
                                status->enh_detail, status->text};
    struct outcome outcome;
    email_outcome_reply(&outcome, stage, &reply);
    if (outcome.code == 421) {
        session->shutting = true;
        session->result->reason = outcome;
    }
    slot_done(session, &outcome);
}

/* libESMTP asks for the message here: NULL len = from the start; then the bytes; then the end. */
static const char *on_data(void **context, int *length, void *argument)
{
    struct slot *slot = argument;
    (void)context;
    if (!length) {
        slot->state = SLOT_OPENED;
        return NULL;
    }
    *length = 0;
    if (atomic_load(slot->mail.stop)) {
        slot->state = SLOT_STOPPED;
        errno = ECANCELED; /* drops the connection: the dot is not sent */
        return NULL;
    }
    errno = 0;
    if (slot->state == SLOT_OPENED) {
        slot->state = SLOT_GIVEN;
        *length = (int)slot->mail.length;
        return slot->mail.data;
    }
    slot->state = SLOT_ENDED;
    return NULL;
}

static void message_envelope(struct session *session, struct slot *slot)
{
    const struct session_settings *settings = session->settings;
    slot->message = smtp_add_message(session->smtp);
    smtp_set_reverse_path(slot->message, slot->mail.sender);
    smtp_set_messagecb(slot->message, on_data, slot);
    smtp_size_set_estimate(slot->message, slot->mail.length);
    if (settings->dsn_return == EMAIL_RETURN_FULL)
        smtp_dsn_set_ret(slot->message, Ret_FULL);
    else
        smtp_dsn_set_ret(slot->message, Ret_HDRS);
    /* At most 100 characters (RFC 3461); libESMTP overruns its buffer past 255. */
    if (slot->mail.envid && strnlen(slot->mail.envid, 101) <= 100)
        smtp_dsn_set_envid(slot->message, slot->mail.envid);
    slot->recipient = smtp_add_recipient(slot->message, slot->mail.recipient);
    smtp_dsn_set_notify(slot->recipient, (enum notify_flags)settings->dsn_notify);
}

static bool message_add(struct session *session, bool may_wait)
{
    if (session->n == 2 || session->added == SESSION_MESSAGES_MAX || session->shutting)
        return false;
    struct slot *slot = &session->slots[(session->first + session->n) % 2];
    struct session_mail mail;
    if (!session->feed->next(session->feed, may_wait, &mail))
        return false;
    *slot = (struct slot){.mail = mail, .state = SLOT_WAITING};
    session->n++;
    session->added++;
    message_envelope(session, slot);
    return true;
}

static void on_mail_status(struct session *session)
{
    struct slot *slot = slot_current(session);
    const smtp_status_t *status = smtp_reverse_path_status(slot->message);
    if (status->code == 421) { /* the relay leaves: nothing was begun, nothing more is added */
        struct email_reply reply = {421, status->enh_class, status->enh_subject, status->enh_detail,
                                    status->text};
        email_outcome_reply(&session->result->reason, STAGE_MAIL, &reply);
        session->opened = session->shutting = true;
        return;
    }
    session->opened = true;
    if (status->code / 100 == 2) {
        slot->state = SLOT_OPENED;
        message_add(session, false);
        return;
    }
    slot_reply(session, STAGE_MAIL, status);
    if (session->n == 0)
        message_add(session, true);
}

/* The recipient's reply comes before the message's: DATA after a refused RCPT says only "no". */
static void slot_answered(struct session *session, struct slot *slot)
{
    const smtp_status_t *recipient = smtp_recipient_status(slot->recipient);
    const smtp_status_t *message = smtp_message_transfer_status(slot->message);
    if (recipient->code / 100 != 2)
        slot_reply(session, STAGE_RCPT, recipient);
    else
        slot_reply(session, slot->state == SLOT_ENDED ? STAGE_DOT : STAGE_DATA, message);
}

static void on_message_sent(struct session *session)
{
    struct slot *slot = slot_current(session);
    if (!slot)
        return;
    bool ended = slot->state == SLOT_ENDED;
    slot_answered(session, slot);
    /* After a refused DATA libESMTP has already decided whether to go on. */
    if (session->n == 0 && ended)
        message_add(session, true);
}

/* Opportunistic TLS takes any certificate; the required kind was verified in the handshake under
 * the configured name, so that only libESMTP's comparison with the canonical name is left. */
static void on_certificate(struct session *session, int event, int *ok)
{
    bool verified_by_us = event == SMTP_EV_WRONG_PEER_CERTIFICATE;
    *ok = verified_by_us || session->settings->tls == EMAIL_TLS_OPPORTUNISTIC;
}

static void on_event(smtp_session_t smtp, int event, void *argument, ...)
{
    struct session *session = argument;
    (void)smtp;
    va_list list;
    va_start(list, argument);
    switch (event) {
    case SMTP_EV_MAILSTATUS:
        on_mail_status(session);
        break;
    case SMTP_EV_MESSAGESENT:
        on_message_sent(session);
        break;
    case SMTP_EV_DISCONNECT:
        line_close(session->line);
        break;
    case SMTP_EV_INVALID_PEER_CERTIFICATE:
        (void)va_arg(list, long);
        on_certificate(session, event, va_arg(list, int *));
        break;
    case SMTP_EV_WRONG_PEER_CERTIFICATE:
    case SMTP_EV_NO_PEER_CERTIFICATE:
        on_certificate(session, event, va_arg(list, int *));
        break;
    default: /* progress, and EXTNA_*: go on without the extension */
        break;
    }
    va_end(list);
}

static void on_traffic(const char *bytes, int length, int writing, void *argument)
{
    struct session *session = argument;
    if (!email_watch_see(&session->watch, bytes, (size_t)length, writing != SMTP_CB_READING))
        line_cut(session->line);
}

/* Fields that libESMTP asks for by flags. */
static int on_login(auth_client_request_t request, char **result, int fields, void *argument)
{
    /* libESMTP's signature has no const; it copies and does not write. */
    const struct session_settings *settings = ((struct session *)argument)->settings;
    for (int i = 0; i < fields; i++) {
        const char *value = NULL;
        if (request[i].flags & AUTH_USER)
            value = settings->user;
        else if (request[i].flags & AUTH_PASS)
            value = settings->password;
        result[i] = (char *)(uintptr_t)value;
    }
    return 1;
}

static void set_timeouts(smtp_session_t smtp, const struct email_times *times)
{
    int flag = times->below_rfc ? Timeout_OVERRIDE_RFC2822_MINIMUM : 0;
    smtp_set_timeout(smtp, Timeout_GREETING | flag, times->greeting);
    smtp_set_timeout(smtp, Timeout_ENVELOPE | flag, times->envelope);
    smtp_set_timeout(smtp, Timeout_DATA | flag, times->data);
    smtp_set_timeout(smtp, Timeout_TRANSFER | flag, times->transfer);
    smtp_set_timeout(smtp, Timeout_DATA2 | flag, times->reply);
}

static void set_tls(smtp_session_t smtp, const struct session_settings *settings)
{
    switch (settings->tls) {
    case EMAIL_TLS_REQUIRED:
        smtp_starttls_enable(smtp, Starttls_REQUIRED);
        break;
    case EMAIL_TLS_OPPORTUNISTIC:
        smtp_starttls_enable(smtp, Starttls_ENABLED);
        break;
    case EMAIL_TLS_OFF:
        smtp_starttls_enable(smtp, Starttls_DISABLED);
        return;
    }
    smtp_starttls_set_ctx(smtp, settings->tls_context);
}

static auth_context_t set_login(struct session *session)
{
    if (!session->settings->user)
        return NULL;
    auth_context_t login = auth_create_context();
    auth_set_mechanism_flags(login, AUTH_PLUGIN_PLAIN, 0);
    auth_set_interact_cb(login, on_login, session);
    smtp_auth_set_context(session->smtp, login);
    return login;
}

static void session_configure(struct session *session)
{
    const struct session_settings *settings = session->settings;
    char server[272];
    snprintf(server, sizeof(server), "%s:%u", settings->host, settings->port);
    smtp_set_server(session->smtp, server);
    smtp_set_hostname(session->smtp, settings->helo);
    set_timeouts(session->smtp, &settings->times);
    set_tls(session->smtp, settings);
    smtp_set_eventcb(session->smtp, on_event, session);
    smtp_set_monitorcb(session->smtp, on_traffic, session, 0);
}

/* A message whose reply was not read to its end. */
static void slot_left(struct session *session, struct slot *slot)
{
    struct outcome outcome;
    const smtp_status_t *recipient = smtp_recipient_status(slot->recipient);
    const smtp_status_t *message = smtp_message_transfer_status(slot->message);
    if (slot->state == SLOT_STOPPED) {
        email_outcome_own(&outcome, OUTCOME_CANCELED, BLAME_NONE, "", "stopped before its end");
        session->result->end = SESSION_STOPPED;
    } else if (recipient->code >= 400) {
        slot_reply(session, STAGE_RCPT, recipient);
        return;
    } else if (slot->state == SLOT_ENDED && message->code >= 400) {
        slot_reply(session, STAGE_DOT, message); /* a refusal whose further lines were broken */
        return;
    } else if (slot->state == SLOT_ENDED) {
        email_outcome_own(&outcome, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2",
                          "no reply after the end of the message");
    } else {
        email_outcome_own(&outcome, OUTCOME_DEFERRED, BLAME_NONE, "4.4.2",
                          "connection lost before the end of the message");
    }
    slot_done(session, &outcome);
}

/* Why there was no session: the relay's last words, or none. */
static void reason_fill(struct session *session, int error)
{
    struct outcome *reason = &session->result->reason;
    if (reason->status[0])
        return; /* 421 */
    const struct email_watch *watch = &session->watch;
    int code = watch->last_code;
    if (!session->opened && code >= 400 && code < 600) {
        struct email_reply reply = {code, 0, 0, 0, watch->last_text};
        email_outcome_reply(reason, STAGE_SESSION, &reply);
        return;
    }
    if (watch->injected || error == SMTP_ERR_CLIENT_ERROR)
        email_outcome_own(reason, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.5", "TLS failed");
    else if (error == SMTP_ERR_EXTENSION_NOT_AVAILABLE)
        email_outcome_own(reason, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.4", "no STARTTLS offered");
    else if (session->opened)
        email_outcome_own(reason, OUTCOME_DEFERRED, BLAME_NONE, "4.4.2", "connection lost");
    else
        email_outcome_own(reason, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.4.1", "no connection");
}

static void session_close(struct session *session, int error)
{
    struct session_result *result = session->result;
    struct slot *slot = slot_current(session);
    if (slot && slot->state != SLOT_WAITING)
        slot_left(session, slot);
    else if (!slot && !session->shutting)
        result->end = SESSION_FINISHED;
    result->untouched = session->n;
    if (!session->opened)
        result->end = SESSION_NOT_OPENED;
    if (result->end == SESSION_LOST || result->end == SESSION_NOT_OPENED)
        reason_fill(session, error);
}

void session_run(const struct session_settings *settings, struct session_feed *feed,
                 struct session_line *line, struct session_result *ret_result)
{
    *ret_result = (struct session_result){.end = SESSION_LOST};
    struct session session = {
        .settings = settings, .feed = feed, .line = line, .result = ret_result};
    session.hook = (struct connect_hook){settings->times.connect, on_opening};
    session.smtp = smtp_create_session();
    if (!message_add(&session, false)) {
        ret_result->end = SESSION_FINISHED;
        smtp_destroy_session(session.smtp);
        return;
    }
    session_configure(&session);
    auth_context_t login = set_login(&session);
    connect_hook_set(&session.hook);
    int started = smtp_start_session(session.smtp);
    int error = started ? 0 : smtp_errno();
    if (started && !session.opened)
        error = smtp_errno();
    connect_hook_set(NULL);
    line_close(line);
    session_close(&session, error);
    smtp_destroy_session(session.smtp);
    if (login)
        auth_destroy_context(login);
}
