#include "wayland/compositor.hpp"

#ifdef NEURAL_FOCUS_WAYLAND

#include <wayland-client.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <span>

#include "ext-idle-notify-v1-client-protocol.h"
#include "wlr-foreign-toplevel-management-unstable-v1-client-protocol.h"

namespace neural_focus::wayland {
namespace {

using Handle = zwlr_foreign_toplevel_handle_v1;
using Manager = zwlr_foreign_toplevel_manager_v1;
constexpr std::uint32_t newest_manager = 3;

struct State {
  bool activated = false, minimized = false, maximized = false, full_screen = false;
};

struct Toplevel {
  FocusedWindow window;  // numbered by us; the protocol tells no process
  State state, coming;
};

}  // namespace

// Callbacks run inside `after_poll` and the constructor's round trips. What they change is told afterwards, so that the
// focus going from one window to another is not taken for none in between.
struct Compositor::Connection {
  Connection(const std::string& socket, unsigned idle_after_ms, CompositorListener& listener);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void bind(std::uint32_t name, const char* interface, std::uint32_t version);
  void watch_idle(unsigned idle_after_ms);
  void add(Handle* handle);
  void remove(Handle* handle);
  void done(Toplevel& toplevel);
  void tell_focus();

  CompositorListener& listener;
  wl_display* const display;
  wl_registry* registry = nullptr;
  wl_seat* seat = nullptr;
  Manager* manager = nullptr;
  std::atomic<bool> tells_windows{false}, full_screen{false};  // looked at from other threads
  ext_idle_notifier_v1* notifier = nullptr;
  ext_idle_notification_v1* notification = nullptr;
  std::map<Handle*, Toplevel> toplevels;
  std::uint32_t next_window = 1;
  bool changed = true;
};

// libwayland's tables of callbacks; `data` is the connection. Local to the struct, which is private to Compositor.
struct Compositor::Callbacks {
  static Connection& of(void* data) { return *static_cast<Connection*>(data); }
  static Toplevel& at(void* data, Handle* handle) { return of(data).toplevels.at(handle); }

  static void global(void* data, wl_registry*, std::uint32_t name, const char* interface, std::uint32_t version) {
    of(data).bind(name, interface, version);
  }
  static void global_remove(void*, wl_registry*, std::uint32_t) {}

  static void toplevel(void* data, Manager*, Handle* handle) { of(data).add(handle); }
  static void finished(void* data, Manager* manager) {
    zwlr_foreign_toplevel_manager_v1_destroy(manager);
    of(data).manager = nullptr;
    of(data).tells_windows = false;
  }

  static void title(void* data, Handle* handle, const char* title) { at(data, handle).window.title = title; }
  static void app_id(void* data, Handle* handle, const char* app_id) { at(data, handle).window.app = app_id; }
  static void output(void*, Handle*, wl_output*) {}
  static void state(void* data, Handle* handle, wl_array* states) {
    State& coming = at(data, handle).coming = {};
    const auto* first = static_cast<const std::uint32_t*>(states->data);
    for (const std::uint32_t state : std::span(first, states->size / sizeof(std::uint32_t))) {
      coming.activated |= state == ZWLR_FOREIGN_TOPLEVEL_HANDLE_V1_STATE_ACTIVATED;
      coming.minimized |= state == ZWLR_FOREIGN_TOPLEVEL_HANDLE_V1_STATE_MINIMIZED;
      coming.full_screen |= state == ZWLR_FOREIGN_TOPLEVEL_HANDLE_V1_STATE_FULLSCREEN;
      coming.maximized |= state == ZWLR_FOREIGN_TOPLEVEL_HANDLE_V1_STATE_MAXIMIZED;
    }
  }
  static void done(void* data, Handle* handle) { of(data).done(at(data, handle)); }
  static void closed(void* data, Handle* handle) { of(data).remove(handle); }
  static void parent(void*, Handle*, Handle*) {}

  static void idled(void* data, ext_idle_notification_v1*) { of(data).listener.idled(); }
  static void resumed(void* data, ext_idle_notification_v1*) { of(data).listener.resumed(); }

