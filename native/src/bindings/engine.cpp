// neural_focus._native.Engine and validate(): arrays in, arrays out, the GIL released in between.
#include "core/engine.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <tuple>

#include "arrays.hpp"
#include "bindings.hpp"
#include "buffer.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus {
namespace {

using Times = nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>>;
using Rows = nb::ndarray<nb::numpy, float, nb::shape<-1, feature_count>>;
using Sequences = nb::ndarray<nb::numpy, std::uint8_t, nb::shape<-1, sequence_length>>;
using Columns = std::tuple<Times, Rows, Sequences>;
using InputValues = nb::ndarray<nb::numpy, float, nb::shape<-1, input_count>>;
using AppNames = nb::ndarray<nb::numpy, std::uint8_t, nb::shape<-1, 2, sizeof(AppName)>>;
using InputColumns = std::tuple<Times, InputValues, AppNames>;
using TransitionTimes = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Offsets = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename T>
nb::capsule own(T* data) {
  return nb::capsule{data, [](void* pointer) noexcept { std::free(pointer); }};
}

Columns to_numpy(Snapshots snapshots) {
  snapshots.reserve(1);  // an empty array needs an address too
  const std::size_t count = snapshots.count;
  auto* times = snapshots.times_us.release();
  Times time_column{times, {count}, own(times)};
  auto* features = snapshots.features.release();
  Rows rows{features, {count, feature_count}, own(features)};
  auto* sequence = snapshots.sequence.release();
  Sequences sequences{sequence, {count, sequence_length}, own(sequence)};
  return {std::move(time_column), std::move(rows), std::move(sequences)};
}

InputColumns to_numpy(InputRows rows) {
  rows.reserve(1);
  const std::size_t count = rows.count;
  auto* times = rows.times_us.release();
  Times time_column{times, {count}, own(times)};
  auto* values = rows.values.release();
  InputValues value_rows{values, {count, input_count}, own(values)};
  auto* apps = reinterpret_cast<std::uint8_t*>(rows.apps.release());
  AppNames names{apps, {count, 2, sizeof(AppName)}, own(apps)};
  return {std::move(time_column), std::move(value_rows), std::move(names)};
}

ZoneTable to_zone(const TransitionTimes& transitions, const Offsets& offsets) {
  return {{transitions.data(), transitions.data() + transitions.size()},
          {offsets.data(), offsets.data() + offsets.size()}};
}

// How stays tell apps apart: neural_focus.apps.stored_id, called while an engine works without the GIL.
AppName stored_id(const AppName& name) {
  const nb::gil_scoped_acquire held;
  static const auto* stored = new nb::object{nb::module_::import_("neural_focus.apps").attr("stored_id")};
  const nb::bytes given{reinterpret_cast<const char*>(name.words), sizeof name.words};
  const auto id = nb::cast<nb::bytes>((*stored)(given));
  AppName made{};
  std::memcpy(made.words, id.c_str(), std::min(id.size(), sizeof made.words));
  return made;
}

// One engine and the lock that keeps two Python threads out of it while the GIL is released.
class BoundEngine {
  template <typename Work>
  auto run(Work&& work) {
    const nb::gil_scoped_release released;
    const std::lock_guard guard{lock_};
    return work(engine_);
  }

 public:
  BoundEngine(const TransitionTimes& transitions, const Offsets& offsets, std::uint32_t inputs_every_s,
              bool reports_changes)
      : BoundEngine{Engine{to_zone(transitions, offsets), inputs_every_s, reports_changes}} {}
  explicit BoundEngine(Engine engine) : engine_{std::move(engine)} { engine_.tell_apps_apart_by(&stored_id); }
  BoundEngine(BoundEngine&& other) noexcept : engine_{std::move(other.engine_)} {}

