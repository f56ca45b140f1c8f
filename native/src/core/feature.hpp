// The feature list in the order of the columns; neural_focus/features.py has the same names (a test compares).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace neural_focus {

enum Feature : std::size_t {
  seconds_since_session_start,
  hour_of_day,
  day_of_week,
  minutes_since_last_break,
  keystroke_count,
  keystroke_rate,
  keystroke_interval_mean,
  keystroke_interval_std,
  keystroke_interval_trend,
  mouse_move_count,
  mouse_distance_pixels,
  mouse_speed_mean,
  mouse_speed_std,
  mouse_acceleration_mean,
  mouse_click_count,
  context_switches_30s,
  context_switches_5min,
  time_in_current_app,
  unique_apps_5min,
  idle_time_30s,
  idle_event_count_5min,
  longest_active_stretch_5min,
  window_title_length,
  window_title_changed_30s,
  is_browser,
  is_ide,
  is_communication,
  is_entertainment,
  is_productivity,
  focus_momentum,
  productivity_category,
  is_pseudo_productive,
  feature_count,
};

inline constexpr std::array<std::string_view, feature_count> feature_names{
    "seconds_since_session_start",
    "hour_of_day",
    "day_of_week",
    "minutes_since_last_break",
    "keystroke_count",
    "keystroke_rate",
    "keystroke_interval_mean",
    "keystroke_interval_std",
    "keystroke_interval_trend",
    "mouse_move_count",
    "mouse_distance_pixels",
    "mouse_speed_mean",
    "mouse_speed_std",
    "mouse_acceleration_mean",
    "mouse_click_count",
    "context_switches_30s",
    "context_switches_5min",
    "time_in_current_app",
    "unique_apps_5min",
    "idle_time_30s",
    "idle_event_count_5min",
    "longest_active_stretch_5min",
    "window_title_length",
    "window_title_changed_30s",
    "is_browser",
    "is_ide",
    "is_communication",
    "is_entertainment",
    "is_productivity",
    "focus_momentum",
    "productivity_category",
    "is_pseudo_productive",
};

inline constexpr std::size_t sequence_length = 10;

}  // namespace neural_focus
