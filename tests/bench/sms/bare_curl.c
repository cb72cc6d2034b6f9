/* bare_curl.c - the yardstick of SMS: libcurl's multi interface alone, keep-alive, N handles, the
 * same signed request as the webhook driver's. `bench_bare_curl URL SECRET HANDLES MESSAGES` prints
 * messages a second. */

/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Libraries. */
#include <curl/curl.h>

/* This module. */
#include "channels/common/signature.h"

enum { HANDLES_MAX = 256 };

struct slot {
    CURL *easy;
    struct curl_slist *headers;
    char body[1024];
};

static struct slot slots[HANDLES_MAX];
static const char *url, *secret;
static long started, accepted;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t ignore(char *bytes, size_t size, size_t n, void *context)
{
    (void)bytes;
    (void)context;
    return size * n;
}

static void header(struct slot *slot, const char *name, const char *value)
{
    char line[512];
    snprintf(line, sizeof(line), "%s: %s", name, value);
    slot->headers = curl_slist_append(slot->headers, line);
}

static void slot_start(CURLM *multi, struct slot *slot)
{
    char id[64], at[32], signature[SIGNATURE_TEXT_SIZE];
    snprintf(id, sizeof(id), "bench-%.0f-%ld", now() * 1e6, started++);
    snprintf(at, sizeof(at), "%lld", (long long)time(NULL));
    int n =
        snprintf(slot->body, sizeof(slot->body),
                 "{\"type\":\"message.send\",\"timestamp\":\"2026-11-23T17:00:00Z\",\"data\":{"
                 "\"token\":\"%s\",\"key\":\"%s\",\"channel\":\"sms\",\"to\":\"+12135551234\","
                 "\"locale\":\"en\",\"text\":\"Example Bank: we are changing the rules for your "
                 "personal data. To read the notice, type example.org/notice into your browser. "
                 "Ref JGCV-TRT7\",\"report_url\":\"http://127.0.0.1:1/v1/reports/sms/webhook\"}}",
                 id, id);
    hook_sign(signature, secret, &(struct hook_signed){id, at, {slot->body, (size_t)n}});
    curl_slist_free_all(slot->headers);
    slot->headers = NULL;
    header(slot, "content-type", "application/json");
    header(slot, "webhook-id", id);
    header(slot, "webhook-timestamp", at);
    header(slot, "webhook-signature", signature);
    curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long)n);
    curl_multi_add_handle(multi, slot->easy);
}

static void slot_open(struct slot *slot)
{
    slot->easy = curl_easy_init();
    curl_easy_setopt(slot->easy, CURLOPT_URL, url);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
}

static void slot_over(CURLM *multi, CURL *easy, long total)
{
    struct slot *slot;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
    accepted += status / 100 == 2;
    curl_multi_remove_handle(multi, easy);
    if (started < total)
        slot_start(multi, slot);
}

static void run(CURLM *multi, long total)
{
    int running = 1, left;
    CURLMsg *message;
    while (running > 0) {
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)))
            if (message->msg == CURLMSG_DONE) {
                slot_over(multi, message->easy_handle, total);
                running = 1;
            }
        if (running > 0)
            curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    long handles = strtol(argv[3], NULL, 10), total = strtol(argv[4], NULL, 10);
    url = argv[1];
    secret = argv[2];
    if (handles < 1 || handles > HANDLES_MAX || !hook_secret_ok(secret))
        return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, handles);
    double start = now();
    for (long i = 0; i < handles && i < total; i++) {
        slot_open(&slots[i]);
        slot_start(multi, &slots[i]);
    }
    run(multi, total);
    double seconds = now() - start;
    printf("%ld accepted of %ld, %ld handles: %.0f/s\n", accepted, total, handles,
           (double)accepted / seconds);
    for (long i = 0; i < handles && i < total; i++) {
        curl_easy_cleanup(slots[i].easy);
        curl_slist_free_all(slots[i].headers);
    }
    curl_multi_cleanup(multi);
    return accepted == total ? 0 : 1;
}