  Columns push(nb::handle records, nb::handle controls) {
    const EventBuffer events{records};
    std::vector<Control> steps;
    if (!controls.is_none()) steps = read_controls(controls);
    return to_numpy(run([&](Engine& engine) {
      engine.push(events.data(), events.count(), steps);
      return engine.take_snapshots();
    }));
  }
  Columns close_until(std::int64_t time_us) {
    return to_numpy(run([&](Engine& engine) {
      engine.close_until(time_us);
      return engine.take_snapshots();
    }));
  }
  std::int64_t apply(ControlKind kind, std::int64_t time_us, double value) {
    const std::int64_t used_us = run([&](Engine& engine) { return engine.apply({time_us, kind, value}); });
    if (used_us < 0) {
      raise_format_error("a control cannot be used",
                         "time " + std::to_string(time_us) + " µs, value " + std::to_string(value),
                         "Give µs since 1970 (UTC) from 2000 to 2099, and a finite score");
    }
    return used_us;
  }
  void set_zone(const TransitionTimes& transitions, const Offsets& offsets) {
    run([zone = to_zone(transitions, offsets)](Engine& engine) mutable { engine.set_zone(std::move(zone)); });
  }
  InputColumns inputs() {
    return to_numpy(run([](Engine& engine) { return engine.take_inputs(); }));
  }
  nb::object changes() {
    return to_array(run([](Engine& engine) { return engine.take_changes(); }), "neural_focus.replay", "CHANGE_DTYPE");
  }
  nb::list sessions() {
    nb::list changes;
    for (const auto& change : run([](Engine& engine) { return engine.take_sessions(); })) {
      changes.append(nb::make_tuple(change.start_us, change.end_us, change.natural));
    }
    return changes;
  }
  nb::dict counters() {
    const Counters now = run([](Engine& engine) { return engine.counters(); });
    nb::dict named;
    named["events"] = now.events;
    named["snapshots"] = now.snapshots;
    named["clamped"] = now.clamped;
    named["late"] = now.late;
    for (std::size_t i = 1; i < fault_count; ++i) named[fault_names[i].data()] = now.rejected[i];
    named["rejected_controls"] = now.rejected_controls;
    named["idle_merged"] = now.idle_merged;
    named["apps_forgotten"] = now.apps_forgotten;
    named["stays_forgotten"] = now.stays_forgotten;
    return named;
  }
  nb::bytes save() {
    const auto saved = run([](Engine& engine) { return engine.save(); });
    return nb::bytes{reinterpret_cast<const char*>(saved.data()), saved.size()};
  }
  static BoundEngine load(nb::handle saved) {
    const Buffer bytes{saved, 1, "a saved engine"};
    try {
      return BoundEngine{Engine::load({bytes.data(), bytes.count()})};
    } catch (const std::invalid_argument& error) {
      raise_format_error("a saved engine cannot be used", error.what(), "Compute it again from the events");
    }
  }

 private:
  static std::vector<Control> read_controls(nb::handle controls) {
    constexpr std::size_t control_bytes = 24;
    const Buffer rows{controls, control_bytes, "a control array"};
    std::vector<Control> steps(rows.count());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::byte* row = rows.data() + i * control_bytes;
      steps[i] = {load_field<std::int64_t>(row), static_cast<ControlKind>(load_field<std::uint32_t>(row + 8)),
                  load_field<double>(row + 16)};
    }
    return steps;
  }
  template <typename T>
  static T load_field(const std::byte* at) noexcept {
    return neural_focus::load<T>(at);
  }

  Engine engine_;
  std::mutex lock_;
};

nb::tuple validate_records(nb::handle records) {
  const EventBuffer events{records};
  auto* good = static_cast<bool*>(std::malloc(events.count() + 1));
  if (good == nullptr) throw std::bad_alloc{};
  const nb::ndarray<nb::numpy, bool, nb::ndim<1>> mask{good, {events.count()}, own(good)};
  std::array<std::uint64_t, fault_count> faults{};
  {
    const nb::gil_scoped_release released;
    faults = validate(events.data(), events.count(), good);
  }
  nb::dict reasons;
  for (std::size_t i = 1; i < fault_count; ++i) {
    if (faults[i] > 0) reasons[fault_names[i].data()] = faults[i];
  }
  return nb::make_tuple(mask, reasons);
}

constexpr const char* columns_type =
    "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8]]";

constexpr const char* inputs_signature =
    "def inputs(self) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32], "
    "numpy.typing.NDArray[numpy.uint8]]";

const std::string push_signature =
    std::string{
        "def push(self, records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void], controls: "
        "numpy.typing.NDArray[numpy.void] | None = None) -> "} +
    columns_type;
const std::string close_signature = std::string{"def close_until(self, t_us: int) -> "} + columns_type;

}  // namespace

