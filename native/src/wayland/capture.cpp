#include "wayland/capture.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>

namespace neural_focus::wayland {
namespace {

constexpr int longest_wait_ms = 60'000;

}  // namespace

std::uint64_t boot_clock_us() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

Capture::Capture(const Options& options) : options_(options), recorder_(options.recorder) {
  tick(boot_clock_us());  // the compositor may tell of windows at once
  CompositorListener& listener = *this;
  if (!options.socket.empty())
    compositor_ = std::make_unique<Compositor>(options.socket, options.recorder.idle_after_ms, listener);
  if (!options.input_folder.empty()) {
    devices_ = std::make_unique<Devices>(options.input_folder);
    counted_ = devices_->counts();
  }
  waker_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void Capture::start() {
  if (thread_.joinable()) return;
  alive_ = true;
  thread_ = std::thread(&Capture::run, this);
}

void Capture::stop() {
  if (thread_.joinable()) {
    stopping_ = true;
    ::eventfd_write(waker_, 1);
    thread_.join();
  }
  if (waker_ >= 0) ::close(waker_);
  waker_ = -1;
}

void Capture::run() {
  bool here = true;
  while (!stopping_.load(std::memory_order_relaxed) && here) {
    std::vector<pollfd> sources{{waker_, POLLIN, 0}};
    if (compositor_) {
      compositor_->before_poll();
      sources.push_back({compositor_->descriptor(), POLLIN, 0});
    }
    if (devices_) devices_->add_sources(sources);
    ::poll(sources.data(), static_cast<nfds_t>(sources.size()), wait_ms());
    eventfd_t woken = 0;
    if (sources[0].revents != 0) ::eventfd_read(waker_, &woken);
    const std::uint64_t now_us = boot_clock_us();  // before reading: what is read later is stamped later
    if (devices_) take_inputs(now_us);
    tick(now_us);
    take_due();
    if (compositor_) here = compositor_->after_poll(sources[1].revents != 0);
    take_told();
  }
  alive_.store(false, std::memory_order_release);
}

void Capture::take_inputs(std::uint64_t now_us) {
  elsewhere_ = is_elsewhere();
  devices_->take(
      now_us,
      [this](std::uint64_t t_us) {
        tick(t_us);
        take_due();
      },
      *this);
  const InputCounts counted = devices_->counts();
  const std::lock_guard hold(mutex_);
  counted_ = counted;
}

// Never back: one device's events may be read later than younger ones of another.
void Capture::tick(std::uint64_t t_us) {
  now_us_ = std::max(now_us_, t_us);
  recorder_.at(now_us_);
}

int Capture::wait_ms() const {
  if (!input_tells_pauses() && !engaged_wanted_.load(std::memory_order_relaxed)) return longest_wait_ms;
  const std::uint64_t due = recorder_.due(), now = boot_clock_us();
  return due <= now ? 0 : static_cast<int>(std::min<std::uint64_t>((due - now + 999) / 1000, longest_wait_ms));
}

void Capture::take_due() {
  recorder_.lock(lock_wanted_.load(std::memory_order_relaxed) || elsewhere_);
  recorder_.engage(engaged_wanted_.load(std::memory_order_relaxed));
  if (input_tells_pauses() || engaged_wanted_.load(std::memory_order_relaxed)) recorder_.take_due();
  if (recorder_.motion_wanted()) take_motion();
}

void Capture::take_told() {
  std::vector<std::optional<FocusedWindow>> told;
  {
    const std::lock_guard hold(mutex_);
    told.swap(told_);
  }
  for (const auto& window : told) focus(window ? &*window : nullptr);
}

void Capture::take_motion() { recorder_.motion(static_cast<int>(std::lround(x_)), static_cast<int>(std::lround(y_))); }

bool Capture::is_elsewhere() const {
  if (options_.active_file.empty() || options_.own_terminal.empty()) return false;
  std::ifstream file(options_.active_file);
  std::string shown;
  return std::getline(file, shown) && shown != options_.own_terminal;
}

void Capture::key(unsigned code, int value) {
  const bool recorded = recorder_.wake();
  const KeyData key = value == 0 ? keyboard_.release(code) : keyboard_.press(code, value == 2);
  if (recorded) recorder_.key(value != 0, key);
}

void Capture::click(unsigned button) {
  if (recorder_.wake()) recorder_.click(static_cast<int>(std::lround(x_)), static_cast<int>(std::lround(y_)), button);
}

void Capture::wheel(int delta) {
  if (recorder_.wake()) recorder_.wheel(static_cast<int>(std::lround(x_)), static_cast<int>(std::lround(y_)), delta);
}

void Capture::motion(double right, double down) {
  x_ += right;
  y_ += down;
  if (!recorder_.wake()) return;
  recorder_.moved();
  if (recorder_.motion_wanted()) take_motion();
}

void Capture::touched() { recorder_.touched(); }

void Capture::missed() {
  keyboard_.forget_held();
  missed_.fetch_add(1, std::memory_order_relaxed);
}

void Capture::focus(const FocusedWindow* window) {
  if (window == nullptr) return recorder_.focus_nowhere();
  const bool ours = (window->pid != 0 && window->pid == options_.own_pid) ||
                    (!options_.own_app.empty() && window->app == options_.own_app);
  if (ours) return recorder_.focus_ours();
  recorder_.focus(*window);
}

void Capture::minimized(const FocusedWindow& window) { recorder_.minimized(window); }

void Capture::maximized(const FocusedWindow& window) { recorder_.maximized(window); }

// The compositor tells of a pause when it has lasted `idle_after_ms`: the last input was that long ago.
void Capture::idled() {
  if (input_tells_pauses() || recorder_.idle() || engaged_wanted_.load(std::memory_order_relaxed)) return;
  const std::uint64_t told_us = now_us_, before = std::uint64_t{options_.recorder.idle_after_ms} * 1000;
  recorder_.at(told_us > before ? told_us - before : 1);
  recorder_.wake();
  recorder_.at(told_us);
  recorder_.take_due();
}

void Capture::resumed() {
  if (!input_tells_pauses()) recorder_.wake();
}

void Capture::set_engaged(bool engaged) {
  if (engaged_wanted_.exchange(engaged, std::memory_order_relaxed) == engaged) return;
  if (waker_ >= 0) ::eventfd_write(waker_, 1);
}

void Capture::set_locked(bool locked) {
  lock_wanted_.store(locked, std::memory_order_relaxed);
  if (waker_ >= 0) ::eventfd_write(waker_, 1);
}

void Capture::set_focus(const std::optional<FocusedWindow>& window) {
  {
    const std::lock_guard hold(mutex_);
    told_.push_back(window);
  }
  if (waker_ >= 0) ::eventfd_write(waker_, 1);
}

InputCounts Capture::inputs() const {
  const std::lock_guard hold(mutex_);
  return counted_;
}

}  // namespace neural_focus::wayland
