// The event loop: clock, sessions, breaks, and what each type of event adds. Snapshots: engine_snapshot.cpp.
#include "core/engine.hpp"

#include <algorithm>
#include <cmath>

namespace neural_focus {
namespace {

bool is_usable(const Control& control) noexcept {
  const auto kind = static_cast<std::uint32_t>(control.kind);
  const auto time = static_cast<std::uint64_t>(control.time_us);
  return kind - 1 < control_kind_count && time - min_timestamp_us < max_timestamp_us - min_timestamp_us &&
         std::isfinite(control.value);
}

}  // namespace

Engine::Engine(ZoneTable zone, std::uint32_t inputs_every_s, bool reports_changes)
    : inputs_every_s_{inputs_every_s}, reports_changes_{reports_changes ? 1U : 0U}, calendar_{std::move(zone)} {}

void Engine::push(const std::byte* records, std::size_t count) { push_before(records, count, no_limit); }

void Engine::push(const std::byte* records, std::size_t count, std::span<const Control> controls) {
  std::size_t done = 0;
  for (const Control& control : controls) {
    if (!is_usable(control)) {
      ++rejected_controls_;
      continue;
    }
    const bool events_first = control.kind == ControlKind::focus_score;
    done += push_before(records + done * sizeof(Event), count - done, control.time_us + (events_first ? 1 : 0));
    apply(control);
  }
  push_before(records + done * sizeof(Event), count - done, no_limit);
}

// Inlined into the event loop, where `age` is 0.
[[gnu::always_inline]] inline void Engine::absorb(RecordView record, std::int64_t time_us, std::int64_t second,
                                                  unsigned age) {
  const std::uint32_t type = record.type();
  constexpr auto move = static_cast<std::uint32_t>(EventType::mouse_move);
  const bool repeated_move = type == move && (sequence_ & 15) == move;
  sequence_ = sequence_ << (repeated_move ? 0 : 4) | type;
  last_us_ = time_us;
  ++events_;
  switch (static_cast<EventType>(type)) {
    case EventType::key_press:
      absorb_input(time_us);
      if ((record.word(2) & key_auto_repeat) == 0) keys_.press(time_us, second, age);
      break;
    case EventType::mouse_move:
      absorb_input(time_us);
      mouse_.move(time_us, static_cast<std::int32_t>(record.word(0)), static_cast<std::int32_t>(record.word(1)),
                  record.word(2), second, age);
      break;
    case EventType::mouse_click:
      absorb_input(time_us);
      ++counts_.clicks;
      last_click_us_ = time_us;
      break;
    case EventType::key_release:
    case EventType::mouse_wheel: absorb_input(time_us); break;
    default: absorb_state(record, static_cast<EventType>(type), time_us);
  }
}

// Takes records up to the first one at or after `limit_us`; returns how many.
std::size_t Engine::push_before(const std::byte* records, std::size_t count, std::int64_t limit_us) {
  set_ceiling(limit_us);
  reserve_for(records, count);
  for (std::size_t i = 0; i < count; ++i) {
    const RecordView record{records + i * sizeof(Event)};
    const Fault fault = find_fault(record);
    if (fault != Fault::none) [[unlikely]] {
      ++rejected_[static_cast<std::size_t>(fault)];
      continue;
    }
    auto time_us = static_cast<std::int64_t>(record.timestamp_us());
    if (time_us < last_us_ || time_us > ceiling_us_) {
      if (!enter(time_us, record, limit_us)) return i;
      if (second_of(time_us) < open_second_) {
        absorb_late(record, time_us);
        continue;
      }
    }
    absorb(record, time_us, open_second_, 0);
  }
  return count;
}

// Room for a snapshot each second that the records span, if their stamps can be believed.
void Engine::reserve_for(const std::byte* records, std::size_t count) {
  if (count == 0) return;
  const std::uint64_t first = RecordView{records}.timestamp_us();
  const std::uint64_t last = RecordView{records + (count - 1) * sizeof(Event)}.timestamp_us();
  const std::uint64_t seconds = last > first ? (last - first) / second_us + 3 : 3;
  closed_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(seconds, count)));
}

