#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\nhello from C";
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7000)};
  char request[4096];
  int one = 1, server = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 16)) return 1;
  for (;;) {
    int client = accept(server, 0, 0);
    if (client < 0) continue;
    if (read(client, request, sizeof request) >= 0 && write(client, answer, strlen(answer)) < 0) return 1;
    close(client);
  }
}
