/* config_log.c - the section `log`: the log of receipts, its keys, and who outside vouches for it.
 *
 * Faults name the key and say what to write; certificates are read here, secrets are not. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/timestamp.h"

/* This module. */
#include "service/config_text.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

enum { PEM_MAX = 256 << 10 };

static bool read_witness(struct config_reader *reader, unsigned i)
{
    const struct text_witness *text = &reader->text->log.witnesses[i];
    struct receipt_log_witness *to = &reader->config->witnesses[i];
    struct note_verifier verifier;
    char path[KEY_PATH_SIZE];

    path_print(path, sizeof path, "log.witnesses[%u].url", i);
    if (!needed(reader, path, text->url, &to->url))
        return false;
    if ((!str_starts(to->url, "http://") && !str_starts(to->url, "https://")) ||
        to->url[strlen(to->url) - 1] == '/') {
        config_fault_set(reader, path,
                         "write where the witness is reached, such as https://witness.example.org, "
                         "without a slash at the end");
        return false;
    }
    path_print(path, sizeof path, "log.witnesses[%u].vkey", i);
    if (!needed(reader, path, text->vkey, &to->vkey))
        return false;
    if (note_verifier_parse(&verifier, to->vkey) && verifier.algorithm == NOTE_COSIGNATURE)
        return true;
    config_fault_set(reader, path,
                     "this is no verifier key of a witness: copy the line that it prints when it "
                     "starts");
    return false;
}

/* The certificates that an authority is believed by; no secret. */
static bool read_pem(struct config_reader *reader, const char *path, const char *file,
                     struct slice *to)
{
    struct timestamp_trust *trust = NULL;
    struct error error;
    struct buf pem;
    FILE *in = fopen(file, "rbe");
    char chunk[4096];
    size_t n;

    if (!in) {
        config_fault_set(reader, path, "its file cannot be opened: check path and rights");
        return false;
    }
    buf_init(&pem, PEM_MAX);
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0 && buf_add(&pem, chunk, n))
        ;
    fclose(in);
    if (pem.failed ||
        timestamp_trust_create((struct slice){pem.data, pem.length}, &trust, &error) != RESULT_OK) {
        buf_free(&pem);
        config_fault_set(reader, path,
                         "this holds no certificate in PEM: give the authority's own, or the one "
                         "above it");
        return false;
    }
    timestamp_trust_destroy(&trust);
    to->length = pem.length;
    to->data = buf_take(&pem);
    return true;
}

static bool read_interval(struct config_reader *reader, const char *path, const char *text,
                          int64_t *to)
{
    return read_duration(reader, path, text, (struct config_range){1000, 31 * DAY_MS}, to);
}

static bool read_timestamp(struct config_reader *reader, unsigned i)
{
    const struct text_timestamp *text = &reader->text->log.timestamps[i];
    struct receipt_log_timestamp *to = &reader->config->timestamps[i];
    char path[KEY_PATH_SIZE];
    const char *file;

    path_print(path, sizeof path, "log.timestamps[%u].url", i);
    if (!needed(reader, path, text->url, &to->url))
        return false;
    if (!str_starts(to->url, "http://") && !str_starts(to->url, "https://")) {
        config_fault_set(
            reader, path,
            "write where the authority is reached, such as http://tsa.example.org/tsr");
        return false;
    }
    to->interval_ms = HOUR_MS;
    path_print(path, sizeof path, "log.timestamps[%u].interval", i);
    if (!read_interval(reader, path, text->interval, &to->interval_ms))
        return false;
    path_print(path, sizeof path, "log.timestamps[%u].ca_file", i);
    return needed(reader, path, text->ca_file, &file) && read_pem(reader, path, file, &to->pem);
}

/* The first channel that takes addresses of mail is the one that mails checkpoints. */
static const struct delivery_channel *mail_channel(const struct config *config)
{
    for (size_t i = 0; i < config->n_channels; i++)
        if (config->channels[i].driver->facts.address == ADDRESS_EMAIL)
            return &config->channels[i];
    return NULL;
}

static bool read_mail(struct config_reader *reader, unsigned i)
{
    const struct text_mail *text = &reader->text->log.mail[i];
    const struct delivery_channel *channel = mail_channel(reader->config);
    struct receipt_log_mail *to = &reader->config->mails[i];
    char path[KEY_PATH_SIZE];

    path_print(path, sizeof path, "log.mail[%u].to", i);
    if (!needed(reader, path, text->to, &to->to))
        return false;
    const char *at = strchr(to->to, '@');
    if (!at || at == to->to || !at[1] || strpbrk(to->to, " <>\t,;")) {
        config_fault_set(reader, path, "write one address, such as auditor@example.org");
        return false;
    }
    if (!channel) {
        config_fault_set(reader, path,
                         "checkpoints are mailed through the relay of a channel that sends mail: "
                         "configure one, or leave this out");
        return false;
    }
    to->driver = channel->driver;
    to->driver_config = channel->config;
    to->interval_ms = DAY_MS;
    path_print(path, sizeof path, "log.mail[%u].interval", i);
    return read_interval(reader, path, text->interval, &to->interval_ms);
}

bool config_read_mails(struct config_reader *reader)
{
    for (unsigned i = 0; i < reader->text->log.mail_count; i++) {
        if (!read_mail(reader, i))
            return false;
        reader->config->n_mails++;
    }
    return true;
}

void config_log_free(struct config *config)
{
    for (size_t i = 0; i < RECEIPT_LOG_TIMESTAMPS_MAX; i++)
        mem_free((void *)(uintptr_t)config->timestamps[i].pem.data);
}

bool config_read_evidence_log(struct config_reader *reader)
{
    const struct text_log *text = &reader->text->log;
    struct config *config = reader->config;

    config->log_key_file = text->key_file;
    config->log_origin = text->origin;
    if (text->origin && !note_name_valid(text->origin)) {
        config_fault_set(reader, "log.origin",
                         "write a name without blanks and '+', such as notify.example.org/log");
        return false;
    }
    if (!text->key_file && (text->witnesses_count || text->timestamps_count || text->mail_count)) {
        config_fault_set(reader,
                         text->witnesses_count    ? "log.witnesses"
                         : text->timestamps_count ? "log.timestamps"
                                                  : "log.mail",
                         "others vouch for what is signed: set log.key_file too, or leave this "
                         "out");
        return false;
    }
    for (unsigned i = 0; i < text->witnesses_count; i++) {
        if (!read_witness(reader, i))
            return false;
    }
    config->n_witnesses = text->witnesses_count;
    for (unsigned i = 0; i < text->timestamps_count; i++) {
        if (!read_timestamp(reader, i))
            return false;
        config->n_timestamps++;
    }
    return true;
}
