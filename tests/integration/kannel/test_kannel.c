/* test_kannel.c - the Kannel driver against a real gateway: bearerbox, smsbox and its fake SMSC, on
 * loopback. Skipped where Kannel isn't installed. */

/* System. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>
#include <cyaml/cyaml.h>

/* Base. */
#include "base/seal.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"
#include "tocsin/http_client.h"
#include "tocsin/loop.h"

/* This module. */
#include "tests/integration/provider/capture.h"

#define BEARERBOX "/usr/sbin/bearerbox"
#define SMSBOX    "/usr/sbin/smsbox"
#define FAKESMSC  "/usr/lib/kannel/test/fakesmsc"
#define TOKEN     "abcdefghijklmnopqrstuvwxyz"

static char folder[] = "/tmp/tocsin-kannel-XXXXXX";
static unsigned ports[4]; /* admin, smsbox, sendsms, smsc */
static pid_t processes[3];

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    require(bind(fd, (struct sockaddr *)&address, size) == 0);
    require(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void write_config(void)
{
    FILE *file;

    require(mkdtemp(folder) && chdir(folder) == 0);
    for (int i = 0; i < 4; i++)
        ports[i] = free_port();
    require((file = fopen("kannel.conf", "w")) != NULL);
    fprintf(file,
            "group = core\nadmin-port = %u\nadmin-password = a\nsmsbox-port = %u\n"
            "box-allow-ip = 127.0.0.1\nbox-deny-ip = \"*.*.*.*\"\n\n"
            "group = smsc\nsmsc = fake\nsmsc-id = FAKE\nport = %u\nconnect-allow-ip = 127.0.0.1\n\n"
            "group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = %u\n\n"
            "group = sendsms-user\nusername = tocsin\npassword = kannel-pw\nmax-messages = 3\n"
            "concatenation = true\nuser-allow-ip = 127.0.0.1\nuser-deny-ip = \"*.*.*.*\"\n\n"
            "group = sms-service\nkeyword = default\nmax-messages = 0\ntext = x\n",
            ports[0], ports[1], ports[3], ports[2]);
    require(fclose(file) == 0);
}

static pid_t start(const char *log, char *const argv[])
{
    pid_t pid = fork();

    require(pid >= 0);
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 1);
        dup2(fd, 2);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static void wait_port(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)port)};
    for (int i = 0; i < 100; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int result = connect(fd, (struct sockaddr *)&address, sizeof address);
        close(fd);
        if (result == 0)
            return;
        usleep(100000);
    }
    panic("nobody listens on port %u", port);
}

static char *word(const char *text)
{
    char *copy = strdup(text);
    require(copy);
    return copy;
}

