// The end of a second, seen by what remembers: the inputs of a model beside the user's contract.
#include "core/engine.hpp"

namespace neural_focus {
namespace {

// Whether anything was typed, pointed or switched in the 30 s up to a snapshot.
bool is_active(const float* row) noexcept {
  return row[keystroke_count] > 0 || row[mouse_move_count] > 0 || row[mouse_click_count] > 0 ||
         row[context_switches_30s] > 0;
}

// Whole seconds since the last of something, at the second that ends at `now_us`; it never came: 0 µs.
std::int64_t age_s(std::int64_t now_us, std::uint64_t last_us) noexcept {
  if (last_us == 0) return InputTally::longest_age_s;
  return (now_us - static_cast<std::int64_t>(last_us)) / second_us;
}

}  // namespace

// `features`: the snapshot of the second.
void Engine::remember(std::int64_t second, const float* features) {
  if (inputs_every_s_ == 0) return;
  tally_.close(second, keys_.presses, mouse_.total.moves, counts_.clicks, mouse_.total.distance);
  if (!stays_.begun()) {
    stays_.begin(second, held_);
    tally_.begin_stay(second);
  } else if (held_ != stays_.app()) {
    stays_.change(second, held_);
    tally_.begin_stay(second);
  }
  const bool learns = second % average_step_s == 0 && is_active(features);
  const bool wanted = second % inputs_every_s_ == 0;
  if (!learns && !wanted) return;
  std::array<float, input_count> row;
  write_tally(row.data(), second);
  const OwnAverage::Values values = OwnAverage::values_of(features, row.data());
  if (wanted) {
    stays_.write(row.data(), second);
    write_sequence_counts(row.data());
    average_.write(row.data(), values);
    inputs_.push_back(second * second_us, row, stays_.app(), stays_.previous_app());
  }
  if (learns) average_.learn(values);
}

void Engine::write_tally(float* row, std::int64_t second) const noexcept {
  const std::int64_t now_us = second * second_us;
  const InputTally::Ages ages{age_s(now_us, keys_.presses == 0 ? 0 : keys_.last_us), age_s(now_us, mouse_.last_us),
                              age_s(now_us, static_cast<std::uint64_t>(last_click_us_))};
  tally_.write(row, second, second - stays_.since_s(), ages);
  const std::int64_t any = age_s(now_us, static_cast<std::uint64_t>(last_input_us_));
  row[input::input_age_log_s] =
      static_cast<float>(natural_log1p(static_cast<double>(std::min(any, InputTally::longest_age_s))));
  row[input::pointer_x] = static_cast<float>(mouse_.last_x);
  row[input::pointer_y] = static_cast<float>(mouse_.last_y);
  row[input::is_idle] = idle_.open() ? 1.0F : 0.0F;
}

void Engine::write_sequence_counts(float* row) const noexcept {
  std::array<std::uint8_t, event_type_count> among_last_ten{};
  for (std::size_t i = 0; i < sequence_length; ++i) ++among_last_ten[sequence_ >> 4 * i & 15];
  for (std::size_t type = 1; type < event_type_count; ++type) {
    row[input::recent_key_press + type - 1] = static_cast<float>(among_last_ten[type]);
  }
}

}  // namespace neural_focus
