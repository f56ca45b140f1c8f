// e^x, ln x and ln(1 + x) by IEEE additions, multiplications and divisions alone: a library's differ between gcc and
// MinGW. Each is right to about an ulp of a double.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace neural_focus {

namespace exact_math {

inline constexpr double ln2_high = 0x1.62e42feep-1;  // few enough bits that a multiple of it is exact
inline constexpr double ln2_low = 0x1.a39ef35793c76p-33;

// 2·atanh(f) = 2·(f + f³/3 + f⁵/5 + …) for |f| ≤ 0.1716: ln((1 + f) / (1 - f)).
[[nodiscard]] constexpr double twice_atanh(double f) noexcept {
  const double s = f * f;
  const double s2 = s * s;
  const double s4 = s2 * s2;
  const double low = (1.0 / 3 + s * (1.0 / 5)) + s2 * (1.0 / 7 + s * (1.0 / 9));
  const double high = (1.0 / 11 + s * (1.0 / 13)) + s2 * (1.0 / 15 + s * (1.0 / 17));
  const double rest = 1.0 / 19 + s * (1.0 / 21);
  return 2.0 * f + 2.0 * f * (s * (low + s4 * (high + s4 * rest)));
}

// x as 2^exponent · mantissa, the mantissa between √½ and √2. Without branches or conversions between integers and
// floating point, so that compilers take several at a time.
struct Split {
  double exponent, mantissa;
};
[[nodiscard]] constexpr Split split(double x) noexcept {
  constexpr std::uint64_t sqrt_half = 0x3FE6'A09E'667F'3BCD, bias = std::uint64_t{1'023} << 52;
  constexpr std::uint64_t magic = 0x4330'0000'0000'0000;  // of 2^52, whose last bit counts ones
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t exponent = (bits - sqrt_half + bias) >> 52;
  return {std::bit_cast<double>(exponent | magic) - (0x1p52 + 1'023),
          std::bit_cast<double>(bits - (exponent << 52) + bias)};
}

}  // namespace exact_math

// Of a positive, normal number.
[[nodiscard]] constexpr double natural_log(double x) noexcept {
  const auto [exponent, mantissa] = exact_math::split(x);
  const double fraction = exact_math::twice_atanh((mantissa - 1.0) / (mantissa + 1.0));
  return exponent * exact_math::ln2_high + (exponent * exact_math::ln2_low + fraction);
}

// Of a number that is not negative.
[[nodiscard]] constexpr double natural_log1p(double x) noexcept {
  const auto [exponent, mantissa] = exact_math::split(1.0 + x);
  // Both ways are computed and one is chosen: without a branch between them compilers take several numbers at a time.
  const double above = mantissa - 1.0, below = mantissa + 1.0, near = 2.0 + x;
  const bool small = x < 0.4;  // then 1 + x would lose what x has
  const double e = small ? 0.0 : exponent;
  const double over = small ? x : above, under = small ? near : below;
  const double fraction = exact_math::twice_atanh(over / under);
  return e * exact_math::ln2_high + (e * exact_math::ln2_low + fraction);
}

// Of a number up to 700; 0 below -700.
[[nodiscard]] constexpr double natural_exp(double x) noexcept {
  constexpr double magic = 0x1.8p52;  // added, it leaves the nearest whole number in the last bits
  const double within = x < -700.0 ? -700.0 : x;
  const double shifted = within * 1.4426950408889634 + magic;
  const double n = shifted - magic;
  const double r = (within - n * exact_math::ln2_high) - n * exact_math::ln2_low;
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double low = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  const double middle = (1.0 / 720 + r * (1.0 / 5'040)) + r2 * (1.0 / 40'320 + r * (1.0 / 362'880));
  const double high = (1.0 / 3'628'800 + r * (1.0 / 39'916'800)) + r2 * (1.0 / 479'001'600 + r * (1.0 / 6'227'020'800));
  const double power = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)));
  const double scale = std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1'023) << 52);
  const double grown = power * scale;
  return x < -700.0 ? 0.0 : grown;
}

// ln(1 + n) of a count, as a column of a row: small ones are looked up.
[[nodiscard]] inline float log_count(std::uint64_t n) noexcept {
  static constexpr auto table = [] {
    std::array<float, 1'024> logs{};
    for (std::size_t i = 0; i < logs.size(); ++i) logs[i] = static_cast<float>(natural_log1p(static_cast<double>(i)));
    return logs;
  }();
  if (n < table.size()) return table[n];
  return static_cast<float>(natural_log1p(static_cast<double>(static_cast<std::int64_t>(n))));
}

}  // namespace neural_focus
