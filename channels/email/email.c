/* email.c - the email driver: SMTP submission to one or several relays.
 *
 * Happy path: send() queues up to 50 messages as one batch and wakes a runner on the email lane
 * (email_runner.c); outcomes come back over one hop and are called back here. Failure modes:
 * RESULT_BUSY past the window, RESULT_CLOSING; everything else is an outcome. close() lets running
 * messages finish for some seconds, then breaks their connections. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "channels/email/email.h"
#include "channels/email/email_channel.h"
#include "channels/email/email_tls.h"

/* How long a message under way may finish when the channel closes. */
enum { CLOSE_GRACE_MS = 5000, PASSWORD_MAX = 1024 };

static struct email_channel *channel_of(struct channel *channel)
{
    return container_of(channel, struct email_channel, channel);
}

static enum result email_check_address(const struct recipient *recipient, struct error *error)
{
    if (recipient->email && email_address_ok(recipient->email))
        return RESULT_OK;
    return error_set(error, RESULT_INVALID, "email",
                     "This is no address that can be sent to; correct it in the roster.");
}

/* A write to a connection that the relay closed must not end the daemon. */
static void on_thread_start(void *context, unsigned thread)
{
    sigset_t pipe;
    (void)context;
    (void)thread;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
}

/* The first line of the file; the caller wipes. */
static enum result password_read(const char *path, char **ret_password, struct error *error)
{
    char bytes[PASSWORD_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, bytes, PASSWORD_MAX) : -1;
    if (fd >= 0)
        close(fd);
    if (n > 0) {
        bytes[n] = 0;
        bytes[strcspn(bytes, "\r\n")] = 0;
    }
    bool good = n > 0 && bytes[0];
    if (good)
        *ret_password = mem_strdup(bytes);
    explicit_bzero(bytes, sizeof(bytes));
    return good ? RESULT_OK
                : error_set(error, RESULT_INVALID, "password_file",
                            "The password cannot be read; name a readable file with one line.");
}

static enum result relay_open(struct email_channel *channel, unsigned i,
                              const struct email_config *config, struct error *error)
{
    const struct email_relay_config *from = &config->relays[i];
    struct email_relay *relay = &channel->relays[i];
    struct session_settings *to = &relay->settings;
    if (from->name)
        str_copy(relay->name, sizeof(relay->name), from->name);
    else
        snprintf(relay->name, sizeof(relay->name), "relay%u", i + 1);
    channel->states[i].sessions = from->sessions ? from->sessions : EMAIL_SESSIONS_DEFAULT;
    channel->n_runners += channel->states[i].sessions;
    to->host = mem_strdup(from->host);
    to->port = from->port ? from->port : 587;
    to->helo = channel->helo;
    to->tls = from->starttls;
    to->dsn_notify =
        config->dsn_notify ? config->dsn_notify : EMAIL_NOTIFY_FAILURE | EMAIL_NOTIFY_DELAY;
    to->dsn_return = config->dsn_return;
    if (!email_times_read(&config->timeouts, &to->times, error))
        return RESULT_INVALID;
    channel->idle_ms = to->times.idle;
    if (from->user) {
        enum result result = password_read(from->password_file, &relay->password, error);
        if (result != RESULT_OK)
            return result;
        to->user = mem_strdup(from->user);
        to->password = relay->password;
    }
    return email_tls_context(from, &to->tls_context, error);
}

static void relay_close(struct email_relay *relay)
{
    char *texts[] = {(char *)(uintptr_t)relay->settings.host,
                     (char *)(uintptr_t)relay->settings.user};
    for (size_t i = 0; i < 2; i++)
        mem_free(texts[i]);
    if (relay->password)
        mem_wipe_free(relay->password, strlen(relay->password));
    email_tls_free(&relay->settings.tls_context);
}

/* No thread runs any more. */
static void channel_free(struct email_channel *channel)
{
    for (unsigned i = 0; channel->runners && i < channel->n_runners; i++)
        email_runner_free(&channel->runners[i]);
    for (unsigned i = 0; i < channel->n_relays; i++)
        relay_close(&channel->relays[i]);
    pthread_cond_destroy(&channel->wake);
    pthread_mutex_destroy(&channel->lock);
    mem_free(channel->runners);
    mem_free(channel->relays);
    mem_free(channel->states);
    mem_free(channel->from_address);
    mem_free(channel->bounce_domain);
    mem_free(channel->helo);
    mem_free(channel);
}

