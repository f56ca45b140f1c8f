#include "core/input_tally.hpp"

namespace neural_focus {
namespace {

double as_double(std::uint64_t value) noexcept { return static_cast<double>(static_cast<std::int64_t>(value)); }

// A way in units of 2^-24 px; the high word is kept modulo 2^32.
double pixels(const InputTally::Note& now, const InputTally::Note& before) noexcept {
  const std::uint64_t borrow = now.path_low < before.path_low ? 1 : 0;
  const auto high = static_cast<std::uint32_t>(now.path_high - before.path_high - borrow);
  return to_double(static_cast<uint128>(high) << 64 | (now.path_low - before.path_low)) / distance_unit;
}

// Mean and spread of the presses in a second with any; ln(1 + s) of how many such seconds.
void write_typing(float* row, std::size_t window, const InputTally::Note& now, const InputTally::Note& before) {
  const std::uint32_t seconds = now.typing_seconds - before.typing_seconds;
  const std::uint32_t presses = now.presses - before.presses;
  row[input::typing_seconds_10s + window] = log_count(seconds);
  const double divisor = as_double(seconds > 0 ? seconds : 1);
  row[input::typing_tempo_10s + window] = static_cast<float>(as_double(presses) / divisor);
  const std::uint64_t squares = now.pressed_squares - before.pressed_squares;
  row[input::typing_tempo_spread_10s + window] =
      seconds > 1 ? static_cast<float>(deviation(seconds, presses, squares, 1.0)) : 0.0F;
}

}  // namespace

void InputTally::write(float* row, std::int64_t second, std::int64_t stay_s, const Ages& ages) const noexcept {
  static_assert(input::keystroke_count_stay - input::keystroke_count_3s == kinds * count_windows_s.size());
  static_assert(input::mouse_path_900s - input::mouse_path_1s + 1 == path_windows_s.size());
  static_assert(input::typing_tempo_10s - input::typing_seconds_10s == typing_windows_s.size());
  const Note& now = at(second);
  for (std::size_t i = 0; i < count_windows_s.size(); ++i) {
    const Note& before = at(second - count_windows_s[i]);
    float* counts = row + input::keystroke_count_3s + kinds * i;
    counts[0] = log_count(now.presses - before.presses);
    counts[1] = log_count(now.moves - before.moves);
    counts[2] = log_count(now.clicks - before.clicks);
  }
  const std::uint32_t in_stay[kinds] = {now.presses - stay_.presses, now.moves - stay_.moves,
                                        now.clicks - stay_.clicks};
  const std::int64_t age[kinds] = {ages.press, ages.move, ages.click};
  const double log_length = natural_log(static_cast<double>(stay_s) + 5.0);
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const double pause = natural_log1p(static_cast<double>(std::min(age[kind], longest_age_s)));
    const double rate = natural_log(as_double(in_stay[kind]) + 0.5) - log_length;
    row[input::keystroke_age_log_s + kind] = static_cast<float>(pause);
    row[input::keystroke_count_stay + kind] = log_count(in_stay[kind]);
    row[input::keystroke_rate_stay + kind] = static_cast<float>(rate);
    row[input::keystroke_quiet + kind] = static_cast<float>(pause + rate);
  }
  for (std::size_t i = 0; i < typing_windows_s.size(); ++i) write_typing(row, i, now, at(second - typing_windows_s[i]));
  std::array<double, path_windows_s.size()> ways;
  for (std::size_t i = 0; i < ways.size(); ++i) ways[i] = pixels(now, at(second - path_windows_s[i]));
  for (double& way : ways) way = natural_log1p(way);
  for (std::size_t i = 0; i < ways.size(); ++i) row[input::mouse_path_1s + i] = static_cast<float>(ways[i]);
}

}  // namespace neural_focus
