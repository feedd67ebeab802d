/* A link with a delay: slow_link SOCKET MICROSECONDS
 *
 * Listens on 127.0.0.1, prints its port, and carries each connection to the Unix socket; all bytes
 * arrive so much later in either direction, in order. One thread, epoll and a timer. It trusts its
 * peers: this is a yardstick.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (1 << 16)

struct piece { long long due; size_t have, done; struct piece *next; char data[]; };
struct side { int fd; struct side *other; struct piece *first, *last; int ended, gone; };

static struct side *sides[4096];
static int count, ep, timer;
static long long delay;
static char block[BLOCK];

static long long now_ns(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void watch(struct side *s, int operation) {
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
    epoll_ctl(ep, operation, s->fd, &e);
}
static struct side *made(int fd) {
    struct side *s = calloc(1, sizeof *s);
    s->fd = fd; sides[count++] = s; watch(s, EPOLL_CTL_ADD);
    return s;
}
/* What was read from a side waits at the other, which writes it when it is due. */
static void readable(struct side *s) {
    ssize_t n = read(s->fd, block, BLOCK);
    if (n < 0 && errno == EAGAIN) return;
    struct piece *p = malloc(sizeof *p + (n > 0 ? n : 0));
    p->due = now_ns() + delay; p->have = n > 0 ? n : 0; p->done = 0; p->next = NULL;
    if (n > 0) memcpy(p->data, block, n);
    else epoll_ctl(ep, EPOLL_CTL_DEL, s->fd, NULL);
    struct side *o = s->other;
    if (o->last) o->last->next = p; else o->first = p;
    o->last = p;
}
static void deliver(struct side *s, long long now) {
    while (s->first && s->first->due <= now) {
        struct piece *p = s->first;
        if (!p->have) { shutdown(s->fd, SHUT_WR); s->ended = 1; }
        while (p->done < p->have) {
            ssize_t n = write(s->fd, p->data + p->done, p->have - p->done);
            if (n < 0 && errno == EAGAIN) return;
            if (n < 0) break;
            p->done += n;
        }
        s->first = p->next; if (!s->first) s->last = NULL;
        free(p);
    }
}
int main(int argc, char **argv) {
    if (argc != 3) return 2;
    signal(SIGPIPE, SIG_IGN);
    delay = atoll(argv[2]) * 1000;
    int one = 1, lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    if (bind(lfd, (void *)&a, sizeof a) || listen(lfd, 1024)) return 1;
    getsockname(lfd, (void *)&a, &len);
    printf("%d\n", ntohs(a.sin_port)); fflush(stdout);
    ep = epoll_create1(0); timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &e);
    e.data.ptr = &timer; epoll_ctl(ep, EPOLL_CTL_ADD, timer, &e);
    for (;;) {
        int n = epoll_wait(ep, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            struct side *s = ready[i].data.ptr;
            if (!s) {
                int fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0) continue;
                struct sockaddr_un u = {.sun_family = AF_UNIX};
                strncpy(u.sun_path, argv[1], sizeof u.sun_path - 1);
                int to = socket(AF_UNIX, SOCK_STREAM, 0);
                if (count > 4000 || connect(to, (void *)&u, sizeof u)) { close(fd); close(to); continue; }
                fcntl(to, F_SETFL, O_NONBLOCK);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                struct side *client = made(fd), *server = made(to);
                client->other = server; server->other = client;
            } else if ((void *)s == (void *)&timer) {
                long long ignored; if (read(timer, &ignored, 8) < 0) continue;
            } else readable(s);
        }
        long long now = now_ns(), soonest = 0;
        for (int i = 0; i < count; i++) {
            struct side *s = sides[i];
            deliver(s, now);
            if (s->first && (!soonest || s->first->due < soonest)) soonest = s->first->due;
            if (s->ended && s->other->ended && !s->gone) {
                close(s->fd); s->gone = 1;
            }
            if (s->gone && s->other->gone) {
                struct side *o = s->other;
                for (int k = 0; k < count; k++) if (sides[k] == s) { sides[k--] = sides[--count]; }
                for (int k = 0; k < count; k++) if (sides[k] == o) { sides[k--] = sides[--count]; }
                free(s); free(o); i = -1; soonest = 0;
            }
        }
        struct itimerspec t = {{0, 0}, {0, 0}};
        if (soonest) {
            if (soonest <= now) soonest = now + 1000;
            t.it_value.tv_sec = soonest / 1000000000LL; t.it_value.tv_nsec = soonest % 1000000000LL;
        }
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, NULL);
    }
}
