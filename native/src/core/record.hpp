// The 64-byte event record: one cache line, little-endian, no padding.
// neural_focus/events.py states the same layout for NumPy; tests/parity compares the two field by field.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

// clang-format off
// In the order of their numbers, from 1 on.
#define NEURAL_FOCUS_EVENT_TYPES(X) \
  X(key_press) X(key_release) X(mouse_move) X(mouse_click) \
  X(mouse_wheel) X(window_focus_change) X(window_title_change) X(window_minimize) \
  X(window_maximize) X(idle_start) X(idle_end) X(screen_lock) \
  X(screen_unlock) X(reserved_14) X(reserved_15)
// clang-format on

namespace neural_focus {

#define NEURAL_FOCUS_EVENT_TYPE(name) name,
enum class EventType : std::uint32_t { unknown, NEURAL_FOCUS_EVENT_TYPES(NEURAL_FOCUS_EVENT_TYPE) };
#undef NEURAL_FOCUS_EVENT_TYPE

inline constexpr std::uint32_t event_type_count = 16;
inline constexpr std::uint64_t min_timestamp_us = 946'684'800'000'000;    // 2000-01-01 UTC
inline constexpr std::uint64_t max_timestamp_us = 4'102'444'800'000'000;  // 2100-01-01 UTC

// Bits of KeyData::flags.
inline constexpr std::uint32_t key_shift = 1U << 0;
inline constexpr std::uint32_t key_ctrl = 1U << 1;
inline constexpr std::uint32_t key_alt = 1U << 2;
inline constexpr std::uint32_t key_meta = 1U << 3;
inline constexpr std::uint32_t key_auto_repeat = 1U << 8;
inline constexpr std::uint32_t key_redacted = 1U << 9;
inline constexpr std::uint32_t key_class_shift = 16;
enum class KeyClass : std::uint32_t { unknown, text, deleting, navigation, modifier, function, enter_tab };

// Bit of a title change's flags: it merely announces the title after a focus change.
inline constexpr std::uint32_t title_announced = 1U << 16;

struct KeyData {
  std::uint32_t virtual_key_code;  // zero outside the capture callback
  std::uint32_t scan_code;         // zero outside the capture callback
  std::uint32_t flags;
};
struct MouseMoveData {
  std::int32_t x, y;
  std::uint32_t speed_pps;  // pixels/s since the move before; 0 without one or after more than 1 s
};
struct MouseClickData {
  std::int32_t x, y;
  std::uint32_t button;  // 1 left, 2 right, 3 middle, 4+ extra
};
struct MouseWheelData {
  std::int32_t x, y;
  std::int32_t delta;  // 120 = one notch, positive away from the user
};
struct WindowFocusData {
  std::uint32_t old_window, new_window, category_hint;
};
struct WindowTitleData {
  std::uint32_t title_id, title_length, flags;  // length in code points
};
struct IdleData {
  std::uint32_t idle_duration_ms, reserved[2];
};

struct alignas(64) Event {
  std::uint64_t timestamp_us;  // since the Unix epoch, UTC
  std::uint32_t event_type;
  std::uint32_t process_id;
  char app_name[32];  // UTF-8, NUL-terminated
  std::uint32_t window_handle;
  union {
    KeyData key;
    MouseMoveData mouse_move;
    MouseClickData mouse_click;
    MouseWheelData mouse_wheel;
    WindowFocusData window_focus;
    WindowTitleData window_title;
    IdleData idle;
    std::uint8_t raw[12];
  } data;
};

static_assert(std::endian::native == std::endian::little, "records are little-endian in memory");
static_assert(sizeof(Event) == 64 && alignof(Event) == 64);
static_assert(std::is_trivially_copyable_v<Event> && std::is_standard_layout_v<Event>);
static_assert(offsetof(Event, timestamp_us) == 0 && offsetof(Event, event_type) == 8);
static_assert(offsetof(Event, process_id) == 12 && offsetof(Event, app_name) == 16);
static_assert(offsetof(Event, window_handle) == 48 && offsetof(Event, data) == 52);

}  // namespace neural_focus
