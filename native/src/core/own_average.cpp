#include "core/own_average.hpp"

#include <algorithm>

namespace neural_focus {
namespace {

constexpr double fade = 0.9995187636226662;  // 0.5^(10 s / 4 h)
constexpr double fewest = 30.0;              // steps, after fading, before which nothing is called usual
constexpr double least_variance = 1e-3;

struct Compared {
  bool of_contract;  // a column of the user's contract, else of the inputs
  std::size_t column;
  bool is_logarithm;  // it is one already
  bool needs_some;    // zero is none
};

constexpr bool begins_with(std::string_view name, std::string_view word) { return name.substr(0, word.size()) == word; }

constexpr Compared describe(bool of_contract, std::size_t column) {
  const std::string_view name = of_contract ? feature_names[column] : input_names[column];
  return {
      of_contract, column, begins_with(name, "typing_seconds") || begins_with(name, "mouse_path"),
      begins_with(name, "keystroke_interval") || begins_with(name, "mouse_speed") || begins_with(name, "typing_tempo")};
}

#define NEURAL_FOCUS_OF_CONTRACT(name) describe(true, name),
#define NEURAL_FOCUS_OF_INPUTS(name) describe(false, input::name),
constexpr std::array<Compared, OwnAverage::count> compared{
    NEURAL_FOCUS_COMPARED(NEURAL_FOCUS_OF_CONTRACT, NEURAL_FOCUS_OF_INPUTS)};

bool tells(const Compared& one, double value) noexcept { return value > 0 || !one.needs_some; }

}  // namespace

OwnAverage::Values OwnAverage::values_of(const float* features, const float* inputs) noexcept {
  Values values, logarithms;
  for (std::size_t i = 0; i < count; ++i) {
    const Compared& one = compared[i];
    values[i] = static_cast<double>(one.of_contract ? features[one.column] : inputs[one.column]);
  }
  for (std::size_t i = 0; i < count; ++i) logarithms[i] = natural_log1p(values[i]);
  for (std::size_t i = 0; i < count; ++i) values[i] = compared[i].is_logarithm ? values[i] : logarithms[i];
  return values;
}

void OwnAverage::learn(const Values& values) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (!tells(compared[i], values[i])) continue;
    weight_[i] = weight_[i] * fade + 1.0;
    sum_[i] = sum_[i] * fade + values[i];
    squares_[i] = squares_[i] * fade + values[i] * values[i];
  }
}

void OwnAverage::write(float* row, const Values& values) const noexcept {
  Values told;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = 1.0 / std::max(weight_[i], 1.0);
    const double mean = sum_[i] * share;
    const double variance = std::max(squares_[i] * share - mean * mean, 0.0);
    told[i] = (values[i] - mean) / std::sqrt(variance + least_variance);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const bool known = weight_[i] >= fewest && tells(compared[i], values[i]);
    row[input::keystroke_interval_mean_unusual + i] = known ? static_cast<float>(told[i]) : 0.0F;
  }
}

}  // namespace neural_focus
