// The end of a second: close it and write its snapshot.
#include <algorithm>
#include <bit>

#include "core/engine.hpp"
#include "core/momentum.hpp"

namespace neural_focus {
namespace {

constexpr float to_float(bool flag) noexcept { return flag ? 1.0F : 0.0F; }

float to_float(std::uint64_t value) noexcept { return static_cast<float>(static_cast<std::int64_t>(value)); }

// Four bits a type, the newest lowest, become ten bytes, the oldest first.
void write_sequence(std::uint64_t packed, std::uint8_t* types) noexcept {
  types[0] = static_cast<std::uint8_t>(packed >> 36 & 15);
  types[1] = static_cast<std::uint8_t>(packed >> 32 & 15);
  std::uint64_t spread = packed & 0xFFFF'FFFF;
  spread = (spread | spread << 16) & 0x0000'FFFF'0000'FFFF;
  spread = (spread | spread << 8) & 0x00FF'00FF'00FF'00FF;
  spread = (spread | spread << 4) & 0x0F0F'0F0F'0F0F'0F0F;
  for (unsigned i = 0; i < 8; ++i) types[9 - i] = static_cast<std::uint8_t>(spread >> 8 * i);
}

}  // namespace

// Closes the seconds before `second`.
void Engine::advance_to(std::int64_t second) {
  if (second <= open_second_) return;
  const std::int64_t last_with_snapshot = last_us_ > 0 ? second_of(last_us_) + long_window_s - 1 : -1;
  while (open_second_ < second && open_second_ <= last_with_snapshot) {
    emit(open_second_);
    note_counts(open_second_);
    keys_.seconds <<= 1;
    mouse_.seconds <<= 1;
    ++open_second_;
  }
  if (open_second_ < second) {
    const std::int64_t skipped = second - open_second_;
    for (auto s = std::max(open_second_, second - long_window_s); s < second; ++s) note_counts(s);
    tally_.skip(open_second_, second);
    keys_.seconds = skipped < 64 ? keys_.seconds << skipped : 0;
    mouse_.seconds = skipped < 64 ? mouse_.seconds << skipped : 0;
    open_second_ = second;
  }
  set_ceiling(no_limit);
}

void Engine::note_counts(std::int64_t second) noexcept {
  short_counts_[static_cast<std::size_t>(second & 31)] = counts_;
  long_switches_[static_cast<std::size_t>(second & 511)] = counts_.switches;
}

void Engine::emit(std::int64_t second) {
  closed_.reserve(1);
  float* row = closed_.features.data() + closed_.count * feature_count;
  closed_.times_us.data()[closed_.count] = second * second_us;
  write_sequence(sequence_, closed_.sequence.data() + closed_.count * sequence_length);
  write_session(row, second);
  write_keys(row, second);
  write_mouse(row, second);
  write_apps(row, second);
  write_idle(row, second);
  remember(second, row);
  ++closed_.count;
  ++snapshots_;
}

void Engine::write_session(float* row, std::int64_t second) noexcept {
  const std::int64_t now_us = second * second_us;
  calendar_.advance(second);
  row[seconds_since_session_start] = static_cast<float>((now_us - session_start_us_) / second_us);
  row[hour_of_day] = calendar_.hour();
  row[day_of_week] = calendar_.weekday();
  const bool pausing = in_break_ != 0 || (idle_.open() && now_us - idle_.open_start_us() >= break_us);
  const std::int64_t since_us = pausing ? now_us : std::max(last_break_end_us_, session_start_us_);
  row[minutes_since_last_break] = static_cast<float>((now_us - since_us) / (60 * second_us));
  if (has_score_ != 0 && previous_snapshot_s_ != 0) {
    momentum_ = score_ + (momentum_ - score_) * Decay::after(second - previous_snapshot_s_);
  }
  previous_snapshot_s_ = second;
  row[focus_momentum] = static_cast<float>(momentum_);
}

void Engine::write_keys(float* row, std::int64_t second) const noexcept {
  const KeyWindow::Sums sums = keys_.window(second);
  const std::uint64_t intervals = sums.presses > 1 ? sums.presses - 1 : 0;
  const auto n = static_cast<double>(static_cast<std::int64_t>(intervals));
  const auto span = static_cast<double>(static_cast<std::int64_t>(sums.span_us));
  row[keystroke_count] = to_float(sums.presses);
  row[keystroke_rate] = static_cast<float>(static_cast<double>(static_cast<std::int64_t>(sums.presses)) / 30.0);
  row[keystroke_interval_mean] = intervals > 0 ? static_cast<float>(span / (n * 1e6)) : 0.0F;
  row[keystroke_interval_std] =
      intervals > 1 ? static_cast<float>(deviation(intervals, sums.span_us, sums.squares, 1e6)) : 0.0F;
  row[keystroke_interval_trend] =
      intervals > 1 ? static_cast<float>(slope(intervals, sums.span_us, sums.indexed, 1e6)) : 0.0F;
}

void Engine::write_mouse(float* row, std::int64_t second) const noexcept {
  const MouseWindow::Sums sums = mouse_.window(second);
  const auto n = static_cast<double>(static_cast<std::int64_t>(sums.moves));
  row[mouse_move_count] = to_float(sums.moves);
  row[mouse_distance_pixels] = static_cast<float>(to_double(sums.distance) / distance_unit);
  row[mouse_speed_mean] = sums.moves > 0 ? static_cast<float>(to_double(sums.speed) / n) : 0.0F;
  row[mouse_speed_std] =
      sums.moves > 1 ? static_cast<float>(deviation(sums.moves, sums.speed, sums.speed_squares, 1.0)) : 0.0F;
  row[mouse_acceleration_mean] =
      sums.change_us > 0 ? static_cast<float>(to_double(sums.speed_change) * 1e6 / to_double(sums.change_us)) : 0.0F;
  const Counts& before = short_counts_[static_cast<std::size_t>((second - short_window_s) & 31)];
  row[mouse_click_count] = to_float(std::uint64_t{counts_.clicks - before.clicks});
}

void Engine::write_apps(float* row, std::int64_t second) noexcept {
  const std::int64_t now_us = second * second_us;
  const Counts& before = short_counts_[static_cast<std::size_t>((second - short_window_s) & 31)];
  const std::uint32_t switches = long_switches_[static_cast<std::size_t>((second - long_window_s) & 511)];
  row[context_switches_30s] = to_float(std::uint64_t{counts_.switches - before.switches});
  row[context_switches_5min] = to_float(std::uint64_t{counts_.switches - switches});
  row[time_in_current_app] = static_cast<float>((now_us - std::max(last_switch_us_, session_start_us_)) / second_us);
  row[unique_apps_5min] = to_float(apps_.count_since(now_us - long_window_s * second_us));
  row[window_title_length] = to_float(std::uint64_t{title_length_});
  row[window_title_changed_30s] = to_float(counts_.titles != before.titles);
  row[is_browser] = to_float((hint_ & 1U << 0) != 0);
  row[is_ide] = to_float((hint_ & 1U << 1) != 0);
  row[is_communication] = to_float((hint_ & 1U << 2) != 0);
  row[is_entertainment] = to_float((hint_ & 1U << 3) != 0);
  row[is_productivity] = to_float((hint_ & 1U << 4) != 0);
  row[is_pseudo_productive] = to_float((hint_ & 1U << 5) != 0);
  row[productivity_category] = to_float(std::uint64_t{hint_ >> 8 & 0xFF});
}

void Engine::write_idle(float* row, std::int64_t second) noexcept {
  const std::int64_t now_us = second * second_us;
  const std::int64_t window_start_us = now_us - long_window_s * second_us;
  idle_.forget_before(window_start_us);
  const IdleUnion::Summary idle = idle_.summarize(now_us, std::max(window_start_us, session_start_us_));
  row[idle_time_30s] = static_cast<float>(static_cast<double>(idle.short_us) / 1e6);
  row[idle_event_count_5min] = to_float(idle.intervals);
  row[longest_active_stretch_5min] = static_cast<float>(idle.longest_us / second_us);
}

}  // namespace neural_focus
