// The feature engine of one stream (person, machine).
//
// Events only add to cumulative integers; at the end of every second a snapshot reads them. A window is a
// difference modulo 2^64, so nothing is evicted, nothing drifts, and memory does not depend on the rate.
//
//   events     x x    x  x │ x        │ x  x     x │        x = push()
//   seconds  ──────────────s──────────s+1──────────s+2──
//   snapshots              └ t = s    └ t = s+1    └ closed by the first event later than t, or by close_until
//
// A snapshot at t uses events with timestamp ≤ t. There is one for every whole second t with at least one event
// in (t - 300 s, t]. What comes for a closed second is counted as late; later snapshots see it, closed ones stay.
//
// Beside the snapshots it remembers what a model reads of a stream's past (input.hpp), if it is asked to: every second
// adds to it, and rows of inputs are written at whole multiples of some seconds. What happened (change.hpp) it tells as
// events come, if it is asked to.
#pragma once

#include <array>
#include <limits>
#include <span>
#include <vector>

#include "core/app_history.hpp"
#include "core/change.hpp"
#include "core/idle_union.hpp"
#include "core/input_rows.hpp"
#include "core/input_tally.hpp"
#include "core/key_window.hpp"
#include "core/local_calendar.hpp"
#include "core/mouse_window.hpp"
#include "core/own_average.hpp"
#include "core/snapshots.hpp"
#include "core/stay_history.hpp"
#include "core/validate.hpp"

namespace neural_focus {

enum class ControlKind : std::uint32_t {
  session_start = 1,   // a timed session begins
  session_end = 2,     // it ends; a natural one begins
  break_accepted = 3,  // the person accepted SUGGEST_BREAK
  focus_score = 4,     // a prediction's score; used by snapshots after its time
  restart = 5,         // the agent starts: open idle ends
  set_back = 6,        // the agent starts after the clock was set back: no window reaches behind this
};

inline constexpr std::uint32_t control_kind_count = 6;

struct Control {
  std::int64_t time_us;
  ControlKind kind;
  double value;  // the score; else unused
};

struct SessionChange {
  std::int64_t start_us, end_us;  // end_us is -1 when the session begins
  bool natural;
};

struct Counters {
  std::uint64_t events, snapshots, clamped, late;
  std::array<std::uint64_t, fault_count> rejected;  // by Fault; the first stays 0
  std::uint64_t rejected_controls, idle_merged, apps_forgotten, stays_forgotten;
};

class Engine {
 public:
  // A row of inputs goes with the snapshots of every whole multiple of `inputs_every_s` seconds. Where it is 0 there are
  // none, and nothing is remembered for them. Where `reports_changes` is not set, no changes are written.
  explicit Engine(ZoneTable zone, std::uint32_t inputs_every_s = 0, bool reports_changes = false);

  // Records of 64 bytes each, in sequence order, at any address. Bad ones are counted and put aside.
  void push(const std::byte* records, std::size_t count);
  // The same, merged with controls in time order: a control comes before events of its own time, a score after.
  void push(const std::byte* records, std::size_t count, std::span<const Control> controls);
  // Closes the seconds ≤ time_us.
  void close_until(std::int64_t time_us);
  // Applies a control after the events pushed so far. Returns the time used: later than asked for where events or
  // closed seconds are already past it. With that time a replay gives the same snapshots.
  std::int64_t apply(const Control& control);
  // Stays know apps by what `id_of` makes of a name: the same at every call. By default by the name itself.
  using AppId = AppName (*)(const AppName& name);
  void tell_apps_apart_by(AppId id_of) noexcept { id_of_ = id_of; }
  void set_zone(ZoneTable zone) { calendar_.set_zone(std::move(zone)); }

  // Snapshots closed since the last call.
  [[nodiscard]] Snapshots take_snapshots() noexcept { return std::move(closed_); }
  [[nodiscard]] InputRows take_inputs() noexcept { return std::move(inputs_); }
  [[nodiscard]] std::vector<Change> take_changes() noexcept { return std::exchange(changes_, {}); }
  [[nodiscard]] std::vector<SessionChange> take_sessions() noexcept { return std::exchange(sessions_, {}); }
  [[nodiscard]] Counters counters() const noexcept;

  [[nodiscard]] std::vector<std::byte> save() const;
  // Throws std::invalid_argument that says what was found and expected.
  [[nodiscard]] static Engine load(std::span<const std::byte> saved);