static void on_finished(struct loop_hop *hop);
static void on_closed(struct loop_hop *hop);
static void on_grace(struct loop_timer *timer);

static struct email_channel *channel_create(const struct channel_open *open,
                                            const struct email_config *config)
{
    struct email_channel *channel = mem_new(struct email_channel);
    channel->channel.driver = &channel_email_smtp;
    channel->loop = open->loop;
    channel->clock = loop_clock(open->loop);
    channel->window = open->window;
    channel->n_relays = config->relays_count;
    channel->relays = mem_alloc(config->relays_count, sizeof(*channel->relays));
    channel->states = mem_alloc(config->relays_count, sizeof(*channel->states));
    channel->from_address = mem_strdup(config->from.address);
    channel->helo = mem_strdup(config->helo ? config->helo : strchr(config->from.address, '@') + 1);
    if (config->envelope == EMAIL_ENVELOPE_VERP)
        channel->bounce_domain = mem_strdup(config->bounce_domain);
    list_init(&channel->queue);
    list_init(&channel->finished);
    channel->hop.cb = on_finished;
    channel->close_hop.cb = on_closed;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&channel->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&channel->lock, NULL);
    return channel;
}

static void on_runner_done(struct lane_job *job);

static void lane_open(struct email_channel *channel, const struct email_config *config)
{
    channel->runners = mem_alloc(channel->n_runners, sizeof(*channel->runners));
    for (unsigned i = 0; i < channel->n_runners; i++) {
        struct email_runner *runner = &channel->runners[i];
        email_runner_init(
            runner, channel,
            email_composer_create(config->from.name, config->from.address, config->reply_to));
        runner->job.work = email_runner_work;
        runner->job.done = on_runner_done;
    }
    struct lane_config lane = {
        .name = "email", .threads = channel->n_runners, .thread_start = on_thread_start};
    channel->lane = lane_create(channel->loop, &lane);
    loop_timer_init(channel->loop, &channel->grace, on_grace);
}

static enum result email_open(const struct channel_open *open, struct channel **ret_channel,
                              struct error *error)
{
    const struct email_config *config = open->config;
    enum result result = email_config_check(config, error);
    if (result != RESULT_OK)
        return result;
    static bool started;
    if (!started)
        session_library_start();
    started = true;
    struct email_channel *channel = channel_create(open, config);
    for (unsigned i = 0; i < channel->n_relays && result == RESULT_OK; i++) {
        result = relay_open(channel, i, config, error);
        if (result != RESULT_OK)
            error_wrap(error, "relays[%u]", i);
    }
    if (result != RESULT_OK) {
        channel_free(channel);
        return result;
    }
    lane_open(channel, config);
    if (channel->window == 0)
        channel->window = channel->n_runners * EMAIL_BATCH;
    *ret_channel = &channel->channel;
    return RESULT_OK;
}

/* Starts as many runners as there are batches that no running one will take. */
static void channel_kick(struct email_channel *channel)
{
    for (unsigned i = 0; i < channel->n_runners && channel->active < channel->n_runners; i++) {
        struct email_runner *runner = &channel->runners[i];
        if (runner->submitted)
            continue;
        pthread_mutex_lock(&channel->lock);
        bool wanted = channel->queued > channel->waiting + channel->starting;
        channel->starting += wanted;
        pthread_mutex_unlock(&channel->lock);
        if (!wanted)
            return;
        runner->submitted = true;
        channel->active++;
        lane_submit(channel->lane, &runner->job);
    }
}

static struct email_batch *batch_create(struct channel_send *const *sends, size_t n)
{
    struct email_batch *batch = mem_alloc(1, sizeof(*batch) + n * sizeof(batch->entries[0]));
    atomic_init(&batch->references, 2);
    batch->n = batch->left = n;
    for (size_t i = 0; i < n; i++) {
        batch->entries[i].send = sends[i];
        batch->entries[i].batch = batch;
        sends[i]->driver_state = &batch->entries[i];
        atomic_store(&sends[i]->stop, false);
    }
    return batch;
}

