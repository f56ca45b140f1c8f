// e^(-Δt/60) for whole seconds by IEEE multiplications alone: a library's exp differs between gcc and MinGW.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace neural_focus {

class Decay {
 public:
  [[nodiscard]] static double after(std::int64_t seconds) noexcept {
    if (seconds >= std::int64_t{1} << powers.size()) return 0.0;  // below e^-1092
    double factor = 1.0;
    for (std::size_t bit = 0; seconds != 0; ++bit, seconds >>= 1) {
      if ((seconds & 1) != 0) factor *= powers[bit];
    }
    return factor;
  }

 private:
  static constexpr double one_second = 0.983471453821617489;  // e^(-1/60)

  // powers[k] = e^(-2^k / 60)
  static constexpr std::array<double, 16> powers = [] {
    std::array<double, 16> table{};
    double power = one_second;
    for (double& entry : table) {
      entry = power;
      power *= power;
    }
    return table;
  }();
};

}  // namespace neural_focus