void bind_engine(nb::module_& module) {
  module.def(
      "feature_names", [] { return std::vector<std::string>(feature_names.begin(), feature_names.end()); },
      "Names of the columns of a snapshot, in order.");
  module.def(
      "input_names", [] { return std::vector<std::string>(input_names.begin(), input_names.end()); },
      "Names of the columns of a row of inputs, in order.");
  module.def("validate", &validate_records, "records"_a,
             nb::sig("def validate(records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void]) -> "
                     "tuple[numpy.typing.NDArray[numpy.bool_], dict[str, int]]"),
             "Which records are good, bool[n], and how many are bad by reason.");
  nb::class_<BoundEngine>(module, "Engine",
                          "Features of one stream, second by second. Records and controls come in time order.")
      .def(
          nb::init<const TransitionTimes&, const Offsets&, std::uint32_t, bool>(), "transitions_us"_a, "offsets_s"_a,
          "inputs_every_s"_a = 0, "reports_changes"_a = false,
          nb::sig("def __init__(self, transitions_us: numpy.typing.NDArray[numpy.int64], offsets_s: "
                  "numpy.typing.NDArray[numpy.int32], inputs_every_s: int = 0, reports_changes: bool = False) -> None"),
          "transitions_us: int64[k], ascending; offsets_s: int32[k], local time minus UTC from there on. "
          "inputs_every_s: a row of inputs goes with the snapshots of its whole multiples; 0: with none. "
          "reports_changes: whether changes() has rows.")
      .def("push", &BoundEngine::push, "records"_a, "controls"_a = nb::none(), nb::sig(push_signature.c_str()),
           "Takes records (EVENT_DTYPE[n], or bytes) merged with controls (CONTROL_DTYPE[k]); returns the snapshots "
           "that closed: timestamps_us int64[m], features float32[m,32], sequence uint8[m,10].")
      .def("close_until", &BoundEngine::close_until, "t_us"_a, nb::sig(close_signature.c_str()),
           "Closes the seconds up to t_us and returns the snapshots that closed, as push does.")
      .def(
          "start_session", [](BoundEngine& e, std::int64_t t) { return e.apply(ControlKind::session_start, t, 0); },
          "t_us"_a, "A timed session begins. Returns the time used.")
      .def(
          "end_session", [](BoundEngine& e, std::int64_t t) { return e.apply(ControlKind::session_end, t, 0); },
          "t_us"_a, "The timed session ends and a natural one begins. Returns the time used.")
      .def(
          "break_accepted", [](BoundEngine& e, std::int64_t t) { return e.apply(ControlKind::break_accepted, t, 0); },
          "t_us"_a, "The person accepted a suggested break. Returns the time used.")
      .def(
          "focus_score",
          [](BoundEngine& e, std::int64_t t, double s) { return e.apply(ControlKind::focus_score, t, s); }, "t_us"_a,
          "score"_a, "Score (0-100) of the prediction at t_us, for later snapshots. Returns the time used.")
      .def(
          "restart", [](BoundEngine& e, std::int64_t t) { return e.apply(ControlKind::restart, t, 0); }, "t_us"_a,
          "The agent started: what is idle ends. Returns the time used.")
      .def(
          "set_back", [](BoundEngine& e, std::int64_t t) { return e.apply(ControlKind::set_back, t, 0); }, "t_us"_a,
          "The agent started after the clock was set back: everything begins anew. Returns the time used.")
      .def("set_zone", &BoundEngine::set_zone, "transitions_us"_a, "offsets_s"_a,
           nb::sig("def set_zone(self, transitions_us: numpy.typing.NDArray[numpy.int64], offsets_s: "
                   "numpy.typing.NDArray[numpy.int32]) -> None"),
           "Another time zone table, from the next snapshot on.")
      .def("inputs", &BoundEngine::inputs, nb::sig(inputs_signature),
           "Rows of inputs written since the last call: timestamps_us int64[m], values float32[m, len(input_names())], "
           "apps uint8[m, 2, 32]: the ids of the app that holds the focus and of the one before.")
      .def("changes", &BoundEngine::changes, nb::sig("def changes(self) -> numpy.typing.NDArray[numpy.void]"),
           "What happened, as it became known since the last call: CHANGE_DTYPE[m] (neural_focus.replay).")
      .def("sessions", &BoundEngine::sessions, nb::sig("def sessions(self) -> list[tuple[int, int, bool]]"),
           "Sessions that began (end -1) or ended since the last call: (start_us, end_us, natural).")
      .def("counters", &BoundEngine::counters, nb::sig("def counters(self) -> dict[str, int]"),
           "Totals: events, snapshots, clamped, late, and what was put aside by reason.")
      .def("save", &BoundEngine::save, "The whole state, at most 128 KB besides what was not yet taken out.")
      .def_static("load", &BoundEngine::load, "saved"_a,
                  nb::sig("def load(saved: bytes | bytearray | memoryview) -> Engine"),
                  "The engine that was saved. Raises FormatError for foreign or damaged bytes.");
}

}  // namespace neural_focus
