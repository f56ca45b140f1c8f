// A Wayland server that tells of pauses and of nothing else: Debian 12 has no compositor with ext-idle-notify.
// Each line of standard input: i (input paused) or r (input resumed). Prints the socket's name, then each timeout asked.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wayland-server.h>

#include "ext-idle-notify-v1-server-protocol.h"

static struct wl_resource *notification;

static void destroy(struct wl_client *client, struct wl_resource *resource) {
  (void)client;
  wl_resource_destroy(resource);
}

static const struct ext_idle_notification_v1_interface notification_calls = {.destroy = destroy};

static void get_notification(struct wl_client *client, struct wl_resource *notifier, uint32_t id, uint32_t timeout,
                             struct wl_resource *seat) {
  (void)notifier;
  (void)seat;
  notification = wl_resource_create(client, &ext_idle_notification_v1_interface, 1, id);
  wl_resource_set_implementation(notification, &notification_calls, NULL, NULL);
  printf("%u\n", timeout);
  fflush(stdout);
}

static const struct ext_idle_notifier_v1_interface notifier_calls = {destroy, get_notification};

static void bind_notifier(struct wl_client *client, void *data, uint32_t version, uint32_t id) {
  struct wl_resource *notifier = wl_resource_create(client, &ext_idle_notifier_v1_interface, (int)version, id);
  (void)data;
  wl_resource_set_implementation(notifier, &notifier_calls, NULL, NULL);
}

static void bind_seat(struct wl_client *client, void *data, uint32_t version, uint32_t id) {
  struct wl_resource *seat = wl_resource_create(client, &wl_seat_interface, (int)version, id);
  (void)data;
  wl_seat_send_capabilities(seat, 0);
}

static int take_line(int descriptor, uint32_t mask, void *display) {
  char line[2];
  (void)mask;
  if (read(descriptor, line, sizeof line) <= 0) {
    wl_display_terminate(display);
  } else if (line[0] == 'i') {
    ext_idle_notification_v1_send_idled(notification);
  } else {
    ext_idle_notification_v1_send_resumed(notification);
  }
  return 0;
}

int main(void) {
  struct wl_display *display = wl_display_create();
  const char *socket = wl_display_add_socket_auto(display);
  if (socket == NULL) return EXIT_FAILURE;
  wl_global_create(display, &wl_seat_interface, 1, NULL, bind_seat);
  wl_global_create(display, &ext_idle_notifier_v1_interface, 1, NULL, bind_notifier);
  wl_event_loop_add_fd(wl_display_get_event_loop(display), STDIN_FILENO, WL_EVENT_READABLE, take_line, display);
  printf("%s\n", socket);
  fflush(stdout);
  wl_display_run(display);
  wl_display_destroy(display);
  return EXIT_SUCCESS;
}