static int kannel_start(void **state)
{
    char port[16], *words[16] = {0};

    (void)state;
    write_config();
    words[0] = word(BEARERBOX), words[1] = word("kannel.conf");
    processes[0] = start("bearerbox.log", words);
    wait_port(ports[1]);
    free(words[0]);
    words[0] = word(SMSBOX);
    processes[1] = start("smsbox.log", words);
    wait_port(ports[2]);
    free(words[0]), free(words[1]);
    snprintf(port, sizeof port, "%u", ports[3]);
    const char *const fake[] = {FAKESMSC, "-H", "127.0.0.1", "-r",         port, "-i",
                                "1",      "-m", "0",         "1 2 text x", NULL};
    for (int i = 0; fake[i]; i++)
        words[i] = word(fake[i]);
    processes[2] = start("fakesmsc.log", words);
    for (int i = 0; words[i]; i++)
        free(words[i]);
    sleep(1); /* until the SMSC's login is through */
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int kannel_stop(void **state)
{
    (void)state;
    for (int i = 2; i >= 0; i--) {
        kill(processes[i], i == 2 ? SIGKILL : SIGTERM);
        waitpid(processes[i], NULL, 0);
    }
    require(chdir("/") == 0);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

struct message {
    struct channel_send send;
    struct outcome outcome;
    unsigned callbacks;
};

static void on_done(struct channel_send *send, const struct outcome *outcome)
{
    struct message *message = container_of(send, struct message, send);

    message->callbacks++;
    message->outcome = *outcome;
}

static void on_closed(void *context)
{
    ++*(unsigned *)context;
}

static struct channel *channel_open(struct loop *loop, struct http_client *http,
                                    const char *public_url, const char *password)
{
    const struct channel_driver *driver = channel_driver_find("sms", "kannel");
    static const cyaml_config_t cyaml = {.mem_fn = cyaml_mem};
    cyaml_schema_value_t schema = {.type = CYAML_MAPPING, .flags = CYAML_FLAG_POINTER};
    cyaml_data_t *config = NULL;
    struct channel *channel = NULL;
    char text[512];

    schema.data_size = (uint32_t)driver->config_size;
    schema.mapping.fields = driver->config_fields;
    snprintf(text, sizeof text,
             "sendsms_url: http://127.0.0.1:%u/cgi-bin/sendsms\nusername: tocsin\npassword_file: "
             "env:%s\n"
             "from: \"12345\"\nreport_secret_file: env:KANNEL_REPORT\n",
             ports[2], password);
    require(cyaml_load_data((const uint8_t *)text, strlen(text), &cyaml, &schema, &config, NULL) ==
            CYAML_OK);
    struct channel_open open = {
        .loop = loop, .http = http, .config = config, .public_url = public_url, .window = 4};
    require(driver->open(&open, &channel, NULL) == RESULT_OK);
    cyaml_free(&cyaml, &schema, config, 0);
    return channel;
}

/* Sends one text through a fresh channel; the reports that came go to *ret as bits of their
 * evidence. */
static struct outcome text_send(const char *text, const char *password, size_t wanted,
                                unsigned *ret)
{
    struct capture *capture = capture_start();
    struct loop *loop = loop_create(clock_system());
    struct http_client *http = http_client_create(loop, NULL);
    struct message message = {.send = {.token = TOKEN,
                                       .key = "k",
                                       .phone = "+14155550100",
                                       .notice = {.text = text, .text_length = strlen(text)},
                                       .cb = on_done}};
    struct channel_send *send = &message.send;
    char public_url[64];
    unsigned closed = 0;

    snprintf(public_url, sizeof public_url, "http://127.0.0.1:%u", capture_port(capture));
    struct channel *channel = channel_open(loop, http, public_url, password);
    assert_int_equal(channel->driver->send(channel, &send, 1), RESULT_OK);
    for (int i = 0; i < 10000 && (!message.callbacks || capture_count(capture) < wanted); i++)
        if (!loop_turn(loop))
            usleep(1000);
    assert_int_equal(message.callbacks, 1);
    assert_int_equal(capture_count(capture), wanted);
    *ret = 0;
    for (size_t i = 0; i < wanted; i++) {
        struct arena *arena = arena_create(1 << 16);
        struct capture_view view = {.captured = capture_get(capture, i)};
        struct channel_report report = capture_report(&view, arena, public_url, 0);
        struct report_result result;
        assert_int_equal(channel->driver->parse_report(channel, &report, arena, &result, NULL),
                         RESULT_OK);
        assert_string_equal(result.facts[0].token, TOKEN);
        *ret |= 1u << result.facts[0].evidence;
        arena_destroy(&arena);
    }
    channel->driver->close(channel, on_closed, &closed);
    for (int i = 0; i < 1000 && !closed; i++)
        if (!loop_turn(loop))
            usleep(1000);
    assert_int_equal(closed, 1);
    http_client_destroy(&http);
    while (loop_turn(loop))
        ;
    loop_destroy(&loop);
    capture_stop(&capture);
    return message.outcome;
}

static bool log_has(const char *name, const char *text)
{
    static char log[262144];
    FILE *file = fopen(name, "r");

    require(file);
    log[fread(log, 1, sizeof log - 1, file)] = '\0';
    fclose(file);
    return strstr(log, text) != NULL;
}

/* Breaks when a real gateway doesn't take our request, garbles the text, or its delivery reports
 * are misread. */
static void test_delivery(void **state)
{
    unsigned evidence;

    (void)state;
    struct outcome outcome = text_send("Hello caf\xc3\xa9 \xe2\x82\xac", "KANNEL_PW", 2, &evidence);
    assert_int_equal(outcome.kind, OUTCOME_ACCEPTED);
    assert_int_equal(evidence, 1u << EVIDENCE_ACCEPTED | 1u << EVIDENCE_DELIVERED);
    assert_true(log_has("fakesmsc.log", "12345 +14155550100 text Hello caf\xc3\xa9 \xe2\x82\xac"));
}

/* Breaks when a text outside GSM 03.38 doesn't go out as UCS-2. */
static void test_ucs2(void **state)
{
    unsigned evidence;

    (void)state;
    struct outcome outcome = text_send("\xe6\x97\xa5\xe6\x9c\xac", "KANNEL_PW", 2, &evidence);
    assert_int_equal(outcome.kind, OUTCOME_ACCEPTED);
    assert_true(log_has("fakesmsc.log", "ucs-2 e%E5g%2C"));
}

/* Breaks when our own wrong password is held against the person. */
static void test_wrong_password(void **state)
{
    unsigned evidence;

    (void)state;
    struct outcome outcome = text_send("x", "KANNEL_BAD", 0, &evidence);
    assert_int_equal(outcome.kind, OUTCOME_DEFERRED);
    assert_int_equal(outcome.blame, BLAME_PROVIDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery),
        cmocka_unit_test(test_ucs2),
        cmocka_unit_test(test_wrong_password),
    };
    if (access(BEARERBOX, X_OK) != 0 || access(FAKESMSC, X_OK) != 0)
        return 77;
    seal_init();
    setenv("KANNEL_PW", "kannel-pw", 1);
    setenv("KANNEL_BAD", "wrong", 1);
    setenv("KANNEL_REPORT", "shared-1", 1);
    return cmocka_run_group_tests(tests, kannel_start, kannel_stop);
}
