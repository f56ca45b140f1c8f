// What a model reads of a stream beside the user's contract, in the order of the columns: one list for enumerators and
// names. docs/features.md says what each one is.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/feature.hpp"
#include "core/record.hpp"

// clang-format off
#define NEURAL_FOCUS_STAY_INPUTS(X) \
  X(stay_log_s) X(switches_decayed_15s) X(switches_decayed_30s) X(switches_decayed_60s) X(switches_decayed_120s) \
  X(switches_decayed_300s) X(switches_decayed_900s) X(switches_decayed_3600s) X(switches_decayed_14400s) \
  X(switches_decayed_86400s) X(switches_decayed_604800s) X(switch_rate_900s) X(switch_rate_3600s) \
  X(switch_rate_86400s) X(switch_rate_604800s) X(stay_before_1_log_s) X(stay_before_2_log_s) X(stay_before_3_log_s) \
  X(stay_before_4_log_s) X(stays_before_5_log_s) X(stays_before_10_log_s) X(app_stays) X(app_usual_log_s) \
  X(app_spread_log_s) X(app_away_log_s) X(app_last_log_s) X(app_in_last_20) X(app_overstay) X(pair_stays) \
  X(pair_usual_log_s) X(came_back) X(alternating) X(apps_in_last_5) X(apps_in_last_10) X(apps_in_last_20) \
  X(previous_app_usual_log_s) X(previous_app_stays) X(usual_log_s) X(hazard_all) X(hazard_app) X(hazard_app_stays)
#define NEURAL_FOCUS_TALLY_INPUTS(X) \
  X(keystroke_age_log_s) X(mouse_move_age_log_s) X(mouse_click_age_log_s) X(keystroke_count_3s) \
  X(mouse_move_count_3s) X(mouse_click_count_3s) X(keystroke_count_10s) X(mouse_move_count_10s) \
  X(mouse_click_count_10s) X(keystroke_count_30s) X(mouse_move_count_30s) X(mouse_click_count_30s) \
  X(keystroke_count_60s) X(mouse_move_count_60s) X(mouse_click_count_60s) X(keystroke_count_120s) \
  X(mouse_move_count_120s) X(mouse_click_count_120s) X(keystroke_count_300s) X(mouse_move_count_300s) \
  X(mouse_click_count_300s) X(keystroke_count_900s) X(mouse_move_count_900s) X(mouse_click_count_900s) \
  X(keystroke_count_stay) X(mouse_move_count_stay) X(mouse_click_count_stay) X(keystroke_rate_stay) \
  X(mouse_move_rate_stay) X(mouse_click_rate_stay) X(keystroke_quiet) X(mouse_move_quiet) X(mouse_click_quiet) \
  X(typing_seconds_10s) X(typing_seconds_30s) X(typing_seconds_60s) X(typing_seconds_120s) X(typing_seconds_300s) \
  X(typing_tempo_10s) X(typing_tempo_30s) X(typing_tempo_60s) X(typing_tempo_120s) X(typing_tempo_300s) \
  X(typing_tempo_spread_10s) X(typing_tempo_spread_30s) X(typing_tempo_spread_60s) X(typing_tempo_spread_120s) \
  X(typing_tempo_spread_300s) X(mouse_path_1s) X(mouse_path_3s) X(mouse_path_10s) X(mouse_path_30s) \
  X(mouse_path_60s) X(mouse_path_120s) X(mouse_path_300s) X(mouse_path_900s)
#define NEURAL_FOCUS_POINTER_INPUTS(X) \
  X(input_age_log_s) X(pointer_x) X(pointer_y) X(is_idle)
// A column of the user's contract (F) or of these inputs (I) that is told against the person's own average, too.
#define NEURAL_FOCUS_COMPARED(F, I) \
  F(keystroke_interval_mean) F(keystroke_interval_std) F(mouse_speed_mean) F(mouse_speed_std) F(keystroke_count) \
  F(mouse_move_count) F(mouse_click_count) F(mouse_distance_pixels) F(context_switches_30s) \
  F(context_switches_5min) F(idle_time_30s) \
  I(typing_tempo_30s) I(typing_tempo_120s) I(typing_tempo_300s) I(typing_tempo_spread_30s) \
  I(typing_tempo_spread_120s) I(typing_tempo_spread_300s) I(typing_seconds_60s) I(mouse_path_60s) \
  I(mouse_path_300s)
// clang-format on

namespace neural_focus {

#define NEURAL_FOCUS_RECENT(name) recent_##name,
#define NEURAL_FOCUS_RECENT_NAME(name) "recent_" #name,
#define NEURAL_FOCUS_UNUSUAL(name) name##_unusual,
#define NEURAL_FOCUS_UNUSUAL_NAME(name) #name "_unusual",

namespace input {
enum Index : std::size_t {
  NEURAL_FOCUS_STAY_INPUTS(NEURAL_FOCUS_ENUMERATOR)                  // the stays in apps
  NEURAL_FOCUS_TALLY_INPUTS(NEURAL_FOCUS_ENUMERATOR)                 // keys, moves, clicks, the pointer's way
  NEURAL_FOCUS_POINTER_INPUTS(NEURAL_FOCUS_ENUMERATOR)               // any input, where the last move ended, idle
  NEURAL_FOCUS_EVENT_TYPES(NEURAL_FOCUS_RECENT)                      // how often among the last ten in the session
  NEURAL_FOCUS_COMPARED(NEURAL_FOCUS_UNUSUAL, NEURAL_FOCUS_UNUSUAL)  // deviations from the person's own average
  count,
};
}  // namespace input

inline constexpr std::size_t input_count = input::count;

inline constexpr std::array<std::string_view, input_count> input_names{
    NEURAL_FOCUS_STAY_INPUTS(NEURAL_FOCUS_NAME) NEURAL_FOCUS_TALLY_INPUTS(NEURAL_FOCUS_NAME)
        NEURAL_FOCUS_POINTER_INPUTS(NEURAL_FOCUS_NAME) NEURAL_FOCUS_EVENT_TYPES(NEURAL_FOCUS_RECENT_NAME)
            NEURAL_FOCUS_COMPARED(NEURAL_FOCUS_UNUSUAL_NAME, NEURAL_FOCUS_UNUSUAL_NAME)};

}  // namespace neural_focus
