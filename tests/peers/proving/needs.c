/* A server that first does what its arguments say: for proofs that have to find out what it needs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int failed, const char *what) {
  if (failed) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
  }
}

static void end(int number) { _exit(0); }

static void append(const char *path, int needed) {
  int file = open(path, O_CREAT | O_WRONLY | O_APPEND, 0644);
  must(needed && file < 0, path);
  if (file >= 0) {
    must(write(file, "x\n", 2) != 2, path);
    close(file);
  }
}

static void act(const char *what, char *value) {
  if (!strcmp(what, "write")) append(value, 1);
  else if (!strcmp(what, "try")) append(value, 0);
  else if (!strcmp(what, "chown")) must(chown(value, 33, 33), "chown");
  else if (!strcmp(what, "setuid")) {
    must(setgroups(0, 0), "setgroups");
    must(setgid(33), "setgid");
    must(setuid(33), "setuid");
  } else if (!strcmp(what, "raw")) must(socket(AF_INET, SOCK_RAW, 1) < 0, "raw socket");
  else if (!strcmp(what, "mount")) must(mount("none", "/mnt", "tmpfs", 0, 0), "mount");
  else if (!strcmp(what, "chroot")) must(chroot("/mnt"), "chroot");
  else if (!strcmp(what, "root")) must((errno = EPERM, getuid() != 0), "must be run as root");
  else if (!strcmp(what, "exit")) exit(atoi(value));
  else if (!strcmp(what, "is")) exit(strcmp(getenv("WORD") ? getenv("WORD") : "", value) != 0);
  else if (!strcmp(what, "child")) fork();
}

int main(int count, char **words) {
  int port = atoi(getenv("PORT") ? getenv("PORT") : "8080"), one = 1;
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, end);
  for (int at = 1; at < count; at++) {
    char *value = strchr(words[at], '=');
    if (value) *value++ = 0;
    if (!strcmp(words[at], "port")) port = atoi(value);
    else act(words[at], value);
  }
  int server = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(server, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  must(bind(server, (void *)&address, sizeof address), "bind");
  listen(server, 16);
  for (;;) {
    char asked[4096];
    const char *said = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n";
    int client = accept(server, 0, 0);
    if (read(client, asked, sizeof asked) > 0 && write(client, said, strlen(said)) < 0) perror("write");
    close(client);
  }
}
