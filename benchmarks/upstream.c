/* A small fast upstream for the benchmarks: one thread, epoll, HTTP/1.1 with keep-alive.
 *
 *   GET  /download/N    N bytes of zeros, with a Content-Length
 *   GET  /events/N/MS   N server-sent events in chunks, one every MS milliseconds; each
 *                       carries the clock (CLOCK_MONOTONIC, ns) at which it was written
 *   POST /.../chat/completions  reads the body; answers a chat completion, or with `"stream": true`
 *                       streams 200 chunks of one, one every 5 ms, whose content is that clock;
 *                       "events=N/MS" in the first 1,000 bytes of the body asks for others
 *   POST /v2/upload     reads the body, answers an upload_url of its own
 *   POST /v2/transcript reads the body, answers a queued transcript with an id of its own
 *   POST /anything else reads the body (Content-Length or chunks), answers its size
 *   GET  /v2/transcript/ID, and anything else, a completed transcript's JSON, some 280 bytes
 *
 * It prints its port, and trusts its client: this is a yardstick, not a server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#define HEAD 65536
#define BLOCK (1 << 18)

static const char *TRANSCRIPT =
    "{\"id\":\"%s\",\"status\":\"completed\",\"audio_duration\":60,"
    "\"speech_model_used\":\"universal-2\",\"text\":\"The quick brown fox jumps over the lazy dog. "
    "The quick brown fox jumps over the lazy dog.\",\"confidence\":0.93}";
static const char *CHAT_EVENT =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,"
    "\"model\":\"gpt-5-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%lld\"},"
    "\"finish_reason\":%s}]}\n\n";
static const char *CHAT_END =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,"
    "\"model\":\"gpt-5-mini\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
    "\"completion_tokens\":9,\"total_tokens\":18}}\n\ndata: [DONE]\n\n";
static const char *CHAT =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"model\":\"gpt-5-mini\",\"choices\":"
    "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"The quick brown fox jumps over the "
    "lazy dog.\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,"
    "\"completion_tokens\":9,\"total_tokens\":18}}";
static const char *SUBMITTED =
    "{\"id\":\"%08x-0000-4000-8000-%012llx\",\"status\":\"queued\",\"audio_duration\":null,"
    "\"text\":null,\"error\":null}";
static const char *UPLOADED =
    "{\"upload_url\":\"https://cdn.assemblyai.com/upload/%08x-0000-4000-8000-%012llx\"}";
static char zeros[BLOCK], sink[BLOCK];

struct conn {
    int fd, in_body, chunked, chunk_state, writing, chat, submit, upload;
    size_t have, out_have, out_done;
    long long left, got, download, chunk_left;
    int events; long long every_ns, next_ns;
    char head[HEAD + 1], out[4096], asked[1024];
    struct conn *next;
};
static struct conn *streams;
static int ep;

static long long now_ns(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void watch(struct conn *c, int write) {
    struct epoll_event e = {.events = write ? EPOLLOUT : EPOLLIN, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); c->writing = write;
}
static void drop(struct conn *c) {
    struct conn **p = &streams;
    while (*p) { if (*p == c) *p = c->next; else p = &(*p)->next; }
    close(c->fd); free(c);
}
static void flush_out(struct conn *c) {
    while (c->out_done < c->out_have) {
        ssize_t n = write(c->fd, c->out + c->out_done, c->out_have - c->out_done);
        if (n <= 0) { watch(c, 1); return; }
        c->out_done += n;
    }
    c->out_have = c->out_done = 0;
    while (c->download > 0) {
        ssize_t n = write(c->fd, zeros, c->download < BLOCK ? c->download : BLOCK);
        if (n <= 0) { watch(c, 1); return; }
        c->download -= n;
    }
    if (c->writing) watch(c, 0);
}
static void answer(struct conn *c, const char *body) {
    c->out_have = snprintf(c->out, sizeof c->out,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(body), body);
    flush_out(c);
}
static void start_events(struct conn *c, int count, int ms) {
    c->out_have = snprintf(c->out, sizeof c->out, "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    flush_out(c);
    c->events = count; c->every_ns = ms * 1000000LL; c->next_ns = now_ns();
    c->next = streams; streams = c;
}
static void body_done(struct conn *c) {
    static unsigned long long made;
    int count = 200, ms = 5;
    char body[512]; snprintf(body, sizeof body, "{\"received\":%lld}", c->got);
    c->in_body = 0;
    if (c->submit) snprintf(body, sizeof body, SUBMITTED, getpid(), ++made);
    if (c->upload) snprintf(body, sizeof body, UPLOADED, getpid(), ++made);
    c->asked[c->got < (long long)sizeof c->asked ? c->got : (long long)sizeof c->asked - 1] = 0;
    if (!c->chat) answer(c, body);
    else if (strstr(c->asked, "\"stream\": true") || strstr(c->asked, "\"stream\":true")) {
        char *wanted = strstr(c->asked, "events=");
        if (wanted) sscanf(wanted, "events=%d/%d", &count, &ms);
        start_events(c, count, ms);
    }
    else answer(c, CHAT);
}
/* Takes body bytes; returns how many were the body's. */
static size_t take(struct conn *c, const char *p, size_t n) {
    size_t at = 0;
    if (!c->chunked && c->got < (long long)sizeof c->asked) {
        size_t room = sizeof c->asked - c->got;
        memcpy(c->asked + c->got, p, n < room ? n : room);
    }
    if (!c->chunked) {
        at = (long long)n < c->left ? n : (size_t)c->left;
        c->left -= at; c->got += at;
        if (!c->left) body_done(c);
        return at;
    }
    while (at < n && c->in_body) {
        if (c->chunk_state == 0) {                      /* size line */
            char ch = p[at++];
            if (ch == '\n') { c->chunk_state = c->chunk_left ? 1 : 3; c->left = 0; }
            else if (ch != '\r') c->chunk_left = c->chunk_left * 16 +
                (ch <= '9' ? ch - '0' : (ch | 32) - 'a' + 10);
        } else if (c->chunk_state == 1) {               /* data */
            size_t some = n - at; if ((long long)some > c->chunk_left) some = c->chunk_left;
            c->got += some; at += some; c->chunk_left -= some;
            if (!c->chunk_left) { c->chunk_state = 2; }
        } else if (c->chunk_state == 2) {               /* CRLF after data */
            if (p[at++] == '\n') c->chunk_state = 0;
        } else {                                        /* last CRLF */
            if (p[at++] == '\n') { c->chunk_state = 0; body_done(c); }
        }
    }
    return at;
}
static void request(struct conn *c, char *end) {
    long long n; int count, ms; char id[65] = "bench-transcript", body[512];
    *end = 0;
    c->chat = strstr(c->head, "/chat/completions") != NULL;
    c->submit = !strncmp(c->head, "POST /v2/transcript ", 20);
    c->upload = !strncmp(c->head, "POST /v2/upload ", 16);
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    int chunked = strcasestr(c->head, "\r\ntransfer-encoding: chunked") != NULL;
    if (sscanf(c->head, "GET /download/%lld", &n) == 1) {
        c->out_have = snprintf(c->out, sizeof c->out, "HTTP/1.1 200 OK\r\n"
            "Content-Type: application/octet-stream\r\nContent-Length: %lld\r\n\r\n", n);
        c->download = n; flush_out(c);
    } else if (sscanf(c->head, "GET /events/%d/%d", &count, &ms) == 2) {
        start_events(c, count, ms);
    } else if (chunked || (length && atoll(length + 17) > 0)) {
        c->in_body = 1; c->chunked = chunked; c->chunk_state = 0; c->chunk_left = 0; c->got = 0;
        c->left = chunked ? 0 : atoll(length + 17);
    } else if (!strncmp(c->head, "POST", 4)) answer(c, "{\"received\":0}");
    else {
        sscanf(c->head, "GET /v2/transcript/%64[A-Za-z0-9-]", id);
        snprintf(body, sizeof body, TRANSCRIPT, id);
        answer(c, body);
    }
}
static void readable(struct conn *c) {
    if (c->in_body) {
        ssize_t n = read(c->fd, sink, BLOCK);
        if (n <= 0) { if (n < 0 && errno == EAGAIN) return; drop(c); return; }
        take(c, sink, n); return;
    }
    ssize_t n = read(c->fd, c->head + c->have, HEAD - c->have);
    if (n <= 0) { if (n < 0 && errno == EAGAIN) return; drop(c); return; }
    c->have += n; c->head[c->have] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return;
    size_t used = end + 4 - c->head, rest = c->have - used;
    request(c, end);
    c->have = 0;
    if (rest && c->in_body) take(c, c->head + used, rest);
}
static int stream_events(void) {
    long long now = now_ns(), soonest = -1;
    for (struct conn *c = streams, *next; c; c = next) {
        next = c->next;
        if (now >= c->next_ns) {
            char event[1024], chunk[1152];
            int n = snprintf(event, sizeof event, c->chat ? CHAT_EVENT : "data: %lld\n\n",
                now_ns(), c->events == 1 ? "\"stop\"" : "null");
            if (c->chat && c->events == 1)
                n += snprintf(event + n, sizeof event - n, "%s", CHAT_END);
            int m = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", n, event);
            c->next_ns += c->every_ns;
            if (--c->events == 0) m += snprintf(chunk + m, sizeof chunk - m, "0\r\n\r\n");
            if (write(c->fd, chunk, m) != m) { drop(c); continue; }
            if (c->events == 0) {
                struct conn **p = &streams;
                while (*p) { if (*p == c) *p = c->next; else p = &(*p)->next; }
                continue;
            }
        }
        if (soonest < 0 || c->next_ns < soonest) soonest = c->next_ns;
    }
    if (soonest < 0) return -1;
    long long wait = soonest - now_ns();
    return wait <= 0 ? 0 : (int)(wait / 1000000) + 1;
}
int main(void) {
    signal(SIGPIPE, SIG_IGN);
    int one = 1, lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    if (bind(lfd, (void *)&a, sizeof a) || listen(lfd, 1024)) return 1;
    getsockname(lfd, (void *)&a, &len);
    printf("%d\n", ntohs(a.sin_port)); fflush(stdout);
    ep = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &e);
    for (;;) {
        int n = epoll_wait(ep, ready, 256, stream_events());
        for (int i = 0; i < n; i++) {
            struct conn *c = ready[i].data.ptr;
            if (!c) {
                int fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                c = calloc(1, sizeof *c); c->fd = fd;
                e.events = EPOLLIN; e.data.ptr = c; epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
            } else if (ready[i].events & EPOLLOUT) flush_out(c);
            else readable(c);
        }
    }
}