// The way in for an event that is not simply the next one of the open second. False if it is beyond the limit.
bool Engine::enter(std::int64_t& time_us, RecordView record, std::int64_t limit_us) {
  const bool behind = last_us_ > 0 && time_us < last_us_;
  if (behind) time_us = last_us_;
  if (time_us >= limit_us) return false;
  clamped_ += behind ? 1 : 0;
  advance_to(second_of(time_us));
  if (last_us_ == 0) {
    const AppName app = record.app();
    const bool focused = record.type() == static_cast<std::uint32_t>(EventType::window_focus_change);
    apps_.hold(app);
    hold(app);
    report_app(ChangeKind::app_known, app, focused ? record.word(2) : 0, time_us);
  }
  if (in_break_ != 0 || (last_us_ > 0 && time_us - last_us_ >= break_us)) {
    in_break_ = 0;
    last_break_end_us_ = time_us;
  }
  const std::int64_t quiet_since_us = std::max(last_us_, session_start_us_);
  if (timed_ == 0 && (in_session_ == 0 || time_us - quiet_since_us >= session_gap_us)) {
    end_session(quiet_since_us);
    start_session(time_us, true);
  }
  last_us_ = time_us;
  set_ceiling(limit_us);
  return true;
}

// Until the open second has an event, every event must pass enter(): gaps, breaks and borders are seen there.
void Engine::set_ceiling(std::int64_t limit_us) noexcept {
  const bool entered = in_break_ == 0 && last_us_ > (open_second_ - 1) * second_us;
  ceiling_us_ = entered ? std::min(open_second_ * second_us, limit_us - 1) : -1;
}

// An event for a closed second: the snapshots that are out stay, the sums at the ends of seconds are put right.
void Engine::absorb_late(RecordView record, std::int64_t time_us) {
  ++late_;
  const std::int64_t second = second_of(time_us);
  // Beyond both windows' reach it does not matter how far; 31 s is outside the short one.
  const auto age = static_cast<unsigned>(std::min<std::int64_t>(open_second_ - second, 31));
  absorb(record, time_us, open_second_ - age, age);
  for (auto s = std::max(second, open_second_ - long_window_s); s < open_second_; ++s) note_counts(s);
  tally_.put_right(second, open_second_, keys_.presses, mouse_.total.moves, counts_.clicks, mouse_.total.distance);
}

