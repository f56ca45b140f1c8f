// What is usual for a person: running mean and variance of some columns, and how far from it a moment is.
//
//   z = (x − mean) / √(variance + 0.001),   x = ln(1 + column), or the column where it is a logarithm already
//
// Every tenth second with any activity in the 30 s before it adds to both, after it was told itself. They fade by half
// in four hours of activity: sums that decay (S ← λS + x). Where nothing was typed or moved there is no tempo:
// nothing is learned of it, and z is 0.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "core/exact_math.hpp"
#include "core/input.hpp"

namespace neural_focus {

inline constexpr std::int64_t average_step_s = 10;

class OwnAverage {
 public:
  static constexpr std::size_t count = input::count - input::keystroke_interval_mean_unusual;

  // What is compared of a second: snapshot float[feature_count] and inputs float[input_count].
  using Values = std::array<double, count>;
  [[nodiscard]] static Values values_of(const float* features, const float* inputs) noexcept;

  void learn(const Values& values) noexcept;
  void write(float* row, const Values& values) const noexcept;

  template <typename Archive>
  void archive(Archive& archive) {
    archive(weight_, sum_, squares_);
  }

 private:
  Values weight_ = {}, sum_ = {}, squares_ = {};
};

}  // namespace neural_focus
