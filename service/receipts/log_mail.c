/* log_mail.c - mails checkpoints to an auditor, over a channel's driver. Happy path: the channel is
 * opened at the first mail (an instance of its own, so that no notice waits behind it); the relay
 * takes the mail, and the store remembers which checkpoint it was. Failure modes: an outage or a
 * lost answer is tried again (twice the same checkpoint does no harm); a relay that refuses the
 * address is red at once. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum { SUBJECT_SIZE = 300, WORD_SIZE = 48 };

struct log_mailer {
    struct log_anchor anchor; /* first */
    const char *to;
    const struct channel_driver *driver;
    const void *driver_config;
    struct channel *channel; /* NULL: not open */
    struct channel_send send;
    struct store_log_anchor keep;
    char subject[SUBJECT_SIZE], word[WORD_SIZE];
    struct buf text;
};

static struct log_mailer *mailer_of(struct log_anchor *anchor)
{
    return container_of(anchor, struct log_mailer, anchor);
}

static void on_kept(struct store_request *request)
{
    struct log_mailer *mailer = container_of(request, struct log_mailer, keep.request);
    if (request->result == RESULT_OK)
        log_anchor_done(&mailer->anchor, mailer->keep.row.at);
    else
        log_anchor_failed(&mailer->anchor, "store", 0, false);
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome)
{
    struct log_mailer *mailer = container_of(send, struct log_mailer, send);
    struct log_anchor *anchor = &mailer->anchor;
    if (outcome->kind != OUTCOME_ACCEPTED && outcome->kind != OUTCOME_DELIVERED) {
        log_anchor_failed(anchor, outcome_name(outcome->kind), outcome->code,
                          outcome->kind == OUTCOME_REJECTED);
        return;
    }
    mailer->keep =
        (struct store_log_anchor){.request = {.cb = on_kept},
                                  .row = {.size = anchor->asked,
                                          .name = anchor->name,
                                          .kind = LOG_ANCHOR_MAIL,
                                          .at = clock_now(loop_clock(anchor->log->loop))}};
    store_log_anchor(anchor->log->store, &mailer->keep);
}

static void write_mail(struct log_mailer *mailer)
{
    const struct log_anchor *anchor = &mailer->anchor;
    const char *origin = anchor->log->signers[0].verifier.name;
    char unique[ID_TEXT_SIZE];
    snprintf(mailer->subject, sizeof(mailer->subject), "Checkpoint of %s at %" PRIu64, origin,
             anchor->asked);
    snprintf(mailer->word, sizeof(mailer->word), "checkpoint-%" PRIu64 ".%s", anchor->asked,
             id_format(unique, "m", id_new()));
    buf_clear(&mailer->text);
    buf_printf(&mailer->text,
               "This is the signed state of the receipt log %s when it had %" PRIu64
               " receipts.\nKeep this mail: whoever holds it can show, at any later time, whether "
               "the log\nwas changed or cut. Save what stands between the lines as a file, then:\n"
               "\n  tocsin verify --url %s --tiles-only --from FILE --key 'VERIFIER KEY'\n"
               "\n-----8<-----\n",
               origin, anchor->asked, anchor->log->public_url);
    buf_add(&mailer->text, anchor->newest.bytes.data, anchor->newest.bytes.length);
    buf_puts(&mailer->text, "-----8<-----\n");
}

static bool open_channel(struct log_mailer *mailer)
{
    const struct channel_open open = {.loop = mailer->anchor.log->loop,
                                      .http = mailer->anchor.log->client,
                                      .config = mailer->driver_config,
                                      .public_url = mailer->anchor.log->public_url,
                                      .window = 1};
    struct error error;
    return mailer->channel != NULL ||
           mailer->driver->open(&open, &mailer->channel, &error) == RESULT_OK;
}

static void submit(struct log_anchor *anchor)
{
    struct log_mailer *mailer = mailer_of(anchor);
    struct channel_send *send = &mailer->send;
    write_mail(mailer);
    mailer->send = (struct channel_send){.token = mailer->word,
                                         .key = mailer->word,
                                         .email = mailer->to,
                                         .notice = {.locale = "en",
                                                    .subject = mailer->subject,
                                                    .text = mailer->text.data,
                                                    .text_length = mailer->text.length},
                                         .cb = on_outcome};
    if (!open_channel(mailer) || mailer->driver->send(mailer->channel, &send, 1) != RESULT_OK)
        log_anchor_failed(anchor, "channel", 0, false);
}

static void on_closed(void *context)
{
    struct log_mailer *mailer = context;
    mailer->channel = NULL;
    log_anchor_release(mailer->anchor.log);
}

static void stop(struct log_anchor *anchor)
{
    struct log_mailer *mailer = mailer_of(anchor);
    if (mailer->channel == NULL)
        return;
    log_anchor_hold(anchor->log);
    mailer->driver->close(mailer->channel, on_closed, mailer);
}

static void free_mailer(struct log_anchor *anchor)
{
    struct log_mailer *mailer = mailer_of(anchor);
    buf_free(&mailer->text);
    log_anchor_free(anchor);
    mem_free(mailer);
}

const struct log_anchor_type log_mail_type = {
    .word = "mail",
    .problem = "log: a checkpoint could not be mailed to the auditor; look at the relay and at "
               "log.mail.",
    .learn = log_anchor_recall,
    .submit = submit,
    .stop = stop,
    .free = free_mailer,
};

enum result log_mail_open(struct receipt_log *log, const struct receipt_log_mail *config,
                          struct log_anchor **ret_anchor, struct error *error)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[9] = "";
    if (config->driver == NULL || config->driver->facts.address != ADDRESS_EMAIL)
        return error_set(error, RESULT_INVALID, "log.mail",
                         "checkpoints are mailed by a channel that takes addresses of mail: "
                         "configure one");
    struct log_mailer *mailer = mem_new(struct log_mailer);
    log_anchor_init(&mailer->anchor, log, &log_mail_type, config->interval_ms);
    sha256(digest, config->to, strlen(config->to)); /* the store keeps no address */
    hex_encode(hex, digest, 4);
    mailer->anchor.name = arena_printf(log->texts, "mail %s", hex);
    mailer->to = arena_strdup(log->texts, config->to);
    mailer->driver = config->driver;
    mailer->driver_config = config->driver_config;
    buf_init(&mailer->text, 1 << 20);
    *ret_anchor = &mailer->anchor;
    return RESULT_OK;
}