// What is no input: focus, titles, idle, lock.
void Engine::absorb_state(RecordView record, EventType type, std::int64_t time_us) {
  switch (type) {
    case EventType::window_focus_change:
      if (const AppName app = record.app(); apps_.focus(app, time_us)) {
        hold(app);
        report_app(ChangeKind::app_switch, app, record.word(2), time_us);
        ++counts_.switches;
        last_switch_us_ = time_us;
      }
      hint_ = record.word(2);
      title_length_ = 0;  // unknown until the title is announced
      break;
    case EventType::window_title_change:
      title_length_ = record.word(1);
      hint_ = record.word(2);
      counts_.titles += (record.word(2) & title_announced) == 0 ? 1 : 0;
      break;
    case EventType::idle_start:
      start_idle(IdleSource::input, time_us - std::int64_t{record.word(0)} * 1'000, time_us);
      break;
    case EventType::screen_lock: start_idle(IdleSource::screen, time_us, time_us); break;
    case EventType::idle_end:
      if (idle_.open()) end_idle(idle_.end(IdleSource::input, time_us), time_us);
      break;
    case EventType::screen_unlock:
      if (idle_.open()) end_idle(idle_.end(IdleSource::screen, time_us), time_us);
      break;
    default: break;
  }
}

void Engine::start_idle(IdleSource source, std::int64_t since_us, std::int64_t time_us) {
  const bool known = idle_.open();
  if (!idle_.start(source, since_us)) return;
  idle_since_us_ = known ? std::min(idle_since_us_, since_us) : since_us;
  if (!known) report_idle(ChangeKind::idle_start, time_us);
}

// One source of an open idle interval ended, `length_us` where that completed it. A pause of 5 min was a break; the event
// that ended it is the first one after it.
void Engine::end_idle(std::int64_t length_us, std::int64_t time_us) {
  if (length_us >= break_us) last_break_end_us_ = time_us;
  if (!idle_.open()) report_idle(ChangeKind::idle_end, time_us);
}

void Engine::close_until(std::int64_t time_us) {
  const auto latest = static_cast<std::int64_t>(max_timestamp_us);
  if (time_us < 0) return;
  advance_to(std::min(time_us, latest) / second_us + 1);
}

std::int64_t Engine::apply(const Control& control) {
  if (!is_usable(control)) {
    ++rejected_controls_;
    return -1;
  }
  const std::int64_t closed_us = (open_second_ - 1) * second_us;
  if (control.kind == ControlKind::focus_score) {
    const std::int64_t used_us = std::max(control.time_us, closed_us);
    advance_to(used_us / second_us + 1);
    score_ = control.value;
    has_score_ = 1;
    return used_us;
  }
  if (control.kind == ControlKind::set_back) {
    begin_anew(control.time_us);
    return control.time_us;
  }
  const std::int64_t used_us = std::max({control.time_us, closed_us + 1, last_us_ > 0 ? last_us_ + 1 : 0});
  advance_to(second_of(used_us));
  apply_now(control.kind, used_us);
  return used_us;
}

void Engine::apply_now(ControlKind kind, std::int64_t time_us) {
  switch (kind) {
    case ControlKind::session_start: {
      const std::int64_t quiet_since_us = std::max(last_us_, session_start_us_);
      const bool ended_before = timed_ == 0 && time_us - quiet_since_us >= session_gap_us;
      end_session(ended_before ? quiet_since_us : time_us);
      start_session(time_us, false);
      break;
    }
    case ControlKind::session_end:
      if (timed_ == 0) break;
      end_session(time_us);
      start_session(time_us, true);
      break;
    case ControlKind::break_accepted: in_break_ = 1; break;
    case ControlKind::restart:
      if (!idle_.open()) break;
      if (idle_.end_all(time_us) >= break_us) in_break_ = 1;
      report_idle(ChangeKind::idle_end, time_us);
      break;
    case ControlKind::focus_score:
    case ControlKind::set_back: break;  // done by apply()
  }
}

void Engine::start_session(std::int64_t start_us, bool natural) {
  sessions_.push_back({start_us, -1, natural});
  in_session_ = 1;
  timed_ = natural ? 0 : 1;
  session_start_us_ = start_us;
  sequence_ = 0;
  momentum_ = 50;
  previous_snapshot_s_ = 0;
}

void Engine::end_session(std::int64_t end_us) {
  if (in_session_ == 0) return;
  sessions_.push_back({session_start_us_, end_us, timed_ == 0});
  in_session_ = 0;
  timed_ = 0;
}

// The clock was set back: what was seen lies in the future of what comes, so no window may span both. A timed session
// goes on, with the time that its features count from put to now; counts of what was refused go on, too.
void Engine::begin_anew(std::int64_t time_us) {
  advance_to(second_of(time_us));
  const bool timed = timed_ != 0;
  if (!timed) end_session(std::max(last_us_, session_start_us_));
  if (idle_.open()) report_idle(ChangeKind::idle_end, last_us_);
  Engine anew{calendar_.zone(), inputs_every_s_, reports_changes_ != 0};
  anew.id_of_ = id_of_;
  anew.events_ = events_;
  anew.snapshots_ = snapshots_;
  anew.clamped_ = clamped_;
  anew.late_ = late_;
  anew.rejected_ = rejected_;
  anew.rejected_controls_ = rejected_controls_;
  anew.closed_ = std::move(closed_);
  anew.inputs_ = std::move(inputs_);
  anew.sessions_ = std::move(sessions_);
  anew.changes_ = std::move(changes_);
  if (timed) {
    anew.in_session_ = anew.timed_ = 1;
    anew.session_start_us_ = time_us;
  }
  *this = std::move(anew);
}

Counters Engine::counters() const noexcept {
  return {events_,        snapshots_,        clamped_,          late_, rejected_, rejected_controls_,
          idle_.merged(), apps_.forgotten(), stays_.forgotten()};
}

}  // namespace neural_focus