static enum result email_send(struct channel *base, struct channel_send *const *sends, size_t n)
{
    struct email_channel *channel = channel_of(base);
    if (atomic_load(&channel->closing))
        return RESULT_CLOSING;
    require(n > 0 && n <= EMAIL_BATCH);
    if (n > channel->window - channel->taken)
        return RESULT_BUSY;
    struct email_batch *batch = batch_create(sends, n);
    channel->taken += (unsigned)n;
    pthread_mutex_lock(&channel->lock);
    list_append(&channel->queue, &batch->node);
    channel->queued++;
    pthread_cond_signal(&channel->wake);
    pthread_mutex_unlock(&channel->lock);
    channel_kick(channel);
    return RESULT_OK;
}

/* The session looks at the flag before it begins a message and before it ends it. */
static void email_cancel(struct channel *base, struct channel_send *send)
{
    (void)base;
    atomic_store(&send->stop, true);
}

static void close_when_idle(struct email_channel *channel)
{
    if (!channel->closed || channel->taken > 0 || channel->active > 0 || channel->close_posted)
        return;
    channel->close_posted = true;
    loop_post(channel->loop, &channel->close_hop);
}

static void on_finished(struct loop_hop *hop)
{
    struct email_channel *channel = container_of(hop, struct email_channel, hop);
    struct list finished;
    list_init(&finished);
    pthread_mutex_lock(&channel->lock);
    list_splice(&finished, &channel->finished);
    channel->hop_posted = false;
    pthread_mutex_unlock(&channel->lock);
    for (struct list *node; (node = list_pop(&finished));) {
        struct email_entry *entry = container_of(node, struct email_entry, node);
        struct email_batch *batch = entry->batch;
        channel->taken--;
        entry->send->driver_state = NULL;
        entry->send->cb(entry->send, &entry->outcome);
        if (--batch->left == 0)
            email_batch_release(batch);
    }
    close_when_idle(channel);
}

static void on_runner_done(struct lane_job *job)
{
    struct email_runner *runner = container_of(job, struct email_runner, job);
    struct email_channel *channel = runner->channel;
    runner->submitted = false;
    channel->active--;
    channel_kick(channel); /* a batch may have come while it was leaving */
    close_when_idle(channel);
}

static void on_grace(struct loop_timer *timer)
{
    struct email_channel *channel = container_of(timer, struct email_channel, grace);
    log_warn("email_close_breaks_sessions", LOG_INT("messages", channel->taken));
    for (unsigned i = 0; i < channel->n_runners; i++)
        session_line_break(&channel->runners[i].line);
}

static void on_closed(struct loop_hop *hop)
{
    struct email_channel *channel = container_of(hop, struct email_channel, close_hop);
    void (*closed)(void *) = channel->closed;
    void *context = channel->closed_context;
    loop_timer_stop(&channel->grace);
    lane_destroy(&channel->lane);
    channel_free(channel);
    closed(context);
}

static void email_close(struct channel *base, void (*closed)(void *context), void *context)
{
    struct email_channel *channel = channel_of(base);
    channel->closed = closed;
    channel->closed_context = context;
    pthread_mutex_lock(&channel->lock);
    atomic_store(&channel->closing, true);
    pthread_cond_broadcast(&channel->wake);
    pthread_mutex_unlock(&channel->lock);
    loop_timer_start(&channel->grace, CLOSE_GRACE_MS);
    close_when_idle(channel);
}

const struct channel_driver channel_email_smtp = {
    .facts = {.channel = "email",
              .provider = "smtp",
              .legal_method = "email",
              .form = FORM_EMAIL,
              .address = ADDRESS_EMAIL,
              .on_uncertain = UNCERTAIN_RETRY, /* the same Message-ID; a duplicate notice is the
                                                  lesser evil (RFC 1047) */
              .window = EMAIL_SESSIONS_DEFAULT * EMAIL_BATCH,
              .batch = EMAIL_BATCH,
              .best = EVIDENCE_ACCEPTED},
    .config_fields = email_config_fields,
    .config_size = sizeof(struct email_config),
    .check_config = email_config_check,
    .check_address = email_check_address,
    .open = email_open,
    .send = email_send,
    .cancel = email_cancel,
    .close = email_close,
    .reach = email_config_reach};
