/* metrics.c - GET /metrics: Prometheus text format 0.0.4. Numbers and configured names only,
 * nothing about a person or an incident. */

/* System. */
#include <inttypes.h>

/* This module. */
#include "service/api/call.h"
#include "service/api/health.h"
#include "service/api/resources.h"
#include "service/backup/backups.h"
#include "service/delivery/duty/duty.h"
#include "service/preflight/preflight.h"
#include "service/receipts/log_newest.h"
#include "service/receipts/receipt_log.h"

static void head(struct buf *to, const char *name, const char *type, const char *help)
{
    buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct buf *to, const char *name, const char *type, const char *help,
                uint64_t value)
{
    head(to, name, type, help);
    buf_printf(to, "%s %" PRIu64 "\n", name, value);
}

/* Label values are configured names; a quote or backslash in one is escaped all the same. */
static void label(struct buf *to, const char *name, const char *value)
{
    buf_printf(to, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_putc(to, '\\');
        buf_putc(to, *value == '\n' ? ' ' : *value);
    }
    buf_putc(to, '"');
}

static void channel_labels(struct buf *to, const char *name,
                           const struct delivery_channel_stats *channel)
{
    buf_printf(to, "%s{", name);
    label(to, "channel", channel->channel);
    buf_putc(to, ',');
    label(to, "provider", channel->provider);
}

static void outcomes(struct buf *to, const struct delivery_stats *stats)
{
    static const char name[] = "tocsin_outcomes_total";
    head(to, name, "counter", "Attempts by what they came to.");
    for (size_t i = 0; i < stats->n_channels; i++) {
        for (int kind = 0; kind < OUTCOME_N; kind++) {
            channel_labels(to, name, &stats->channels[i]);
            buf_printf(to, ",outcome=\"%s\"} %" PRIu64 "\n", outcome_name((enum outcome_kind)kind),
                       stats->channels[i].outcomes[kind]);
        }
    }
}

enum channel_number { IN_FLIGHT, PAUSED, LATENCY, SLOW, REPORTS, REFUSED };
static const struct {
    enum channel_number number;
    const char *name, *type, *help;
} channel_numbers[] = {
    {IN_FLIGHT, "tocsin_in_flight", "gauge", "Sends a provider has not answered yet."},
    {PAUSED, "tocsin_provider_paused", "gauge", "1: paused by the provider or its fault."},
    {LATENCY, "tocsin_send_latency_milliseconds", "gauge", "Moving average of send to outcome."},
    {SLOW, "tocsin_provider_slow", "gauge", "1: twice as slow as usual, or silent."},
    {REPORTS, "tocsin_reports_total", "counter", "Callbacks of providers taken."},
    {REFUSED, "tocsin_reports_refused_total", "counter", "Callbacks refused, bad signatures too."},
};

static uint64_t channel_value(const struct delivery_channel_stats *channel,
                              enum channel_number number)
{
    switch (number) {
    case IN_FLIGHT:
        return channel->in_flight;
    case PAUSED:
        return channel->paused;
    case LATENCY:
        return channel->latency_ms > 0 ? (uint64_t)channel->latency_ms : 0;
    case SLOW:
        return channel->slow;
    case REPORTS:
        return channel->reports;
    case REFUSED:
        return channel->reports_refused;
    }
    return 0;
}

static void channels(struct buf *to, const struct delivery_stats *stats)
{
    for (size_t k = 0; k < sizeof channel_numbers / sizeof *channel_numbers; k++) {
        head(to, channel_numbers[k].name, channel_numbers[k].type, channel_numbers[k].help);
        for (size_t i = 0; i < stats->n_channels; i++) {
            channel_labels(to, channel_numbers[k].name, &stats->channels[i]);
            buf_printf(to, "} %" PRIu64 "\n",
                       channel_value(&stats->channels[i], channel_numbers[k].number));
        }
    }
}

