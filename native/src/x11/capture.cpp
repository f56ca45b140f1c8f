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
constexpr std::uint64_t late_us = 60'000'000;  // input is read no later; the server's clock turns over in 49 days

}  // namespace

std::uint64_t boot_clock_us() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

Capture::Capture(const Options& options)
    : options_(options), x_(options.display), windows_(x_), keyboard_(x_), events_(options.display),
      pointer_(options.display), recorder_(options.recorder) {
  select_keyboard_news();
  waker_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void Capture::select_keyboard_news() {
  int opcode = 0, error = 0, major = XkbMajorVersion, minor = XkbMinorVersion;
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
  take_events();
  while (!stopping_.load(std::memory_order_relaxed) && !events_.lost() && !x_.lost()) {
    pollfd sources[3] = {
        {events_.descriptor(), POLLIN, 0}, {ConnectionNumber(x_.get()), POLLIN, 0}, {waker_, POLLIN, 0}};
    ::poll(sources, 3, wait_ms());
    tick();
    const bool told = sources[2].revents != 0;
    take_pointer(told || now_us_ - asked_us_ >= pointer_us);  // first: its record is older than what woke us
    eventfd_t count = 0;
    if (told) ::eventfd_read(waker_, &count);
    take_due();
    if (sources[0].revents != 0) take_events();
    // Xlib may also have read some while it waited for an answer to a request. The macro: a call would take its lock.
    if (sources[1].revents != 0 || NextRequest(x_.get()) != looked_at_) take_keyboard_news();
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
  recorder_.engage(engaged_wanted_.load(std::memory_order_relaxed));
  recorder_.take_due();
  take_cover();
  if (recorder_.motion_wanted()) ask_pointer();
  if (!manager_tells_ && now_us_ - last_poll_us_ >= focus_poll_us) refresh_focus();
}

// Before each event, not each turn: what is typed once our screen is gone may come in one batch with the key that closed
// it.
void Capture::take_cover() {
  const std::int64_t wanted = cover_wanted_.load(std::memory_order_relaxed);
  if (wanted == cover_) return;
  cover_ = wanted;
  uncovered_us_ = now_us_;
  const bool covered = wanted == covered_now;
  if (covered == covered_) return;
  covered_ = covered;
  refresh_focus();
}

void Capture::take_events() {
  events_.take([this](const Told& told) {
    tick();
    take_cover();
    take(told);
  });
}

void Capture::take(const Told& told) {
  if (told.kind != Told::Kind::motion) take_pointer(true);
  switch (told.kind) {
    case Told::Kind::key_press: return on_key(told, true);
    case Told::Kind::key_release: return on_key(told, false);
    case Told::Kind::button: return on_button(told);
    case Told::Kind::motion: return on_motion(told);
    case Told::Kind::property: return on_property(told.window, told.property);
    case Told::Kind::destroyed: states_.erase(told.window); return;
    case Told::Kind::other: return;
  }
}

// Of all that comes to Xlib's connection only this is wanted: the person changed the layout.
void Capture::take_keyboard_news() {
  while (!x_.lost() && XPending(x_.get()) > 0) {
    XEvent event;
    XNextEvent(x_.get(), &event);
    if (event.type != MappingNotify && (xkb_event_ == 0 || event.type != xkb_event_)) continue;
    if (event.type == MappingNotify) XRefreshKeyboardMapping(&event.xmapping);
    keyboard_.read_mapping();
  }
  looked_at_ = NextRequest(x_.get());
}

bool Capture::wake(const Told& told) {
  if (recorder_.idle()) keyboard_.read_held();
  return recorder_.wake() && !meant_for_cover(told);
}

// Read after our screen went, and pressed before: the key or click that closed it, when this thread was late.
bool Capture::meant_for_cover(const Told& told) const {
  if (cover_ < 0 || now_us_ - uncovered_us_ > late_us) return false;
  return static_cast<std::int32_t>(told.server_ms - static_cast<std::uint32_t>(cover_)) <= 0;
}

// A key that was pressed where nothing is recorded is let go, and repeats, without a record, too.
void Capture::on_key(const Told& told, bool pressed) {
  const bool recorded = wake(told);
  const KeyData key = pressed ? keyboard_.press(told.detail, told.repeated) : keyboard_.release(told.detail);
  const std::size_t code = told.detail & 0xFF;
  if (pressed && (key.flags & key_auto_repeat) == 0) not_recorded_[code] = !recorded;
  if (recorded && !not_recorded_[code]) recorder_.key(pressed, key);
}

void Capture::on_button(const Told& told) {
  const unsigned number = told.detail;
  if (!wake(told) || number == 6 || number == 7) return;  // 6, 7: a wheel's sideways tilt
  const auto place = pointer_now();
  if (!place) return;
  if (number == 4 || number == 5) return recorder_.wheel(place->x, place->y, number == 4 ? 120 : -120);
  recorder_.click(place->x, place->y, number == 2 ? 3 : number == 3 ? 2 : number > 7 ? number - 4 : number);
}

void Capture::on_motion(const Told& told) {
  if (!wake(told)) return;
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

void Capture::on_property(Window window, Atom property) {
  if (window == x_.root()) {
    if (windows_.is_active_property(property)) refresh_focus();
  } else if (windows_.is_state_property(property)) {
    refresh_state(window);
  } else if (windows_.is_title_property(property) && window == recorder_.focused().window) {
    refresh_title();
  }
}

void Capture::refresh_focus() {
  last_poll_us_ = now_us_;
  manager_tells_ = windows_.manager_tells();
  if (covered_) {
    full_screen_.store(false, std::memory_order_relaxed);
    return recorder_.focus_ours();
  }
  const Window window = windows_.active();
  const auto found = window == None ? std::nullopt : windows_.describe(window);
  if (!found) {
    full_screen_.store(false, std::memory_order_relaxed);
    return recorder_.focus_nowhere();
  }
  if (is_ours(*found)) return recorder_.focus_ours();
  if (window != recorder_.focused().window) {
    if (states_.size() > watched_windows) states_.clear();
    events_.watch(window);
    states_.insert_or_assign(window, windows_.state(window));
  }
  recorder_.focus({static_cast<std::uint32_t>(window), found->pid, found->app, windows_.title(window)});
  note_full_screen();
}

void Capture::note_full_screen() {
  const auto known = states_.find(recorder_.focused().window);
  full_screen_.store(recorder_.on_a_window() && known != states_.end() && known->second.full_screen,
                     std::memory_order_relaxed);
}

void Capture::refresh_title() {
  if (recorder_.on_a_window()) recorder_.title(windows_.title(recorder_.focused().window));
}

void Capture::refresh_state(Window window) {
  const auto known = states_.find(window);
  if (known == states_.end()) return;
  const WindowState before = known->second;
  const WindowState after = known->second = windows_.state(window);
  note_full_screen();
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

void Capture::set_engaged(bool engaged) {
  if (engaged_wanted_.exchange(engaged, std::memory_order_relaxed) == engaged) return;
  if (waker_ >= 0) ::eventfd_write(waker_, 1);
}

void Capture::set_covered(bool covered, std::optional<std::uint32_t> gone_ms) {
  const std::int64_t gone = gone_ms ? std::int64_t{*gone_ms} : no_cover;
  cover_wanted_.store(covered ? covered_now : gone, std::memory_order_relaxed);
  if (waker_ >= 0) ::eventfd_write(waker_, 1);
}

void Capture::expect_our_doing(unsigned milliseconds) noexcept {
  recorder_.expect_our_doing(boot_clock_us() + std::uint64_t{milliseconds} * 1000);
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
