/* api_server.c - the API over an engine that sends nothing, for test_api.py: prints one line of
 * JSON with the port and a token per role, serves until SIGTERM. argv[1]: an empty folder. */

/* System. */
#include <signal.h>
#include <stdio.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"

/* Interfaces. */
#include "tocsin/loop.h"

/* This module. */
#include "service/api/access.h"
#include "service/api/api.h"
#include "service/http/http_server.h"
#include "service/law/law.h"
#include "tests/support/fake_delivery.h"

enum { ROLES = 6 };

struct rig {
    struct law_rules *rules;
    struct loop *loop;
    struct store *store;
    struct delivery *delivery;
    struct api *api;
    struct http_server *server;
    struct access_mint mint;
    unsigned next;
};

static void mint_next(struct rig *rig);

static void minted(struct access_mint *mint)
{
    struct rig *rig = container_of(mint, struct rig, mint);
    require(mint->result == RESULT_OK);
    printf(",\"%s\":\"%s\"", rig->next < ROLES ? access_role_name(1U << rig->next) : "responder2",
           mint->text);
    access_mint_wipe(mint);
    rig->next++;
    mint_next(rig);
}

static void mint_next(struct rig *rig)
{
    if (rig->next > ROLES) {
        printf("}\n");
        fflush(stdout);
        return;
    }
    rig->mint = (struct access_mint){.name = "test",
                                     .roles = rig->next < ROLES ? 1U << rig->next : ROLE_RESPONDER,
                                     .kind = rig->next == 1 ? TOKEN_PERSON : TOKEN_PROGRAM,
                                     .at = clock_now(loop_clock(rig->loop)),
                                     .cb = minted};
    access_mint(rig->store, &rig->mint);
}

static void stop(int signum, void *context)
{
    (void)signum;
    loop_stop(context);
}

static void check(enum result result, const struct error *error)
{
    if (result != RESULT_OK)
        panic("%s", error->text);
}

static void start(struct rig *rig, const char *folder)
{
    static const char *const channels[] = {"email", "sms", "postal", "banner"};
    struct error error = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/tocsin.db", folder);
    rig->loop = loop_create(clock_system());
    check(store_open(rig->loop, &(struct store_config){.path = path, .threads = true}, &rig->store,
                     &error),
          &error);
    check(law_rules_load("templates/rules", NULL, 0, &rig->rules, &error), &error);
    rig->delivery = fake_delivery_create(rig->loop, rig->store);
    check(api_create(&(struct api_config){.delivery = rig->delivery,
                                          .store = rig->store,
                                          .loop = rig->loop,
                                          .public_url = "https://notify.example.org",
                                          .rules = rig->rules,
                                          .version = "test",
                                          .data_dir = folder,
                                          .channels = channels,
                                          .n_channels = 4},
                     &rig->api, &error),
          &error);
    struct http_config http = {.listen = "127.0.0.1:0", .context = rig->api};
    http.routes = api_routes(&http.n_routes);
    check(http_server_create(rig->loop, &http, &rig->server, &error), &error);
    api_set_server(rig->api, rig->server);
    api_set_state(rig->api, API_READY);
    printf("{\"port\":%u", http_server_port(rig->server));
}

int main(int argc, char **argv)
{
    struct rig *rig = mem_new(struct rig);
    require(argc == 2);
    seal_init();
    start(rig, argv[1]);
    struct loop_signal *signal = loop_signal_start(rig->loop, SIGTERM, stop, rig->loop);
    mint_next(rig);
    loop_run(rig->loop);
    loop_signal_stop(&signal);
    http_server_destroy(&rig->server);
    store_close(&rig->store);
    api_destroy(&rig->api);
    law_rules_destroy(&rig->rules);
    fake_delivery_destroy(&rig->delivery);
    while (loop_turn(rig->loop))
        ;
    loop_destroy(&rig->loop);
    mem_free(rig);
    return 0;
}