static void engine(struct buf *to, const struct delivery_stats *stats)
{
    one(to, "tocsin_recipients_accepted_total", "counter", "People taken from rosters.",
        stats->recipients_accepted);
    one(to, "tocsin_receipts_total", "counter", "Receipts written.", stats->receipts);
    one(to, "tocsin_chunks_claimed_total", "counter", "Chunks leased.", stats->chunks_claimed);
    one(to, "tocsin_escalations_total", "counter", "People passed to the next rung.",
        stats->escalations);
    one(to, "tocsin_deferred", "gauge", "Sends that wait for another try.", stats->deferred);
    one(to, "tocsin_uncertain_total", "counter", "Sends without a known end.", stats->uncertain);
    one(to, "tocsin_asked", "gauge", "Sends that a person must decide.", stats->asked);
    one(to, "tocsin_holds", "gauge", "Waves that are held.", stats->holds_held);
    one(to, "tocsin_holds_overdue", "gauge", "Held waves past the time the hold was for.",
        stats->holds_overdue);
    one(to, "tocsin_brakes_stopped_total", "counter", "Times that something stopped by itself.",
        stats->brakes_stopped);
    one(to, "tocsin_brakes_stops", "gauge", "Stops that wait for a person or a provider.",
        stats->brakes_stops);
    one(to, "tocsin_brakes_waiting", "gauge", "Waves whose canary waits for a person.",
        stats->brakes_waiting);
    one(to, "tocsin_break_glass_open", "gauge",
        "Waves released by one person alone that nobody has reviewed.", stats->break_glass_open);
    one(to, "tocsin_retention_next_timestamp_seconds", "gauge",
        "When the next incident is erased by itself; 0: none is due.",
        stats->retention_next_at > 0 ? (uint64_t)stats->retention_next_at / 1000 : 0);
    one(to, "tocsin_waves_active", "gauge", "Waves being planned or sent.", stats->waves_active);
    one(to, "tocsin_oldest_in_flight_milliseconds", "gauge", "Age of the oldest send in flight.",
        stats->oldest_in_flight_ms > 0 ? (uint64_t)stats->oldest_in_flight_ms : 0);
}

static void http(struct buf *to, const struct api *api)
{
    static const char name[] = "tocsin_http_replies_total";
    if (!api->server)
        return;
    struct http_stats stats = http_server_stats(api->server);
    head(to, name, "counter", "Replies by status class.");
    for (int class = 2; class < 6; class ++)
        buf_printf(to, "%s{class=\"%dxx\"} %" PRIu64 "\n", name, class, stats.replies[class]);
    one(to, "tocsin_http_refused_gate_total", "counter", "Malformed or ambiguous requests.",
        stats.refused_gate);
    one(to, "tocsin_http_refused_deadline_total", "counter", "Cut for a slow head or body.",
        stats.refused_deadline);
    one(to, "tocsin_http_refused_limit_total", "counter", "Connections over the limit.",
        stats.refused_limit);
    one(to, "tocsin_http_connections", "gauge", "Open connections.", stats.connections_open);
    one(to, "tocsin_http_body_bytes_total", "counter", "Bytes of request bodies.", stats.bytes_in);
}

