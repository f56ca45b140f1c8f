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
constexpr std::uint64_t speed_gap_us = 1'000'000;
constexpr std::size_t watched_windows = 512;

void set_bit(unsigned char* mask, int event) { mask[event >> 3] = static_cast<unsigned char>(mask[event >> 3] | (1 << (event & 7))); }

// At most 31 bytes, cut at a code point.
void copy_name(char (&to)[32], const std::string& from) {
  std::size_t size = std::min<std::size_t>(from.size(), sizeof to - 1);
  while (size > 0 && size < from.size() && (static_cast<unsigned char>(from[size]) & 0xC0) == 0x80) --size;
  std::memset(to, 0, sizeof to);
  std::memcpy(to, from.data(), size);
}

}  // namespace

std::uint64_t boot_clock_us() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

Capture::Capture(const Options& options)
    : options_(options),
      motion_gap_us_(1'000'000 / std::max(options.motion_hz, 1U)),
      idle_after_us_(std::uint64_t{options.idle_after_ms} * 1000),
      x_(options.display),
      windows_(x_),
      keyboard_(x_),
      ring_(options.ring_capacity) {
  select_events();
  waker_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  last_stamp_us_ = options.floor_us;
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
  now_us_ = last_input_us_ = boot_clock_us();
  keyboard_.read_held();
  refresh_focus();
  while (!stopping_.load(std::memory_order_relaxed) && !x_.lost()) {
    pollfd sources[2] = {{ConnectionNumber(x_.get()), POLLIN, 0}, {waker_, POLLIN, 0}};
    if (XPending(x_.get()) == 0 && !x_.lost()) ::poll(sources, 2, wait_ms());
    now_us_ = boot_clock_us();
    eventfd_t woken = 0;
    if ((sources[1].revents & POLLIN) != 0) ::eventfd_read(waker_, &woken);
    take_due();
    take_events();
  }
  alive_.store(false, std::memory_order_release);
}

int Capture::wait_ms() const {
  std::uint64_t due = now_us_ + 60'000'000;
  if (motion_due_) due = std::min(due, last_motion_us_ + motion_gap_us_);
  if (!idle_) due = std::min(due, last_input_us_ + idle_after_us_);
  if (!manager_tells_) due = std::min(due, last_poll_us_ + focus_poll_us);
  const std::uint64_t now = boot_clock_us();
  return due <= now ? 0 : static_cast<int>((due - now + 999) / 1000);
}

// What the clock asks for, before the events that came meanwhile: a pause that ended is a pause first.
void Capture::take_due() {
  const bool lock = lock_wanted_.load(std::memory_order_relaxed);
  if (lock != locked_) {
    Event record = make(lock ? EventType::screen_lock : EventType::screen_unlock);
    emit(record);
    locked_ = lock;
  }
  if (!idle_ && now_us_ - last_input_us_ >= idle_after_us_) {
    Event record = make(EventType::idle_start);
    record.data.idle.idle_duration_ms = static_cast<std::uint32_t>((now_us_ - last_input_us_) / 1000);
    emit(record);
    idle_ = true;
  }
  if (motion_due_ && now_us_ - last_motion_us_ >= motion_gap_us_) emit_motion();
  if (!manager_tells_ && now_us_ - last_poll_us_ >= focus_poll_us) refresh_focus();
}

