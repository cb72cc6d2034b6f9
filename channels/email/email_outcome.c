/* email_outcome.c - what an SMTP reply means for one message.
 *
 * The first digit decides between accepted, deferred and rejected (RFC 5321 section 4.2.1); the
 * enhanced code (RFC 3463, IANA registry) says whose fault it is: X.1 is the address, X.7 is policy
 * and ours or the provider's, never the person's. */

/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "channels/email/email_outcome.h"

/* Replies without an enhanced code: what they mean by RFC 5321 section 4.2.3. */
static const struct {
    int code;
    const char *status;
    enum blame blame;
} basic[] = {
    {421, "4.3.2", BLAME_NONE},     {450, "4.2.0", BLAME_NONE},     {451, "4.3.0", BLAME_NONE},
    {452, "4.3.1", BLAME_NONE},     {454, "4.7.0", BLAME_PROVIDER}, {500, "5.5.2", BLAME_PROVIDER},
    {501, "5.5.4", BLAME_PROVIDER}, {502, "5.5.1", BLAME_PROVIDER}, {503, "5.5.1", BLAME_PROVIDER},
    {504, "5.5.4", BLAME_PROVIDER}, {521, "5.3.2", BLAME_ADDRESS},  {530, "5.7.0", BLAME_PROVIDER},
    {534, "5.7.9", BLAME_PROVIDER}, {535, "5.7.8", BLAME_PROVIDER}, {538, "5.7.11", BLAME_PROVIDER},
    {550, "5.1.1", BLAME_ADDRESS},  {551, "5.1.6", BLAME_ADDRESS},  {552, "5.2.2", BLAME_RECIPIENT},
    {553, "5.1.3", BLAME_ADDRESS},  {554, "5.0.0", BLAME_PROVIDER}, {555, "5.5.4", BLAME_PROVIDER},
    {556, "5.1.10", BLAME_ADDRESS},
};

/* By subject, then detail; -1 = any other detail of the subject. First match counts. */
static const struct {
    int subject, detail;
    enum blame permanent, transient;
} enhanced[] = {
    {1, 7, BLAME_PROVIDER, BLAME_PROVIDER}, /* our sender address is malformed */
    {1, 8, BLAME_PROVIDER, BLAME_PROVIDER}, /* our sender domain does not resolve */
    {1, 9, BLAME_PROVIDER, BLAME_PROVIDER},
    {1, -1, BLAME_ADDRESS, BLAME_ADDRESS},
    {2, 3, BLAME_CONTENT, BLAME_CONTENT}, /* message longer than the mailbox allows */
    {2, -1, BLAME_RECIPIENT, BLAME_RECIPIENT},
    {3, 4, BLAME_CONTENT, BLAME_CONTENT}, /* message too big for the system */
    {3, -1, BLAME_PROVIDER, BLAME_NONE},
    {4, 4, BLAME_ADDRESS, BLAME_NONE},   /* unable to route */
    {4, 7, BLAME_RECIPIENT, BLAME_NONE}, /* delivery time expired */
    {4, -1, BLAME_PROVIDER, BLAME_NONE},
    {5, 3, BLAME_PROVIDER, BLAME_NONE}, /* too many recipients */
    {5, -1, BLAME_PROVIDER, BLAME_NONE},
    {6, -1, BLAME_CONTENT, BLAME_CONTENT},
    {7, -1, BLAME_PROVIDER, BLAME_PROVIDER},
};

static enum blame enhanced_blame(int subject, int detail, bool permanent)
{
    for (size_t i = 0; i < sizeof(enhanced) / sizeof(enhanced[0]); i++)
        if (enhanced[i].subject == subject &&
            (enhanced[i].detail == detail || enhanced[i].detail == -1))
            return permanent ? enhanced[i].permanent : enhanced[i].transient;
    return BLAME_NONE;
}

/* One number of "c.s.d", at most three digits. */
static bool number_read(const char **at, int *ret)
{
    int n = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; (*at)++, digits++)
        n = n * 10 + (**at - '0');
    *ret = n;
    return digits >= 1 && digits <= 3;
}

static bool triplet_read(const char *text, struct email_reply *reply)
{
    int class, subject, detail;
    if (!number_read(&text, &class) || *text++ != '.' || !number_read(&text, &subject) ||
        *text++ != '.' || !number_read(&text, &detail) || (*text && *text != ' '))
        return false;
    reply->class = class;
    reply->subject = subject;
    reply->detail = detail;
    return true;
}

/* libESMTP reads the triplet when ENHANCEDSTATUSCODES was announced; others send it all the same.
 * The class must agree with the reply's digit (RFC 2034 section 4), else it is not believed. */
static bool enhanced_read(struct email_reply *reply)
{
    if (reply->class == 0 && reply->text)
        triplet_read(reply->text, reply);
    return reply->class == reply->code / 100 && reply->class != 0 && reply->subject >= 0 &&
           reply->subject <= 999 && reply->detail >= 0 && reply->detail <= 999;
}

