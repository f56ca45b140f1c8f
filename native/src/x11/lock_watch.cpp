#include "x11/lock_watch.hpp"

#ifdef NEURAL_FOCUS_DBUS

#include <dbus/dbus.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace neural_focus::x11 {
namespace {

constexpr const char* savers[] = {"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver",
                                  "org.mate.ScreenSaver", "org.xfce.ScreenSaver"};
constexpr const char* logind = "org.freedesktop.login1.Session";

// logind's object path of this session: what is no letter or digit, and a leading digit, becomes _ and two hex digits.
std::string session_path() {
  const char* id = std::getenv("XDG_SESSION_ID");
  if (id == nullptr || *id == '\0') return {};
  std::string path = "/org/freedesktop/login1/session/";
  for (const char* at = id; *at != '\0'; ++at) {
    const auto letter = static_cast<unsigned char>(*at);
    if (std::isalpha(letter) || (std::isdigit(letter) && at != id)) {
      path.push_back(*at);
    } else {
      char escaped[4];
      std::snprintf(escaped, sizeof escaped, "_%02x", letter);
      path += escaped;
    }
  }
  return path;
}

DBusConnection* open_bus(DBusBusType type, const std::vector<std::string>& matches) {
  DBusError error;
  dbus_error_init(&error);
  // libdbus keeps the session bus's address from its first use: ask for the one of now.
  const char* address = type == DBUS_BUS_SESSION ? std::getenv("DBUS_SESSION_BUS_ADDRESS") : nullptr;
  DBusConnection* bus =
      address == nullptr ? dbus_bus_get_private(type, &error) : dbus_connection_open_private(address, &error);
  if (bus != nullptr && address != nullptr && !dbus_bus_register(bus, &error)) {
    dbus_connection_close(bus);
    dbus_connection_unref(bus);
    bus = nullptr;
  }
  if (bus != nullptr) {
    dbus_connection_set_exit_on_disconnect(bus, FALSE);
    for (const std::string& match : matches) dbus_bus_add_match(bus, match.c_str(), nullptr);
    dbus_connection_flush(bus);
  }
  dbus_error_free(&error);
  return bus;
}

void close_bus(DBusConnection* bus) {
  if (bus == nullptr) return;
  dbus_connection_close(bus);
  dbus_connection_unref(bus);
}

}  // namespace

LockWatch::LockWatch(int news) : news_(news) {
  dbus_threads_init_default();
  std::vector<std::string> matches;
  for (const char* saver : savers)
    matches.push_back("type='signal',interface='" + std::string(saver) + "',member='ActiveChanged'");
  if (std::getenv("DBUS_SESSION_BUS_ADDRESS") != nullptr) session_ = open_bus(DBUS_BUS_SESSION, matches);
  if (const std::string path = session_path(); !path.empty())
    system_ = open_bus(DBUS_BUS_SYSTEM, {"type='signal',interface='" + std::string(logind) + "',path='" + path + "'"});
  listening_ = session_ != nullptr || system_ != nullptr;
  if (!listening_) return;
  waker_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread(&LockWatch::run, this);
}

LockWatch::~LockWatch() {
  if (thread_.joinable()) {
    ::eventfd_write(waker_, 1);
    thread_.join();
    ::close(waker_);
  }
  close_bus(session_);
  close_bus(system_);
}

void LockWatch::run() {
  while (true) {
    std::vector<pollfd> sources{{waker_, POLLIN, 0}};
    for (DBusConnection* bus : {session_, system_}) {
      int descriptor = -1;
      if (bus != nullptr && dbus_connection_get_is_connected(bus) && dbus_connection_get_unix_fd(bus, &descriptor))
        sources.push_back({descriptor, POLLIN, 0});
    }
    if (sources.size() == 1) break;  // both buses are gone
    ::poll(sources.data(), static_cast<nfds_t>(sources.size()), -1);
    if (sources[0].revents != 0) return;
    for (DBusConnection* bus : {session_, system_}) {
      if (bus == nullptr) continue;
      dbus_connection_read_write(bus, 0);
      while (DBusMessage* message = dbus_connection_pop_message(bus)) {
        take(message);
        dbus_message_unref(message);
      }
    }
  }
  listening_ = false;
  set_locked(false);  // nobody would tell us of the unlocking
}

void LockWatch::set_locked(bool locked) {
  if (locked_.exchange(locked, std::memory_order_relaxed) != locked && news_ >= 0) ::eventfd_write(news_, 1);
}

void LockWatch::take(DBusMessage* message) {
  if (dbus_message_is_signal(message, logind, "Lock")) set_locked(true);
  if (dbus_message_is_signal(message, logind, "Unlock")) set_locked(false);
  for (const char* saver : savers) {
    dbus_bool_t active = FALSE;
    if (dbus_message_is_signal(message, saver, "ActiveChanged") &&
        dbus_message_get_args(message, nullptr, DBUS_TYPE_BOOLEAN, &active, DBUS_TYPE_INVALID))
      set_locked(active != FALSE);
  }
}

}  // namespace neural_focus::x11

#endif  // NEURAL_FOCUS_DBUS
