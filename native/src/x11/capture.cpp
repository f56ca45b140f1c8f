#include "x11/capture.hpp"

#include <X11/XKBlib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>

namespace neural_focus::x11 {
namespace {

constexpr std::uint64_t focus_poll_us = 250'000;  // where no window manager tells
constexpr std::uint64_t pointer_us = 20'000;      // an answer waits for the next event, no longer than this
constexpr std::size_t watched_windows = 512;

void set_bit(unsigned char* mask, int event) {
  mask[event >> 3] = static_cast<unsigned char>(mask[event >> 3] | (1 << (event & 7)));
}

}  // namespace

std::uint64_t boot_clock_us() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

Capture::Capture(const Options& options)
    : options_(options), x_(options.display), windows_(x_), keyboard_(x_), pointer_(options.display),
      recorder_(options.recorder) {
  select_events();
  waker_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void Capture::select_events() {
  int event = 0, error = 0, major = 2, minor = 2;
  if (!XQueryExtension(x_.get(), "XInputExtension", &xi_opcode_, &event, &error) ||
      XIQueryVersion(x_.get(), &major, &minor) != Success)
    throw DisplayError("the X server has no XInput 2.2, which tells of input in all windows");
  unsigned char bits[XIMaskLen(XI_LASTEVENT)] = {};
  for (const int wanted : {XI_RawKeyPress, XI_RawKeyRelease, XI_RawButtonPress, XI_RawMotion}) set_bit(bits, wanted);
  XIEventMask mask{XIAllMasterDevices, sizeof bits, bits};
  XISelectEvents(x_.get(), x_.root(), &mask, 1);
  XSelectInput(x_.get(), x_.root(), PropertyChangeMask);
  int opcode = 0;
  major = XkbMajorVersion;
  minor = XkbMinorVersion;
  if (XkbQueryExtension(x_.get(), &opcode, &xkb_event_, &error, &major, &minor))
    XkbSelectEvents(x_.get(), XkbUseCoreKbd, XkbNewKeyboardNotifyMask | XkbMapNotifyMask,
                    XkbNewKeyboardNotifyMask | XkbMapNotifyMask);
  XSync(x_.get(), False);
}

void Capture::start() {
  if (thread_.joinable()) return;
  alive_ = true;
  thread_ = std::thread(&Capture::run, this);
}

void Capture::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  ::eventfd_write(waker_, 1);
  thread_.join();
  ::close(waker_);
  waker_ = -1;
}

void Capture::run() {
  tick();
  keyboard_.read_held();
  refresh_focus();
  while (!stopping_.load(std::memory_order_relaxed) && !x_.lost()) {
    pollfd sources[2] = {{ConnectionNumber(x_.get()), POLLIN, 0}, {waker_, POLLIN, 0}};
    if (!events_wait() && !x_.lost()) ::poll(sources, 2, wait_ms());
    tick();
    const bool told = (sources[1].revents & POLLIN) != 0;
    take_pointer(told || now_us_ - asked_us_ >= pointer_us);  // first: its record is older than what woke us
    eventfd_t count = 0;
    if (told) ::eventfd_read(waker_, &count);
    take_due();
    take_events();
  }
  take_pointer(true);
  alive_.store(false, std::memory_order_release);
}

void Capture::tick() {
  now_us_ = boot_clock_us();
  recorder_.at(now_us_);
}

int Capture::wait_ms() const {
  std::uint64_t due = recorder_.due();
  if (!manager_tells_) due = std::min(due, last_poll_us_ + focus_poll_us);
  if (pointer_.asked()) due = std::min(due, asked_us_ + pointer_us);
  const std::uint64_t now = boot_clock_us();
  return due <= now ? 0 : static_cast<int>((due - now + 999) / 1000);
}

// What the clock asks for, before the events that came meanwhile: a pause that ended is a pause first.
void Capture::take_due() {
  recorder_.lock(lock_wanted_.load(std::memory_order_relaxed));
  recorder_.take_due();
  if (recorder_.motion_wanted()) ask_pointer();
  if (!manager_tells_ && now_us_ - last_poll_us_ >= focus_poll_us) refresh_focus();
}

// Xlib may have read events while it waited for an answer to a request; without one since `take_events`, all that is
// unread lies in the socket, where `poll` sees it. Looking costs two system calls and a dozen locks.
bool Capture::events_wait() { return XNextRequest(x_.get()) != looked_at_ && XPending(x_.get()) > 0; }

// What is here now; what comes meanwhile is left to the next turn.
void Capture::take_events() {
  looked_at_ = XNextRequest(x_.get());
  for (int waiting = XPending(x_.get()); waiting > 0 && !x_.lost(); --waiting) {
    XEvent event;
    XNextEvent(x_.get(), &event);
    tick();
    if (event.type == GenericEvent && event.xcookie.extension == xi_opcode_) {
      if (XGetEventData(x_.get(), &event.xcookie)) {
        on_raw(*static_cast<const XIRawEvent*>(event.xcookie.data));
        XFreeEventData(x_.get(), &event.xcookie);
      }
    } else if (event.type == PropertyNotify) {
      on_property(event.xproperty);
    } else if (event.type == DestroyNotify) {
      states_.erase(event.xdestroywindow.window);
    } else if (event.type == MappingNotify || (xkb_event_ != 0 && event.type == xkb_event_)) {
      if (event.type == MappingNotify) XRefreshKeyboardMapping(&event.xmapping);
      keyboard_.read_mapping();
    }
  }
}

void Capture::on_raw(const XIRawEvent& raw) {
  if (raw.evtype != XI_RawMotion) take_pointer(true);
  switch (raw.evtype) {
    case XI_RawKeyPress: return on_key(raw, true);
    case XI_RawKeyRelease: return on_key(raw, false);
    case XI_RawButtonPress: return on_button(static_cast<unsigned>(raw.detail));
    case XI_RawMotion: return on_motion();
    default: return;
  }
}

bool Capture::wake() {
  if (recorder_.idle()) keyboard_.read_held();
  return recorder_.wake();
}

void Capture::on_key(const XIRawEvent& raw, bool pressed) {
  const bool recorded = wake();
  const auto code = static_cast<unsigned>(raw.detail);
  const KeyData key = pressed ? keyboard_.press(code, (raw.flags & XIKeyRepeat) != 0) : keyboard_.release(code);
  if (recorded) recorder_.key(pressed, key);
}

void Capture::on_button(unsigned number) {
  if (!wake() || number == 6 || number == 7) return;  // 6, 7: a wheel's sideways tilt
  const auto place = pointer_now();
  if (!place) return;
  if (number == 4 || number == 5) return recorder_.wheel(place->x, place->y, number == 4 ? 120 : -120);
  recorder_.click(place->x, place->y, number == 2 ? 3 : number == 3 ? 2 : number > 7 ? number - 4 : number);
}

void Capture::on_motion() {
  if (!wake()) return;
  recorder_.moved();
  if (recorder_.motion_wanted()) ask_pointer();
}

// One wake-up a motion instead of two: nobody sleeps until the server has answered.
void Capture::ask_pointer() {
  take_pointer(true);
  pointer_.ask();
  asked_us_ = now_us_;
  recorder_.motion_asked();
}

// The record has the time of the question; whatever makes another one waits for this one first.
void Capture::take_pointer(bool wait) {
  const auto place = pointer_.answer(wait);
  if (!place || is_ours(place->child)) return;
  recorder_.at(asked_us_);
  recorder_.moved_to(place->x, place->y);
  recorder_.at(now_us_);
}

// Nothing where the pointer is over a window of ours.
std::optional<Pointer::Place> Capture::pointer_now() {
  pointer_.ask();
  const auto place = pointer_.answer(true);
  return place && !is_ours(place->child) ? place : std::nullopt;
}

void Capture::on_property(const XPropertyEvent& event) {
  take_pointer(true);
  if (event.window == x_.root()) {
    if (windows_.is_active_property(event.atom)) refresh_focus();
  } else if (windows_.is_state_property(event.atom)) {
    refresh_state(event.window);
  } else if (windows_.is_title_property(event.atom) && event.window == recorder_.focused().window) {
    refresh_title();
  }
}

void Capture::refresh_focus() {
  last_poll_us_ = now_us_;
  manager_tells_ = windows_.manager_tells();
  const Window window = windows_.active();
  const auto found = window == None ? std::nullopt : windows_.describe(window);
  if (!found) return recorder_.focus_nowhere();
  if (is_ours(*found)) return recorder_.focus_ours();
  if (window != recorder_.focused().window) {
    if (states_.size() > watched_windows) states_.clear();
    windows_.watch(window);
    states_.insert_or_assign(window, windows_.state(window));
  }
  recorder_.focus({static_cast<std::uint32_t>(window), found->pid, found->app, windows_.title(window)});
}

void Capture::refresh_title() {
  if (recorder_.on_a_window()) recorder_.title(windows_.title(recorder_.focused().window));
}

void Capture::refresh_state(Window window) {
  const auto known = states_.find(window);
  if (known == states_.end()) return;
  const WindowState before = known->second;
  const WindowState after = known->second = windows_.state(window);
  const bool minimized = after.minimized && !before.minimized;
  const bool maximized = after.maximized && !before.maximized;
  if (!minimized && !maximized) return;
  const auto info = windows_.describe(window);
  if (!info) return;
  const FocusedWindow told{static_cast<std::uint32_t>(window), info->pid, info->app, ""};
  if (minimized) recorder_.minimized(told);
  if (maximized) recorder_.maximized(told);
}

bool Capture::is_ours(const WindowInfo& info) const {
  return (info.pid != 0 && info.pid == options_.own_pid) || is_ours(info.window);
}

bool Capture::is_ours(Window window) const {
  const std::lock_guard hold(ours_mutex_);
  return ours_.count(window) > 0;
}

void Capture::set_locked(bool locked) {
  lock_wanted_.store(locked, std::memory_order_relaxed);
  if (waker_ >= 0) ::eventfd_write(waker_, 1);
}

void Capture::ignore(Window window) {
  const std::lock_guard hold(ours_mutex_);
  ours_.insert(window);
}

}  // namespace neural_focus::x11
