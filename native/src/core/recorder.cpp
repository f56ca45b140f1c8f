#include "core/recorder.hpp"

#include "core/code_points.hpp"

namespace neural_focus {
namespace {

constexpr std::uint64_t speed_gap_us = 1'000'000;
constexpr std::size_t longest_title = 512;  // code points

}  // namespace

std::uint64_t Recorder::due() const {
  std::uint64_t due = now_us_ + 60'000'000;
  // The next motion takes the slot that this one came too early for; only where none follows, the clock does.
  if (motion_due_) due = std::min(due, next_motion_us_ + 2 * motion_gap_us_);
  if (there()) {
    due = std::min(due, sign_due_us());
  } else if (!idle_) {
    due = std::min(due, last_input_us_ + idle_after_us_);
  }
  return due;
}

void Recorder::take_due() {
  if (there()) {
    if (now_us_ >= sign_due_us()) give_sign();
    return;
  }
  if (!idle_ && now_us_ - last_input_us_ >= idle_after_us_) {
    Event record = make(EventType::idle_start);
    record.data.idle.idle_duration_ms = static_cast<std::uint32_t>((now_us_ - last_input_us_) / 1000);
    emit(record);
    idle_ = true;
  }
}

bool Recorder::wake() {
  if (idle_) {
    Event record = make(EventType::idle_end);
    record.data.idle.idle_duration_ms = static_cast<std::uint32_t>((now_us_ - last_input_us_) / 1000);
    emit(record);
    idle_ = false;
  }
  last_input_us_ = now_us_;
  input_us_.store(now_us_, std::memory_order_relaxed);
  if (locked_) behind_lock_.fetch_add(1, std::memory_order_relaxed);
  return !locked_ && place_ != Place::ours;
}

void Recorder::engage(bool engaged) {
  if (engaged == engaged_) return;
  engaged_ = engaged;
  if (!locked_) wake();  // they were there until now, or are from now on
}

void Recorder::touched() {
  if (wake() && now_us_ >= sign_due_us()) give_sign();
}

void Recorder::give_sign() { emit(make(EventType::idle_end)); }

void Recorder::key(bool pressed, const KeyData& redacted) {
  Event record = make(pressed ? EventType::key_press : EventType::key_release);
  record.data.key = redacted;
  emit(record);
}

void Recorder::click(int x, int y, unsigned button) {
  if (motion_due_) motion(x, y);
  Event record = make(EventType::mouse_click);
  record.data.mouse_click = {x, y, button};
  emit(record);
}

void Recorder::wheel(int x, int y, int delta) {
  if (motion_due_) motion(x, y);
  Event record = make(EventType::mouse_wheel);
  record.data.mouse_wheel = {x, y, delta};
  emit(record);
}

void Recorder::motion_asked() {
  motion_due_ = false;
  // On a grid rather than a gap after the last one: a mouse that reports at this very rate is then not put off, and
  // never are there more in a second.
  next_motion_us_ = std::max(next_motion_us_ + motion_gap_us_, now_us_ + motion_gap_us_ / 2);
}

void Recorder::moved_to(int x, int y) {
  const bool moved_before = last_move_.timestamp_us != 0;
  const MouseMoveData& before = last_move_.data.mouse_move;
  if (moved_before && before.x == x && before.y == y) return;  // pushed against the screen's edge
  Event record = make(EventType::mouse_move);
  record.data.mouse_move = {x, y, 0};
  const std::uint64_t elapsed = record.timestamp_us - last_move_.timestamp_us;
  if (moved_before && elapsed > 0 && elapsed <= speed_gap_us) {
    // Squares of pixels are exact, so what hypot guards against cannot be.
    const double dx = double(x) - before.x, dy = double(y) - before.y;
    const double distance = std::sqrt(dx * dx + dy * dy);
    record.data.mouse_move.speed_pps = static_cast<std::uint32_t>(distance * 1e6 / static_cast<double>(elapsed));
  }
  last_move_ = record;
  emit(record);
}

void Recorder::focus(const FocusedWindow& window) {
  place_ = Place::window;
  if (window.window == focus_.window) return title(window.title);  // back from none or ours: no switch
  const std::uint32_t before = focus_.window;
  focus_ = window;
  if (our_doing()) return emit_title(true);
  Event record = make(EventType::window_focus_change);
  record.data.window_focus = {before, window.window, shelf_.put(focus_.title)};
  emit(record);
  emit_title(true);
}

void Recorder::title(const std::string& title) {
  if (title == focus_.title) return;
  focus_.title = title;
  emit_title(false);
}

void Recorder::emit_title(bool announced) {
  Event record = make(EventType::window_title_change);
  record.data.window_title = {shelf_.put(first_code_points(focus_.title, longest_title)),
                              static_cast<std::uint32_t>(code_points(focus_.title)), announced ? title_announced : 0};
  emit(record);
}

void Recorder::tell(EventType type, const FocusedWindow& window) {
  Event record = make(type);
  record.process_id = window.pid;
  copy_name(record.app_name, window.app);
  record.window_handle = window.window;
  emit(record);
}

void Recorder::lock(bool locked) {
  if (locked == locked_) return;
  emit(make(locked ? EventType::screen_lock : EventType::screen_unlock));
  locked_ = locked;
}

Event Recorder::make(EventType type) const {
  Event record{};
  record.timestamp_us = std::max(stamp(), last_stamp_us_);
  record.event_type = static_cast<std::uint32_t>(type);
  record.process_id = focus_.pid;
  copy_name(record.app_name, focus_.app);
  record.window_handle = focus_.window;
  return record;
}

void Recorder::emit(const Event& record) {
  if (record.timestamp_us > stamp()) clamped_.fetch_add(1, std::memory_order_relaxed);
  last_stamp_us_ = record.timestamp_us;
  last_record_us_ = now_us_;
  captured_.fetch_add(1, std::memory_order_relaxed);
  ring_.push(record);
}

Recorder::Drained Recorder::drain(std::size_t most) {
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

}  // namespace neural_focus
