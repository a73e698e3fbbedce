/* SPDX-License-Identifier: Apache-2.0 */
#include "load/floor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"
#include "data/doc.h"
#include "load/lane.h"

#define PATIENCE_MS 200 /* for the connection, which is made at once or never */

int floor_listen(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0)
                return fd;
        if (fd >= 0)
                close(fd);
        return -1;
}

/* One connection, one answer for whatever comes, until it is closed. */
static void *serve(void *owner)
{
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        struct pollfd waits = {.fd = *(int *)owner, .events = POLLIN};
        char buffer[1024];
        int on = 1;

        if (poll(&waits, 1, PATIENCE_MS) <= 0)
                return NULL;
        auto_close int fd = accept4(waits.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
                return NULL;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        while (read(fd, buffer, sizeof buffer) > 0 && write(fd, answer, sizeof answer - 1) > 0)
                ;
        return NULL;
}

static struct load_plan *plan_for(int listener, struct lane_address *ret_address)
{
        struct load_plan *plan = NULL;
        struct sockaddr_in address;

        ret_address->size = sizeof address;
        if (getsockname(listener, (struct sockaddr *)&address, &ret_address->size))
                return NULL;
        memcpy(&ret_address->socket, &address, sizeof address);
        auto_free char *text = xasprintf("{\"version\":1,\"addresses\":[\"127.0.0.1:%u\"],\"requests\":[{\"path\":\"/\"}],\"connections\":1,"
                                         "\"timeoutMs\":%d,\"shape\":[{\"kind\":\"closed\",\"forMs\":%d}]}",
                                         ntohs(address.sin_port), PATIENCE_MS, FLOOR_MS);
        auto_json struct json_object *doc = NULL;
        if (doc_parse(text, strlen(text), &doc, NULL) == FAIL_NONE)
                load_plan_decode(doc, &plan, NULL);
        return plan;
}

/* Waits for the lane's notice. */
static void wait_for(int notify_fd, int64_t until_ns)
{
        struct pollfd waits = {.fd = notify_fd, .events = POLLIN};
        int64_t left_ms = (until_ns - clock_now_ns(clock_system())) / NS_PER_MS + 1;
        eventfd_t value;

        if (poll(&waits, 1, left_ms > 0 ? (int)left_ms : 0) > 0)
                eventfd_read(notify_fd, &value);
}

static bool run_lane(struct lane *lane, struct lane_gate *gate)
{
        struct lane_state *state = lane_state(lane);
        int64_t until_ns = clock_now_ns(clock_system()) + PATIENCE_MS * NS_PER_MS;

        while (atomic_load(&state->tried) == 0 && clock_now_ns(clock_system()) < until_ns)
                wait_for(gate->notify_fd, until_ns);
        bool stands = atomic_load(&state->open) == 1;
        atomic_store(&gate->start_ns, clock_now_ns(clock_system()));
        atomic_store(&gate->stop, !stands);
        lane_wake(lane);
        lane_join(lane);
        return stands;
}

static bool measure(const struct load_plan *plan, const struct lane_address *address, struct load_floor *ret_floor)
{
        struct lane_gate gate = {.notify_fd = eventfd(0, EFD_CLOEXEC)};
        struct schedule schedule;
        struct wire wire;
        bool measured = false;

        if (gate.notify_fd >= 0 && !wire_init(&wire, plan, NULL)) {
                schedule_init(&schedule, plan);
                struct lane *lane = lane_new(&(struct lane_setup){
                        .plan = plan, .schedule = &schedule, .wire = &wire, .addresses = address, .addresses_len = 1, .gate = &gate, .step = 1,
                        .connections = 1, .connections_max = 1, .interval_ms = plan->interval_ms, .precise = true, .poll_share = 1});
                bool stood = run_lane(lane, &gate);
                const struct hist *service = lane_tally(lane)->pieces[0].service;
                measured = stood && hist_count(service) > 0;
                if (measured)
                        *ret_floor = (struct load_floor){hist_count(service), hist_quantile(service, 0.5), hist_quantile(service, 0.99)};
                lane_free(lane);
                wire_done(&wire);
        }
        close(gate.notify_fd);
        return measured;
}

bool floor_measure(int listener, struct load_floor *ret_floor)
{
        struct lane_address address = {0};
        struct load_plan *plan = listener >= 0 ? plan_for(listener, &address) : NULL;
        pthread_t server;
        bool measured = false;

        if (plan && pthread_create(&server, NULL, serve, &listener) == 0) {
                measured = measure(plan, &address, ret_floor);
                pthread_join(server, NULL);
        }
        load_plan_free(plan);
        if (listener >= 0)
                close(listener);
        return measured;
}
