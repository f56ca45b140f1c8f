// The features of the user's contract, in the order of the columns: one list for enumerators and names.
// neural_focus/features.py has the same names (a test compares).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// clang-format off
#define NEURAL_FOCUS_FEATURES(X) \
  X(seconds_since_session_start) \
  X(hour_of_day) \
  X(day_of_week) \
  X(minutes_since_last_break) \
  X(keystroke_count) \
  X(keystroke_rate) \
  X(keystroke_interval_mean) \
  X(keystroke_interval_std) \
  X(keystroke_interval_trend) \
  X(mouse_move_count) \
  X(mouse_distance_pixels) \
  X(mouse_speed_mean) \
  X(mouse_speed_std) \
  X(mouse_acceleration_mean) \
  X(mouse_click_count) \
  X(context_switches_30s) \
  X(context_switches_5min) \
  X(time_in_current_app) \
  X(unique_apps_5min) \
  X(idle_time_30s) \
  X(idle_event_count_5min) \
  X(longest_active_stretch_5min) \
  X(window_title_length) \
  X(window_title_changed_30s) \
  X(is_browser) \
  X(is_ide) \
  X(is_communication) \
  X(is_entertainment) \
  X(is_productivity) \
  X(focus_momentum) \
  X(productivity_category) \
  X(is_pseudo_productive)
// clang-format on

namespace neural_focus {

#define NEURAL_FOCUS_ENUMERATOR(name) name,
#define NEURAL_FOCUS_NAME(name) #name,

enum Feature : std::size_t { NEURAL_FOCUS_FEATURES(NEURAL_FOCUS_ENUMERATOR) feature_count };

inline constexpr std::array<std::string_view, feature_count> feature_names{NEURAL_FOCUS_FEATURES(NEURAL_FOCUS_NAME)};

inline constexpr std::size_t sequence_length = 10;

}  // namespace neural_focus