/* One series a kind that is configured. */
static void anchor_series(struct buf *to, const struct receipt_log *log, const char *name,
                          const char *help,
                          uint64_t (*value)(struct receipt_log_anchor_stats stats))
{
    buf_printf(to, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
    for (unsigned kind = 0; kind < ANCHOR_KINDS_N; kind++) {
        struct receipt_log_anchor_stats stats =
            receipt_log_anchor_stats(log, (enum receipt_log_anchor)kind);
        if (stats.n > 0)
            buf_printf(to, "%s{kind=\"%s\"} %" PRIu64 "\n", name, stats.word, value(stats));
    }
}

static uint64_t anchor_n(struct receipt_log_anchor_stats stats)
{
    return stats.n;
}

static uint64_t anchor_size(struct receipt_log_anchor_stats stats)
{
    return stats.size;
}

static uint64_t anchor_at(struct receipt_log_anchor_stats stats)
{
    return stats.at == TIME_NONE ? 0 : (uint64_t)stats.at / 1000;
}

static uint64_t anchor_late(struct receipt_log_anchor_stats stats)
{
    return stats.late;
}

static void anchors(struct buf *to, const struct receipt_log *log)
{
    anchor_series(to, log, "tocsin_log_anchors", "Configured outside anchors.", anchor_n);
    anchor_series(to, log, "tocsin_log_anchored_size", "Receipts that all of a kind vouch for.",
                  anchor_size);
    anchor_series(to, log, "tocsin_log_anchored_timestamp_seconds", "When, the oldest of a kind.",
                  anchor_at);
    anchor_series(to, log, "tocsin_log_anchor_late", "1: one of a kind is silent or refuses.",
                  anchor_late);
}

static void log_numbers(struct buf *to, const struct receipt_log *log)
{
    if (log == NULL)
        return;
    struct receipt_log_stats stats = receipt_log_stats(log);
    one(to, "tocsin_log_size", "gauge", "Receipts in the log.", stats.size);
    one(to, "tocsin_log_signed_size", "gauge", "Receipts under a signed checkpoint.",
        stats.signed_size);
    one(to, "tocsin_log_signed_timestamp_seconds", "gauge", "When the newest was signed.",
        stats.signed_at == TIME_NONE ? 0 : (uint64_t)stats.signed_at / 1000);
    one(to, "tocsin_log_leading", "gauge", "1: this process gives receipts their places.",
        stats.leading);
    anchors(to, log);
}

static void safety(struct buf *to, const struct api *api, const struct delivery_stats *stats)
{
    one(to, "tocsin_restored", "gauge", "1: the store is a copy that nobody has approved.",
        stats->restored);
    if (api->config.seen != NULL)
        one(to, "tocsin_log_missing", "gauge",
            "Receipts that others have seen in the log and that this store lacks.",
            api->config.seen->behind ? api->config.seen->seen - api->config.seen->ours : 0);
    if (api->config.preflight != NULL) {
        const struct preflight_stats preflight = preflight_stats(api->config.preflight);
        one(to, "tocsin_preflight_timestamp_seconds", "gauge",
            "When the last preflight of this process ended; 0: there was none.",
            preflight.last_at == TIME_NONE ? 0 : (uint64_t)preflight.last_at / 1000);
        one(to, "tocsin_preflight_failed", "gauge", "Checks that failed in it.", preflight.failed);
        one(to, "tocsin_preflight_warnings", "gauge", "Checks that warned in it.",
            preflight.warnings);
    }
    if (api->config.backups == NULL)
        return;
    const struct backups_stats backups = backups_stats(api->config.backups);
    one(to, "tocsin_backup_newest_timestamp_seconds", "gauge",
        "When the newest copy of the store was made; 0: there is none.",
        backups.newest_at == TIME_NONE ? 0 : (uint64_t)backups.newest_at / 1000);
    one(to, "tocsin_backups_total", "counter", "Copies of the store that were made.", backups.made);
    one(to, "tocsin_backups_failed_total", "counter", "Copies of the store that failed.",
        backups.failed);
}

/* Less than none: the day is over. */
static void duties(struct buf *to, const struct delivery *delivery, time_ms now)
{
    static const char name[] = "tocsin_obligation_seconds_left";
    const struct duty_clock *clocks;
    const size_t n = delivery_duty_clocks(delivery, &clocks);
    head(to, name, "gauge",
         "Until the nearest day of an open duty by law, by place and addressee.");
    for (size_t i = 0; i < n; i++) {
        buf_printf(to, "%s{", name);
        label(to, "jurisdiction", clocks[i].jurisdiction);
        buf_putc(to, ',');
        label(to, "to", duty_addressee_name(clocks[i].addressee));
        buf_printf(to, "} %" PRId64 "\n", (clocks[i].due_at - now) / 1000);
    }
}

void metrics_get(struct call *call)
{
    const struct api *api = call->api;
    const char *reasons[HEALTH_REASONS_MAX];
    struct buf text;
    buf_init(&text, 1 << 20);
    const struct delivery_stats *stats = delivery_stats(api->config.delivery);
    engine(&text, stats);
    outcomes(&text, stats);
    channels(&text, stats);
    http(&text, api);
    log_numbers(&text, api->config.log);
    safety(&text, api, stats);
    duties(&text, api->config.delivery, call_now(call));
    one(&text, "tocsin_store_pending", "gauge", "Requests that wait for the store.",
        store_pending(api->config.store));
    one(&text, "tocsin_store_healthy", "gauge", "0: the store stopped accepting writes.",
        store_health(api->config.store) == RESULT_OK);
    one(&text, "tocsin_ready", "gauge", "1: as /readyz.", health_reasons(api, reasons) == 0);
    one(&text, "tocsin_unauthenticated_total", "counter", "Requests without a valid token.",
        api->denied[0]);
    one(&text, "tocsin_forbidden_total", "counter", "Requests by a role that may not.",
        api->denied[1]);
    call_reply(call, &(struct call_reply){.status = 200,
                                          .type = "text/plain; version=0.0.4; charset=utf-8",
                                          .bytes = text.data,
                                          .length = text.length});
    buf_free(&text);
}
