#include "core/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <nmmintrin.h>
#define NEURAL_FOCUS_SSE42_CRC 1
#endif

namespace neural_focus {
namespace {

constexpr std::uint32_t reflected_polynomial = 0x82F63B78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? reflected_polynomial : 0);
    table[byte] = value;
  }
  return table;
}
constexpr auto table = make_table();

#ifdef NEURAL_FOCUS_SSE42_CRC
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const void* data, std::size_t size,
                                                               std::uint32_t before) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t sum = ~before;
  for (; size >= 8; size -= 8, bytes += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, 8);
    sum = _mm_crc32_u64(sum, word);
  }
  auto rest = static_cast<std::uint32_t>(sum);
  for (; size > 0; --size, ++bytes) rest = _mm_crc32_u8(rest, *bytes);
  return ~rest;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(const void* data, std::size_t size, std::uint32_t before) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t sum = ~before;
  for (std::size_t index = 0; index < size; ++index) sum = (sum >> 8) ^ table[(sum ^ bytes[index]) & 0xFF];
  return ~sum;
}

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t before) noexcept {
#ifdef NEURAL_FOCUS_SSE42_CRC
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return by_instruction(data, size, before);
#endif
  return crc32c_by_table(data, size, before);
}

}  // namespace neural_focus
