/* callback.c - the thread that tells the sender what became of its messages: a heap by due time,
 * one curl handle. Answers other than 2xx are tried again three times, a second apart. */

/* System. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Libraries. */
#include <curl/curl.h>

/* Base. */
#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "channels/common/signature.h"

/* Interfaces. */
#include "tocsin/clock.h"

/* This module. */
#include "sim.h"

struct waiting {
    struct heap_node node;    /* key: monotonic milliseconds */
    struct callback callback; /* its strings are the three below */
    char *url, *type, *body;
    unsigned tries;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static pthread_t thread;
static struct heap heap;
static bool stopping, silent;

unsigned step_delay(unsigned step, unsigned n)
{
    unsigned place = options.reorder ? n - step : step + 1;
    return options.delay_ms * place + options.late_ms;
}

static int64_t now_ms(void)
{
    return clock_monotonic(clock_system());
}

static void waiting_push(const struct callback *callback)
{
    struct waiting *waiting = mem_new(struct waiting);

    waiting->callback = *callback;
    waiting->callback.url = waiting->url = mem_strdup(callback->url);
    waiting->callback.type = waiting->type = mem_strdup(callback->type);
    waiting->callback.body = waiting->body = mem_strdup(callback->body);
    waiting->node.key = now_ms() + callback->delay_ms;
    heap_push(&heap, &waiting->node);
}

void callback_add(const struct callback *callback)
{
    if (!options.callbacks || str_empty(callback->url))
        return;
    pthread_mutex_lock(&mutex);
    waiting_push(callback);
    if (options.duplicate)
        waiting_push(callback);
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&mutex);
}

void callback_silence(bool on)
{
    pthread_mutex_lock(&mutex);
    silent = on;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&mutex);
}

static struct curl_slist *header_add(struct curl_slist *list, const char *name, const char *value)
{
    char line[512];

    snprintf(line, sizeof line, "%s: %s", name, value);
    return curl_slist_append(list, line);
}

static int by_text(const void *a, const void *b)
{
    const struct form_field *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* base64(HMAC-SHA1(token, url || sorted name, value)) */
static struct curl_slist *sign_twilio(struct curl_slist *list, const struct callback *callback)
{
    struct arena *arena = arena_create(1 << 20);
    struct form form;
    struct buf text;
    uint8_t digest[20];
    char signature[29];

    if (form_read(callback->body, strlen(callback->body), arena, &form) != RESULT_OK)
        panic("our own form");
    qsort(form.fields, form.n, sizeof *form.fields, by_text);
    buf_init(&text, SIZE_MAX);
    buf_puts(&text, callback->url);
    for (size_t i = 0; i < form.n; i++)
        buf_printf(&text, "%s%s", form.fields[i].name, form.fields[i].value);
    hmac_sha1(digest, options.twilio_token, strlen(options.twilio_token), text.data, text.length);
    base64_encode(signature, digest, sizeof digest);
    buf_free(&text);
    arena_destroy(&arena);
    return header_add(list, "X-Twilio-Signature",
                      options.bad_signature ? "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" : signature);
}

static struct curl_slist *sign(struct curl_slist *list, const struct callback *callback)
{
    time_ms now = clock_now(clock_system()) - (options.stale_signature ? 900000 : 0);
    const char *body = callback->body;
    char t[24], text[SIGNATURE_TEXT_SIZE], both[128];

    snprintf(t, sizeof t, "%lld", (long long)(callback->sign == SIGN_LOB ? now : now / 1000));
    if (callback->sign == SIGN_TWILIO)
        return sign_twilio(list, callback);
    if (callback->sign == SIGN_HOOK) {
        struct hook_signed what = {callback->id, t, slice_of(body)};
        if (!hook_sign(text, options.hook_report_secret, &what))
            panic("the report secret is malformed");
        list = header_add(list, "webhook-id", callback->id);
        list = header_add(list, "webhook-timestamp", t);
        return header_add(list, "webhook-signature", options.bad_signature ? "v1,AAAA" : text);
    }
    signature_hex(text, callback->sign == SIGN_LOB ? options.lob_secret : options.postgrid_secret,
                  t, slice_of(body));
    if (options.bad_signature)
        text[0] = text[0] == '0' ? '1' : '0';
    if (callback->sign == SIGN_LOB) {
        list = header_add(list, "Lob-Signature-Timestamp", t);
        return header_add(list, "Lob-Signature", text);
    }
    snprintf(both, sizeof both, "t=%s,v1=%s", t, text);
    return options.jwt ? list : header_add(list, "PostGrid-Signature", both);
}

static size_t ignore(char *bytes, size_t size, size_t n, void *context)
{
    (void)bytes;
    (void)context;
    return size * n;
}

static bool post(CURL *curl, const struct callback *callback)
{
    struct curl_slist *headers = header_add(NULL, "Content-Type", callback->type);
    long status = 0;

    headers = header_add(headers, "Expect", "");
    headers = sign(headers, callback);
    curl_easy_setopt(curl, CURLOPT_URL, callback->url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, callback->body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 15000L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    bool ok = curl_easy_perform(curl) == CURLE_OK &&
              curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK;
    curl_slist_free_all(headers);
    return ok && status >= 200 && status < 300;
}

static void waiting_free(struct waiting *waiting)
{
    mem_free(waiting->url);
    mem_free(waiting->type);
    mem_free(waiting->body);
    mem_free(waiting);
}

/* Waits for the next due one; NULL: the end. Called with the mutex held. */
static struct waiting *next_due(void)
{
    while (!stopping) {
        struct heap_node *node = heap_peek(&heap);
        int64_t wait = node && !silent ? node->key - now_ms() : 1000;
        if (node && !silent && wait <= 0)
            return container_of(heap_pop(&heap), struct waiting, node);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait / 1000;
        until.tv_nsec += wait % 1000 * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&wake, &mutex, &until);
    }
    return NULL;
}

static void *run(void *context)
{
    CURL *curl = curl_easy_init();
    struct waiting *waiting;

    (void)context;
    pthread_mutex_lock(&mutex);
    while ((waiting = next_due())) {
        pthread_mutex_unlock(&mutex);
        bool ok = post(curl, &waiting->callback);
        __atomic_add_fetch(ok ? &stats.callbacks : &stats.callbacks_failed, 1, __ATOMIC_RELAXED);
        pthread_mutex_lock(&mutex);
        if (!ok && ++waiting->tries < 4) {
            waiting->node.key = now_ms() + 1000;
            heap_push(&heap, &waiting->node);
        } else {
            waiting_free(waiting);
        }
    }
    pthread_mutex_unlock(&mutex);
    curl_easy_cleanup(curl);
    return NULL;
}

void callback_start(void)
{
    pthread_condattr_t attributes;

    heap_init(&heap);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&wake, &attributes);
    if (pthread_create(&thread, NULL, run, NULL) != 0)
        panic("no thread");
}

void callback_stop(void)
{
    pthread_mutex_lock(&mutex);
    stopping = true;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    while (heap_peek(&heap))
        waiting_free(container_of(heap_pop(&heap), struct waiting, node));
    heap_free(&heap);
}