/* Server text is foreign: printable ASCII on one line, cut. */
static void copy_printable(char *to, size_t size, const char *text)
{
    size_t n = 0;
    for (; text && *text && n + 1 < size; text++) {
        unsigned char c = (unsigned char)*text;
        char out = c >= 0x20 && c < 0x7f ? (char)c : ' ';
        if (out != ' ' || (n > 0 && to[n - 1] != ' '))
            to[n++] = out;
    }
    while (n > 0 && to[n - 1] == ' ')
        n--;
    to[n] = 0;
}

/* The queue id in the reply to the dot ("queued as X", "id=X"), else the line; printable ASCII. */
static void email_queue_id(char *to, unsigned size, const char *text)
{
    static const char *const marks[] = {"queued as ", "queued mail for delivery ", "id="};
    const char *start = text ? text : "";
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *found = strcasestr(start, marks[i]);
        size_t length = found ? strcspn(found + strlen(marks[i]), " \t\r\n<>;,") : 0;
        if (length > 0 && length < size) {
            char id[96];
            size_t n = length < sizeof(id) - 1 ? length : sizeof(id) - 1;
            memcpy(id, found + strlen(marks[i]), n);
            id[n] = 0;
            copy_printable(to, size, id);
            return;
        }
    }
    copy_printable(to, size, start);
}

static void outcome_clear(struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    outcome->retry_after_ms = -1;
}

static enum outcome_kind reply_kind(enum email_stage stage, int code)
{
    switch (code / 100) {
    case 2:
        return stage == STAGE_DOT ? OUTCOME_ACCEPTED : OUTCOME_DEFERRED;
    case 5:
        /* A refused greeting, STARTTLS or AUTH says nothing about this message. */
        return stage == STAGE_SESSION ? OUTCOME_DEFERRED : OUTCOME_REJECTED;
    default:
        return OUTCOME_DEFERRED;
    }
}

static void status_basic(struct outcome *outcome, enum email_stage stage, int code)
{
    if (code == 0)
        str_copy(outcome->status, sizeof(outcome->status), "4.4.2");
    else
        snprintf(outcome->status, sizeof(outcome->status), "%d.0.0", code / 100 % 10);
    outcome->blame = code / 100 == 5 ? BLAME_PROVIDER : BLAME_NONE;
    for (size_t i = 0; i < sizeof(basic) / sizeof(basic[0]); i++) {
        if (basic[i].code != code)
            continue;
        str_copy(outcome->status, sizeof(outcome->status), basic[i].status);
        outcome->blame = basic[i].blame;
    }
    /* The same numbers mean the sender after MAIL and the message after the dot. */
    if (code / 100 == 5 && stage == STAGE_MAIL) {
        outcome->blame = BLAME_PROVIDER;
        if (outcome->status[2] == '1' || outcome->status[2] == '2')
            str_copy(outcome->status, sizeof(outcome->status), "5.0.0");
    }
    /* 554 "transaction failed" on one recipient is no reason to pause the relay. */
    if (stage == STAGE_RCPT && (code == 554 || strcmp(outcome->status, "5.0.0") == 0))
        outcome->blame = BLAME_RECIPIENT;
    if (stage == STAGE_DOT && (code == 552 || code == 550 || code == 553)) {
        outcome->blame = code == 552 ? BLAME_CONTENT : BLAME_PROVIDER;
        str_copy(outcome->status, sizeof(outcome->status), code == 552 ? "5.3.4" : "5.0.0");
    }
}

void email_outcome_reply(struct outcome *ret_outcome, enum email_stage stage,
                         const struct email_reply *given)
{
    struct email_reply reply = *given;
    struct outcome o;
    outcome_clear(&o);
    o.kind = reply_kind(stage, reply.code);
    o.code = reply.code;
    copy_printable(o.diagnostic, sizeof(o.diagnostic), reply.text);
    if (o.kind == OUTCOME_ACCEPTED) /* a refusal's words are no reference */
        email_queue_id(o.provider_ref, sizeof(o.provider_ref), reply.text);
    if (enhanced_read(&reply)) {
        snprintf(o.status, sizeof(o.status), "%u.%u.%u", (unsigned)reply.class % 10,
                 (unsigned)reply.subject % 1000, (unsigned)reply.detail % 1000);
        o.blame = reply.code >= 400 ? enhanced_blame(reply.subject, reply.detail, reply.code >= 500)
                                    : BLAME_NONE;
        if (stage == STAGE_MAIL && reply.code >= 500 && o.blame != BLAME_CONTENT)
            o.blame = BLAME_PROVIDER;
    } else {
        status_basic(&o, stage, reply.code);
    }
    if (stage == STAGE_SESSION)
        o.blame = BLAME_PROVIDER;
    *ret_outcome = o;
}

void email_outcome_own(struct outcome *ret_outcome, enum outcome_kind kind, enum blame blame,
                       const char *status, const char *text)
{
    outcome_clear(ret_outcome);
    ret_outcome->kind = kind;
    ret_outcome->blame = blame;
    str_copy(ret_outcome->status, sizeof(ret_outcome->status), status);
    str_copy(ret_outcome->diagnostic, sizeof(ret_outcome->diagnostic), text);
}
