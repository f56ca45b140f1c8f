// Statistics from exact integer sums. Sums are kept modulo 2^64 or 2^128 and only their differences over a
// window are used, so nothing drifts; one rounding to double happens at the end.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace neural_focus {

__extension__ using uint128 = unsigned __int128;
__extension__ using int128 = __int128;

// A sum modulo 2^128 as two words. Not a uint128: compilers load that with one 16-byte move, which has to wait
// for the two 8-byte stores of the addition just before.
struct WideSum {
  std::uint64_t low, high;

  void add(std::uint64_t value) noexcept {
    low += value;
    high += low < value ? 1 : 0;
  }
  friend uint128 operator-(const WideSum& a, const WideSum& b) noexcept { return a.value() - b.value(); }

 private:
  [[nodiscard]] uint128 value() const noexcept { return static_cast<uint128>(high) << 64 | low; }
};

[[nodiscard]] inline double to_double(uint128 value) noexcept {
  // The short way gives the same rounding and is what nearly every window takes.
  if (value <= static_cast<uint128>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<double>(static_cast<std::int64_t>(value));
  }
  return static_cast<double>(value);
}

// Population standard deviation of n values with sum Σx and sum of squares Σx², in units of `unit`.
[[nodiscard]] inline double deviation(std::uint64_t n, std::uint64_t sum, uint128 squares, double unit) noexcept {
  const uint128 scaled_variance = squares * n - static_cast<uint128>(sum) * sum;
  return std::sqrt(to_double(scaled_variance)) / (static_cast<double>(static_cast<std::int64_t>(n)) * unit);
}

// Least-squares slope of n ≥ 2 values over their index 0 … n-1, with sum Σx and Σi·x:
// (n·Σi·x − Σi·Σx) / (n·Σi² − (Σi)²), where Σi = n(n−1)/2 and n·Σi² − (Σi)² = n²(n²−1)/12. In units of `unit`.
[[nodiscard]] inline double slope(std::uint64_t n, std::uint64_t sum, std::uint64_t indexed, double unit) noexcept {
  const uint128 left = static_cast<uint128>(n) * indexed;
  const uint128 right = static_cast<uint128>(n * (n - 1) / 2) * sum;
  const uint128 squared = static_cast<uint128>(n) * n;
  const double scale = 12.0 / (to_double(squared * (squared - 1)) * unit);
  return left >= right ? to_double(left - right) * scale : -(to_double(right - left) * scale);
}

}  // namespace neural_focus
