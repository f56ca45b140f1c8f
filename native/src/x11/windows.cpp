#include "x11/windows.hpp"

#include <X11/Xatom.h>

#include <algorithm>
#include <fstream>

namespace neural_focus::x11 {
namespace {

constexpr int deepest = 32;  // of a window tree that is climbed

std::string process_name(std::uint32_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

Windows::Windows(const Connection& x)
    : x_(x), active_(x.atom("_NET_ACTIVE_WINDOW")), name_(x.atom("_NET_WM_NAME")), state_(x.atom("_NET_WM_STATE")),
      pid_(x.atom("_NET_WM_PID")), hidden_(x.atom("_NET_WM_STATE_HIDDEN")),
      maximized_vert_(x.atom("_NET_WM_STATE_MAXIMIZED_VERT")), maximized_horz_(x.atom("_NET_WM_STATE_MAXIMIZED_HORZ")),
      full_screen_(x.atom("_NET_WM_STATE_FULLSCREEN")), old_name_(XA_WM_NAME), class_(XA_WM_CLASS) {}

bool Windows::manager_tells() const { return x_.longs(x_.root(), active_).has_value(); }

Window Windows::active() const {
  const auto active = x_.longs(x_.root(), active_);
  const Window window = active ? (active->empty() ? None : (*active)[0]) : focused_by_input();
  return window == x_.root() ? None : window;
}

Window Windows::focused_by_input() const {
  Window window = None;
  int revert = 0;
  XGetInputFocus(x_.get(), &window, &revert);
  if (window == None || window == static_cast<Window>(PointerRoot)) return None;
  for (int level = 0; level < deepest && window != None && window != x_.root(); ++level) {
    if (x_.text(window, class_)) return window;
    Window root = None, parent = None, *children = nullptr;
    unsigned count = 0;
    if (XQueryTree(x_.get(), window, &root, &parent, &children, &count) == 0) return None;
    if (children != nullptr) XFree(children);
    window = parent;
  }
  return None;
}

std::optional<WindowInfo> Windows::describe(Window window) const {
  const std::uint64_t errors = thread_errors();
  WindowInfo info;
  info.window = window;
  if (const auto pid = x_.longs(window, pid_); pid && !pid->empty()) info.pid = static_cast<std::uint32_t>((*pid)[0]);
  if (const auto names = x_.text(window, class_)) {  // instance NUL class NUL
    const std::size_t end = names->find('\0');
    const std::string instance = names->substr(0, end);
    info.app = end == std::string::npos ? "" : names->substr(end + 1, names->find('\0', end + 1) - end - 1);
    if (info.app.empty()) info.app = instance;
  }
  if (info.app.empty() && info.pid != 0) info.app = process_name(info.pid);
  if (thread_errors() != errors) return std::nullopt;
  return info;
}

std::string Windows::title(Window window) const {
  if (auto name = x_.text(window, name_)) return *name;
  return x_.text(window, old_name_).value_or("");
}

WindowState Windows::state(Window window) const {
  const auto atoms = x_.longs(window, state_).value_or(std::vector<unsigned long>{});
  const auto has = [&atoms](Atom atom) { return std::find(atoms.begin(), atoms.end(), atom) != atoms.end(); };
  return {has(hidden_), has(maximized_vert_) && has(maximized_horz_), has(full_screen_)};
}

}  // namespace neural_focus::x11
