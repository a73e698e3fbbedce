/* SPDX-License-Identifier: Apache-2.0
 *
 * The glue between libcurl and the loop: one multi handle per lane, its sockets watched, its timer armed, its connections
 * dropped when they cannot be trusted any more. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "kube/request.h"

#define KEEPALIVE_IDLE_S 15
#define KEEPALIVE_EVERY_S 5
#define KEEPALIVE_TRIES 3
#define LOOK_AGAIN_NS (50 * NS_PER_MS)

static void drive(struct lane *lane, curl_socket_t fd, int what)
{
        int running, left;
        CURLMsg *message;

        curl_multi_socket_action(lane->multi, fd, what, &running);
        while ((message = curl_multi_info_read(lane->multi, &left))) {
                struct request *request = NULL;
                if (message->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
                request->finished = true;
                request->code = message->data.result;
                client_ready(request);
        }
        client_deliver(lane->client);
}

static void socket_ready(void *owner, int fd, uint32_t events)
{
        struct lane *lane = owner;
        struct loop *loop = lane->client->loop;
        int what = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                   (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (events & EPOLLERR ? CURL_CSELECT_ERR : 0);

        if (!lane->again.armed)
                loop_arm(loop, &lane->again, loop_now_ns(loop) + LOOK_AGAIN_NS);
        drive(lane, fd, what);
}

/* What libcurl 7.88 reads for one HTTP/2 stream while it serves another waits in its own buffers (lib/http2.c), where no socket
 * tells of it: so after every burst the sockets are called readable once more, until nothing comes of it. A precaution. */
static void look_again(void *owner)
{
        struct lane *lane = owner;
        struct loop *loop = lane->client->loop;
        uint64_t heard = lane->client->heard;
        int sockets[LANE_SOCKETS_MAX];
        unsigned len = lane->sockets_len;

        memcpy(sockets, lane->sockets, sizeof sockets); /* it may close some meanwhile; it ignores those it does not know */
        for (unsigned i = 0; i < len; i++)
                drive(lane, sockets[i], CURL_CSELECT_IN);
        if (lane->client->heard != heard && !lane->again.armed)
                loop_arm(loop, &lane->again, loop_now_ns(loop) + LOOK_AGAIN_NS);
}

static void timer_due(void *owner)
{
        drive(owner, CURL_SOCKET_TIMEOUT, 0);
}

static void note_socket(struct lane *lane, int fd, bool there)
{
        unsigned at = 0;

        while (at < lane->sockets_len && lane->sockets[at] != fd)
                at++;
        if (!there && at < lane->sockets_len)
                lane->sockets[at] = lane->sockets[--lane->sockets_len];
        else if (there && at == lane->sockets_len && at < LANE_SOCKETS_MAX)
                lane->sockets[lane->sockets_len++] = fd;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *unused)
{
        struct lane *lane = owner;

        (void)easy;
        (void)unused;
        note_socket(lane, fd, what != CURL_POLL_REMOVE);
        if (what == CURL_POLL_REMOVE)
                loop_forget(lane->client->loop, fd);
        else
                loop_watch(lane->client->loop, fd,
                           (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
                           socket_ready, lane);
        return 0;
}

static int on_timer(CURLM *multi, long wait_ms, void *owner)
{
        struct lane *lane = owner;
        struct loop *loop = lane->client->loop;

        (void)multi;
        if (wait_ms < 0)
                loop_disarm(loop, &lane->timer);
        else
                loop_arm(loop, &lane->timer, loop_now_ns(loop) + wait_ms * NS_PER_MS);
        return 0;
}

static void open_multi(struct lane *lane)
{
        lane->multi = curl_multi_init();
        if (!lane->multi)
                abort();
        curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
        curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, on_timer);
        curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
        curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
        /* With HTTP/1.1 as many as are in flight at once: a lower bound would close one with each answer, to be opened again. */
        curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)(KUBE_WRITES_MAX + KUBE_READS_MAX));
}

void lane_init(struct lane *lane, struct kube_client *client, int peer_timeout_ms)
{
        *lane = (struct lane){.client = client,
                              .timer = {.fire = timer_due, .owner = lane},
                              .again = {.fire = look_again, .owner = lane},
                              .peer_timeout_ms = peer_timeout_ms};
        open_multi(lane);
}

void lane_done(struct lane *lane)
{
        if (!lane->multi)
                return;
        curl_multi_cleanup(lane->multi);
        lane->multi = NULL;
        lane->sockets_len = 0;
        loop_disarm(lane->client->loop, &lane->timer);
        loop_disarm(lane->client->loop, &lane->again);
}

/* A connection on which something timed out may be dead without knowing it: with HTTP/2 the next request would wait on
 * the same one. As soon as nothing runs on the lane any more, all its connections go. */
void lane_drop_suspect(struct lane *lane)
{
        if (!lane->suspect || lane->running)
                return;
        lane_done(lane);
        open_multi(lane);
        lane->suspect = false;
}

struct lane *request_lane(struct request *request)
{
        static const enum lane_name lanes[] = {[CLASS_URGENT] = LANE_URGENT,
                                               [CLASS_STREAM] = LANE_STREAMS,
                                               [CLASS_WRITE] = LANE_ORDINARY,
                                               [CLASS_READ] = LANE_ORDINARY};
        return &request->client->lanes[lanes[request->class]];
}

/* ---- Dead peers ---- */

static int on_socket_made(void *owner, curl_socket_t fd, curlsocktype purpose)
{
        const struct lane *lane = owner;
        int tries = KEEPALIVE_TRIES;

        (void)purpose;
        /* Unanswered bytes and unanswered keepalives alike end the connection after this time. */
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lane->peer_timeout_ms, sizeof lane->peer_timeout_ms);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
        return CURL_SOCKOPT_OK;
}

void lane_watch_peer(struct lane *lane, CURL *easy)
{
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_EVERY_S);
        curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
        curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, lane);
}
