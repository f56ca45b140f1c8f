// The recorder on a clock of the test's own: pauses, the signs of somebody who is there without input, the lock.
#include "core/recorder.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace neural_focus;

namespace {

constexpr std::uint64_t second = 1'000'000, minute = 60 * second;
constexpr std::int64_t offset_us = 1'700'000'000'000'000;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  std::exit(1);
}

struct Seen {
  EventType type;
  std::uint64_t at_us;  // boot clock
  std::uint32_t idle_ms;
};

// A hook thread that does nothing but what is due.
class Hook {
 public:
  explicit Hook(std::uint64_t floor_us = 0) : recorder_({offset_us, floor_us, 1U << 10, 125, 5000}) {
    recorder_.at(now_);
  }

  Recorder& at(std::uint64_t us) {
    while (recorder_.due() < us) {
      recorder_.at(recorder_.due());
      recorder_.take_due();
    }
    recorder_.at(now_ = us);
    recorder_.take_due();
    return recorder_;
  }
  void type() {
    if (recorder_.wake()) recorder_.key(true, {});
  }
  std::vector<Seen> seen() {
    std::vector<Seen> found;
    for (const Event& event : recorder_.drain(1U << 10).records)
      found.push_back({static_cast<EventType>(event.event_type),
                       event.timestamp_us - static_cast<std::uint64_t>(offset_us), event.data.idle.idle_duration_ms});
    return found;
  }

 private:
  Recorder recorder_;
  std::uint64_t now_ = 1'000 * second;
};

constexpr std::uint64_t start = 1'000 * second;

void a_pause_begins_five_seconds_after_the_input() {
  Hook hook;
  hook.type();
  hook.at(start + 30 * second);
  const auto seen = hook.seen();
  check(seen.size() == 2 && seen[1].type == EventType::idle_start, "a pause begins");
  check(seen[1].at_us == start + 5 * second && seen[1].idle_ms == 5000, "five seconds after the input");
}

void who_is_engaged_does_not_pause() {
  Hook hook;
  hook.type();
  hook.at(start + 2 * second).engage(true);
  hook.at(start + 10 * minute - second).engage(false);
  hook.at(start + 11 * minute);
  const auto seen = hook.seen();
  check(seen.size() == 11, "a key, nine signs of life and a pause: " + std::to_string(seen.size()));
  for (std::size_t i = 1; i < 10; ++i) {
    check(seen[i].type == EventType::idle_end && seen[i].idle_ms == 0, "a sign is a lone end of idleness");
    check(seen[i].at_us - seen[i - 1].at_us <= minute, "one each minute: five without any would be a break");
  }
  check(seen[10].type == EventType::idle_start, "the pause begins when nobody is engaged any more");
  check(seen[10].at_us == start + 10 * minute + 4 * second && seen[10].idle_ms == 5000, "five seconds after that");
}

void engagement_ends_a_pause() {
  Hook hook;
  hook.at(start + 20 * second).engage(true);
  hook.at(start + 30 * second);
  const auto seen = hook.seen();
  check(seen.size() == 2 && seen[0].type == EventType::idle_start && seen[1].type == EventType::idle_end, "it ends");
  check(seen[1].at_us == start + 20 * second && seen[1].idle_ms == 20'000, "when somebody is there");
}

void nobody_is_there_behind_the_lock() {
  Hook hook;
  hook.at(start + second).engage(true);
  hook.at(start + 2 * second).lock(true);
  hook.at(start + 3 * minute);
  const auto seen = hook.seen();
  check(seen.size() == 2 && seen[0].type == EventType::screen_lock, "the screen is locked");
  check(seen[1].type == EventType::idle_start, "a film that goes on behind the lock has no audience");
}

void input_behind_the_lock_is_counted_and_not_recorded() {
  Hook hook;
  hook.at(start + second).lock(true);
  hook.type();
  hook.type();
  Recorder& recorder = hook.at(start + 2 * second);
  check(recorder.behind_lock() == 2, "it is counted");
  recorder.lock(false);
  hook.type();
  check(recorder.behind_lock() == 2, "and not after it");
  const auto seen = hook.seen();
  check(seen.size() == 3 && seen[1].type == EventType::screen_unlock && seen[2].type == EventType::key_press,
        "nothing is recorded in between");
}

void input_without_a_record_gives_a_sign_each_minute() {
  Hook hook;
  hook.type();
  for (std::uint64_t at = second; at <= 10 * minute; at += second) hook.at(start + at).touched();
  const auto seen = hook.seen();
  check(seen.size() == 11, "a key and ten signs: " + std::to_string(seen.size()));
  for (const Seen& one : seen) check(one.type != EventType::idle_start, "it is input");
}

void a_stamp_waits_for_the_floor_and_no_boot_goes_back() {
  Hook hook(static_cast<std::uint64_t>(offset_us) + start + second);
  hook.type();
  hook.at(start + 2 * second);
  hook.type();
  const auto seen = hook.seen();
  check(seen[0].at_us == start + second && seen[1].at_us == start + 2 * second, "clamped, then right");
}

FocusedWindow window_of(std::uint32_t number, const std::string& app) { return {number, 7, app, "title of " + app}; }

// A window that we put away moves the focus: no switch and nothing minimised; the title says what they are on.
void what_we_do_with_windows_is_no_switch() {
  Hook hook;
  hook.at(start).focus(window_of(1, "player"));
  hook.at(start + second).expect_our_doing(start + 2 * second);
  hook.at(start + second).minimized(window_of(1, "player"));
  hook.at(start + second).focus(window_of(2, "editor"));
  hook.type();
  hook.at(start + 3 * second).focus(window_of(3, "browser"));
  hook.at(start + 3 * second).minimized(window_of(2, "editor"));
  using enum EventType;
  const std::vector<EventType> expected{window_focus_change, window_title_change, window_title_change, key_press,
                                        window_focus_change, window_title_change, window_minimize};
  const auto seen = hook.seen();
  check(seen.size() == expected.size(), "nothing more than that: " + std::to_string(seen.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) check(seen[i].type == expected[i], std::to_string(i));
}

void the_newest_input_is_known_into_windows_of_ours_too() {
  Hook hook;
  check(hook.at(start + second).newest_input_us() == 0, "none yet");
  hook.at(start + 2 * second).focus_ours();
  hook.type();
  check(hook.at(start + 3 * second).newest_input_us() == start + 2 * second, "it is not recorded, but known");
  check(hook.seen().empty(), "not recorded");
}

}  // namespace

int main() {
  a_pause_begins_five_seconds_after_the_input();
  who_is_engaged_does_not_pause();
  engagement_ends_a_pause();
  nobody_is_there_behind_the_lock();
  input_behind_the_lock_is_counted_and_not_recorded();
  input_without_a_record_gives_a_sign_each_minute();
  a_stamp_waits_for_the_floor_and_no_boot_goes_back();
  what_we_do_with_windows_is_no_switch();
  the_newest_input_is_known_into_windows_of_ours_too();
}