void Capture::take_events() {
  while (!x_.lost() && XPending(x_.get()) > 0) {
    XEvent event;
    XNextEvent(x_.get(), &event);
    now_us_ = boot_clock_us();
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
  switch (raw.evtype) {
    case XI_RawKeyPress:
      return on_key(raw, true);
    case XI_RawKeyRelease:
      return on_key(raw, false);
    case XI_RawButtonPress:
      return on_button(static_cast<unsigned>(raw.detail));
    case XI_RawMotion:
      return on_motion();
    default:
      return;
  }
}

bool Capture::wake() {
  if (idle_) {
    Event record = make(EventType::idle_end);
    record.data.idle.idle_duration_ms = static_cast<std::uint32_t>((now_us_ - last_input_us_) / 1000);
    emit(record);
    idle_ = false;
    keyboard_.read_held();
  }
  last_input_us_ = now_us_;
  return !locked_ && !in_ours_;
}

void Capture::on_key(const XIRawEvent& raw, bool pressed) {
  const bool recorded = wake();
  const auto code = static_cast<unsigned>(raw.detail);
  const KeyData key = pressed ? keyboard_.press(code, (raw.flags & XIKeyRepeat) != 0) : keyboard_.release(code);
  if (!recorded) return;
  Event record = make(pressed ? EventType::key_press : EventType::key_release);
  record.data.key = key;
  emit(record);
}

void Capture::on_button(unsigned number) {
  if (!wake()) return;
  int x = 0, y = 0;
  if (number == 6 || number == 7 || !pointer_at(x, y)) return;  // 6, 7: a wheel's sideways tilt
  if (motion_due_) emit_motion();
  if (number == 4 || number == 5) {
    Event record = make(EventType::mouse_wheel);
    record.data.mouse_wheel = {x, y, number == 4 ? 120 : -120};
    return emit(record);
  }
  Event record = make(EventType::mouse_click);
  const unsigned button = number == 2 ? 3 : number == 3 ? 2 : number > 7 ? number - 4 : number;
  record.data.mouse_click = {x, y, button};
  emit(record);
}

void Capture::on_motion() {
  if (!wake()) return;
  motion_due_ = true;
  if (now_us_ - last_motion_us_ >= motion_gap_us_) emit_motion();
}

void Capture::emit_motion() {
  motion_due_ = false;
  last_motion_us_ = now_us_;
  int x = 0, y = 0;
  if (!pointer_at(x, y)) return;
  const MouseMoveData& before = last_move_.data.mouse_move;
  if (last_move_.timestamp_us != 0 && before.x == x && before.y == y) return;  // pushed against the screen's edge
  Event record = make(EventType::mouse_move);
  record.data.mouse_move = {x, y, 0};
  const std::uint64_t elapsed = record.timestamp_us - last_move_.timestamp_us;
  if (last_move_.timestamp_us != 0 && elapsed > 0 && elapsed <= speed_gap_us) {
    const double distance = std::hypot(double(x) - before.x, double(y) - before.y);
    record.data.mouse_move.speed_pps = static_cast<std::uint32_t>(distance * 1e6 / static_cast<double>(elapsed));
  }
  last_move_ = record;
  emit(record);
}

// False where the pointer is over a window of ours.
bool Capture::pointer_at(int& x, int& y) const {
  Window root = None, child = None;
  int window_x = 0, window_y = 0;
  unsigned mask = 0;
  XQueryPointer(x_.get(), x_.root(), &root, &child, &x, &y, &window_x, &window_y, &mask);
  const std::lock_guard hold(ours_mutex_);
  return ours_.count(child) == 0;
}

void Capture::on_property(const XPropertyEvent& event) {
  if (event.window == x_.root()) {
    if (windows_.is_active_property(event.atom)) refresh_focus();
  } else if (windows_.is_state_property(event.atom)) {
    refresh_state(event.window);
  } else if (windows_.is_title_property(event.atom) && event.window == focus_.window && !in_ours_ && !in_none_) {
    refresh_title(false);
  }
}

void Capture::refresh_focus() {
  last_poll_us_ = now_us_;
  manager_tells_ = windows_.manager_tells();
  const Window window = windows_.active();
  const auto found = window == None ? std::nullopt : windows_.describe(window);
  in_none_ = !found;
  in_ours_ = found && is_ours(*found);
  if (in_none_ || in_ours_) return;
  if (found->window == focus_.window) return refresh_title(false);  // back from none or ours: no switch
  const Window before = focus_.window;
  focus_ = *found;
  if (states_.size() > watched_windows) states_.clear();
  windows_.watch(focus_.window);
  states_.insert_or_assign(focus_.window, windows_.state(focus_.window));
  title_ = windows_.title(focus_.window);
  Event record = make(EventType::window_focus_change);
  record.data.window_focus = {static_cast<std::uint32_t>(before), static_cast<std::uint32_t>(window),
                              shelf_.put(title_)};
  emit(record);
  refresh_title(true);
}

void Capture::refresh_title(bool announced) {
  std::string title = announced ? title_ : windows_.title(focus_.window);
  if (!announced && title == title_) return;
  title_ = std::move(title);
  Event record = make(EventType::window_title_change);
  record.data.window_title = {shelf_.put(first_code_points(title_, 512)),
                              static_cast<std::uint32_t>(code_points(title_)), announced ? title_announced : 0};
  emit(record);
}

void Capture::refresh_state(Window window) {
  const auto known = states_.find(window);
  if (known == states_.end()) return;
  const WindowState before = known->second;
  const WindowState after = known->second = windows_.state(window);
  const auto tell = [this, window](EventType type) {
    Event record = make(type);
    record.window_handle = static_cast<std::uint32_t>(window);
    if (window != focus_.window) {
      const auto info = windows_.describe(window);
      if (!info) return;
      copy_name(record.app_name, info->app);
      record.process_id = info->pid;
    }
    emit(record);
  };
  if (after.minimized && !before.minimized) tell(EventType::window_minimize);
  if (after.maximized && !before.maximized) tell(EventType::window_maximize);
}

bool Capture::is_ours(const WindowInfo& info) const {
  if (info.pid != 0 && info.pid == options_.own_pid) return true;
  const std::lock_guard hold(ours_mutex_);
  return ours_.count(info.window) > 0;
}

Event Capture::make(EventType type) const {
  Event record{};
  const auto stamp = static_cast<std::uint64_t>(static_cast<std::int64_t>(now_us_) + options_.offset_us);
  record.timestamp_us = std::max(stamp, last_stamp_us_);
  record.event_type = static_cast<std::uint32_t>(type);
  record.process_id = focus_.pid;
  copy_name(record.app_name, focus_.app);
  record.window_handle = static_cast<std::uint32_t>(focus_.window);
  return record;
}

void Capture::emit(Event& record) {
  if (record.timestamp_us > static_cast<std::uint64_t>(static_cast<std::int64_t>(now_us_) + options_.offset_us))
    clamped_.fetch_add(1, std::memory_order_relaxed);
  last_stamp_us_ = record.timestamp_us;
  captured_.fetch_add(1, std::memory_order_relaxed);
  ring_.push(record);
}

Capture::Drained Capture::drain(std::size_t most) {
  Drained drained;
  ring_.consume(most, [&](const Event* first, std::size_t count) noexcept {
    drained.records.insert(drained.records.end(), first, first + count);
  });
  for (std::size_t index = 0; index < drained.records.size(); ++index) {
    Event& record = drained.records[index];
    const bool focus = record.event_type == static_cast<std::uint32_t>(EventType::window_focus_change);
    if (!focus && record.event_type != static_cast<std::uint32_t>(EventType::window_title_change)) continue;
    std::uint32_t& number = focus ? record.data.window_focus.category_hint : record.data.window_title.title_id;
    drained.texts.emplace_back(index, shelf_.take(number));
    number = 0;
  }
  return drained;
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