  static constexpr wl_registry_listener registry{global, global_remove};
  static constexpr zwlr_foreign_toplevel_manager_v1_listener manager{toplevel, finished};
  static constexpr zwlr_foreign_toplevel_handle_v1_listener handle{title, app_id, output, output,
                                                                   state, done,   closed, parent};
  static constexpr ext_idle_notification_v1_listener notification{idled, resumed};
};

Compositor::Connection::Connection(const std::string& socket, unsigned idle_after_ms, CompositorListener& to)
    : listener(to), display(wl_display_connect(socket.c_str())) {
  if (display == nullptr) throw CompositorError("the Wayland compositor at " + socket + " cannot be reached");
  registry = wl_display_get_registry(display);
  wl_registry_add_listener(registry, &Callbacks::registry, this);
  wl_display_roundtrip(display);
  watch_idle(idle_after_ms);
  wl_display_roundtrip(display);  // the windows that are there
}

Compositor::Connection::~Connection() {
  for (const auto& [handle, toplevel] : toplevels) zwlr_foreign_toplevel_handle_v1_destroy(handle);
  if (notification != nullptr) ext_idle_notification_v1_destroy(notification);
  if (notifier != nullptr) ext_idle_notifier_v1_destroy(notifier);
  if (manager != nullptr) zwlr_foreign_toplevel_manager_v1_destroy(manager);
  if (seat != nullptr) wl_seat_destroy(seat);
  wl_registry_destroy(registry);
  wl_display_disconnect(display);
}

void Compositor::Connection::bind(std::uint32_t name, const char* interface, std::uint32_t version) {
  const auto is = [interface](const wl_interface& known) { return std::strcmp(interface, known.name) == 0; };
  const auto get = [&](const wl_interface& known, std::uint32_t newest) {
    return wl_registry_bind(registry, name, &known, std::min(version, newest));
  };
  if (is(wl_seat_interface) && seat == nullptr) {
    seat = static_cast<wl_seat*>(get(wl_seat_interface, 1));
  } else if (is(zwlr_foreign_toplevel_manager_v1_interface) && manager == nullptr) {
    manager = static_cast<Manager*>(get(zwlr_foreign_toplevel_manager_v1_interface, newest_manager));
    zwlr_foreign_toplevel_manager_v1_add_listener(manager, &Callbacks::manager, this);
    tells_windows = true;
  } else if (is(ext_idle_notifier_v1_interface) && notifier == nullptr) {
    notifier = static_cast<ext_idle_notifier_v1*>(get(ext_idle_notifier_v1_interface, 1));
  }
}

void Compositor::Connection::watch_idle(unsigned idle_after_ms) {
  if (notifier == nullptr || seat == nullptr) return;
  notification = ext_idle_notifier_v1_get_idle_notification(notifier, idle_after_ms, seat);
  ext_idle_notification_v1_add_listener(notification, &Callbacks::notification, this);
}

void Compositor::Connection::add(Handle* handle) {
  toplevels[handle].window.window = next_window++;
  zwlr_foreign_toplevel_handle_v1_add_listener(handle, &Callbacks::handle, this);
}

void Compositor::Connection::remove(Handle* handle) {
  toplevels.erase(handle);
  zwlr_foreign_toplevel_handle_v1_destroy(handle);
  changed = true;
}

void Compositor::Connection::done(Toplevel& toplevel) {
  const State before = toplevel.state;
  toplevel.state = toplevel.coming;
  if (toplevel.state.minimized && !before.minimized) listener.minimized(toplevel.window);
  if (toplevel.state.maximized && !before.maximized) listener.maximized(toplevel.window);
  changed = true;
}

void Compositor::Connection::tell_focus() {
  if (!changed || manager == nullptr) return;
  changed = false;
  const auto holds = [](const auto& entry) { return entry.second.state.activated; };
  const auto found = std::find_if(toplevels.begin(), toplevels.end(), holds);
  full_screen = found != toplevels.end() && found->second.state.full_screen;
  listener.focus(found == toplevels.end() ? nullptr : &found->second.window);
}

Compositor::Compositor(const std::string& socket, unsigned idle_after_ms, CompositorListener& listener)
    : connection_(std::make_unique<Connection>(socket, idle_after_ms, listener)) {}

Compositor::~Compositor() = default;

bool Compositor::built() noexcept { return true; }

bool Compositor::tells_windows() const noexcept { return connection_->tells_windows; }

bool Compositor::tells_idle() const noexcept { return connection_->notification != nullptr; }

bool Compositor::full_screen() const noexcept { return connection_->full_screen; }

int Compositor::descriptor() const noexcept { return wl_display_get_fd(connection_->display); }

void Compositor::before_poll() {
  while (wl_display_prepare_read(connection_->display) != 0) wl_display_dispatch_pending(connection_->display);
  connection_->tell_focus();
  wl_display_flush(connection_->display);
}

bool Compositor::after_poll(bool readable) {
  if (readable) {
    wl_display_read_events(connection_->display);
  } else {
    wl_display_cancel_read(connection_->display);
  }
  wl_display_dispatch_pending(connection_->display);
  connection_->tell_focus();
  return wl_display_get_error(connection_->display) == 0;
}

}  // namespace neural_focus::wayland

#else

namespace neural_focus::wayland {

struct Compositor::Connection {};

Compositor::Compositor(const std::string&, unsigned, CompositorListener&) {
  throw CompositorError("this was built without libwayland, which talks to the compositor");
}
Compositor::~Compositor() = default;
bool Compositor::built() noexcept { return false; }
bool Compositor::tells_windows() const noexcept { return false; }
bool Compositor::tells_idle() const noexcept { return false; }
bool Compositor::full_screen() const noexcept { return false; }
int Compositor::descriptor() const noexcept { return -1; }
void Compositor::before_poll() {}
bool Compositor::after_poll(bool) { return true; }

}  // namespace neural_focus::wayland

#endif  // NEURAL_FOCUS_WAYLAND