 private:
  struct Counts {
    std::uint32_t clicks, switches, titles, reserved;
  };
  static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

  std::size_t push_before(const std::byte* records, std::size_t count, std::int64_t limit_us);
  void reserve_for(const std::byte* records, std::size_t count);
  bool enter(std::int64_t& time_us, RecordView record, std::int64_t limit_us);
  void set_ceiling(std::int64_t limit_us) noexcept;
  void absorb(RecordView record, std::int64_t time_us, std::int64_t second, unsigned age);
  void absorb_late(RecordView record, std::int64_t time_us);
  void absorb_input(std::int64_t time_us) {
    last_input_us_ = time_us;
    if (idle_.open()) [[unlikely]]
      end_idle(idle_.end_all(time_us), time_us);
  }
  void absorb_state(RecordView record, EventType type, std::int64_t time_us);
  void hold(const AppName& app) {
    if (inputs_every_s_ != 0) held_ = id_of_ == nullptr ? app : id_of_(app);
  }
  void start_idle(IdleSource source, std::int64_t since_us, std::int64_t time_us);
  void end_idle(std::int64_t length_us, std::int64_t time_us);
  void report_app(ChangeKind kind, const AppName& app, std::uint32_t hint, std::int64_t time_us) {
    if (reports_changes_ != 0) changes_.push_back({time_us, time_us, app, hint, kind});
  }
  void report_idle(ChangeKind kind, std::int64_t time_us) {
    if (reports_changes_ != 0) changes_.push_back({time_us, idle_since_us_, {}, 0, kind});
  }
  void apply_now(ControlKind kind, std::int64_t time_us);
  void start_session(std::int64_t start_us, bool natural);
  void end_session(std::int64_t end_us);
  void begin_anew(std::int64_t time_us);

  void advance_to(std::int64_t second);
  void note_counts(std::int64_t second) noexcept;
  void emit(std::int64_t second);
  void write_session(float* row, std::int64_t second) noexcept;
  void write_keys(float* row, std::int64_t second) const noexcept;
  void write_mouse(float* row, std::int64_t second) const noexcept;
  void write_apps(float* row, std::int64_t second) noexcept;
  void write_idle(float* row, std::int64_t second) noexcept;
  void remember(std::int64_t second, const float* features);
  void write_tally(float* row, std::int64_t second) const noexcept;
  void write_sequence_counts(float* row) const noexcept;

  template <typename Archive>
  void archive(Archive& archive);

  std::int64_t last_us_ = 0;      // of the last event, 0 before the first
  std::int64_t ceiling_us_ = -1;  // events in [last_us_, ceiling_us_] lie in the open second: no look at the clock
  std::int64_t open_second_ = 0;  // all seconds before it are closed
  std::uint64_t events_ = 0;
  std::uint64_t sequence_ = 0;  // four bits a type, the newest lowest
  Counts counts_ = {};
  KeyWindow keys_;
  MouseWindow mouse_;

  std::int64_t session_start_us_ = 0;
  std::int64_t last_switch_us_ = 0, last_break_end_us_ = 0;
  std::int64_t last_input_us_ = 0, last_click_us_ = 0;  // 0 before the first
  std::int64_t idle_since_us_ = 0;                      // of the idle interval that is open, or was last
  std::uint32_t hint_ = 0, title_length_ = 0;
  std::uint32_t in_session_ = 0, timed_ = 0;
  std::uint32_t in_break_ = 0, has_score_ = 0;  // a break that lasts until the next event
  double momentum_ = 50, score_ = 0;
  std::int64_t previous_snapshot_s_ = 0;  // in this session; 0 for none
  std::uint64_t snapshots_ = 0, clamped_ = 0, late_ = 0, rejected_controls_ = 0;
  std::array<std::uint64_t, fault_count> rejected_ = {};
  std::array<Counts, 32> short_counts_ = {};  // counts_ at the end of a second
  std::array<std::uint32_t, 512> long_switches_ = {};

  IdleUnion idle_;
  AppHistory apps_;
  AppName held_ = {};  // the id of the app in focus
  AppId id_of_ = nullptr;
  InputTally tally_;
  StayHistory stays_;
  OwnAverage average_;
  std::uint32_t inputs_every_s_ = 0, reports_changes_ = 0;
  LocalCalendar calendar_;
  Snapshots closed_;
  InputRows inputs_;
  std::vector<SessionChange> sessions_;
  std::vector<Change> changes_;
};

}  // namespace neural_focus
