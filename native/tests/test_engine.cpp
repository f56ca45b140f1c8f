// The engine under sanitizers, without Python: a million hostile records with controls, saves and restores.
// Prints a digest of every bit that came out: it must be the same with any chunking, compiler and system.
#include "core/engine.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using namespace neural_focus;

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::exit(1);
}

// SplitMix64: the same numbers everywhere, which the library's distributions do not promise.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_{seed} {}
  std::uint64_t roll() {
    std::uint64_t z = (state_ += 0x9E37'79B9'7F4A'7C15);
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return roll() % limit; }

 private:
  std::uint64_t state_;
};

constexpr std::uint32_t inputs_every_s = 3;
constexpr std::uint64_t start_us = 1'700'000'000'000'000;

Event hostile_record(Dice& dice, std::uint64_t& now_us) {
  Event event{};
  constexpr std::uint64_t steps_us[] = {0, 1, 999, 1'000, 20'000, 170'000, 999'999, 1'000'000, 31'000'000, 901'000'000};
  const std::uint64_t which = dice.below(1000);
  now_us += which < 990 ? steps_us[which % 6] : steps_us[which % 10];
  event.timestamp_us = now_us;
  event.event_type = static_cast<std::uint32_t>(1 + dice.below(15));
  std::snprintf(event.app_name, sizeof event.app_name, "app %u", static_cast<unsigned>(dice.below(40)));
  for (std::size_t i = 0; i < 12; i += 4) {
    const auto word = static_cast<std::uint32_t>(dice.roll() >> dice.below(64));
    std::memcpy(event.data.raw + i, &word, sizeof word);
  }
  switch (dice.below(200)) {
    case 0: event.event_type = static_cast<std::uint32_t>(dice.roll()); break;
    case 1: event.timestamp_us = dice.roll(); break;
    case 2: event.timestamp_us -= dice.below(2'000'000); break;
    case 3:
      for (char& letter : event.app_name) letter = static_cast<char>(dice.roll());
      break;
    default: break;
  }
  return event;
}

Control any_control(Dice& dice, std::uint64_t now_us) {
  const auto kind = static_cast<ControlKind>(dice.below(8));
  return {static_cast<std::int64_t>(now_us - 500'000 + dice.below(1'000'000)), kind,
          static_cast<double>(dice.below(101))};
}

class Digest {
 public:
  void add(Engine& engine) {
    const Snapshots closed = engine.take_snapshots();
    add(closed.times_us.data(), closed.count * sizeof(std::int64_t));
    add(closed.features.data(), closed.count * feature_count * sizeof(float));
    add(closed.sequence.data(), closed.count * sequence_length);
    count_ += closed.count;
    const InputRows inputs = engine.take_inputs();
    add(inputs.times_us.data(), inputs.count * sizeof(std::int64_t));
    add(inputs.values.data(), inputs.count * input_count * sizeof(float));
    add(inputs.apps.data(), inputs.count * 2 * sizeof(AppName));
    const std::vector<Change> changes = engine.take_changes();
    add(changes.data(), changes.size() * sizeof(Change));
  }
  [[nodiscard]] std::uint64_t value() const {
    return hash_[0] ^ hash_[1] ^ hash_[2] ^ hash_[3] ^ hash_[4] ^ hash_[5] ^ hash_[6];
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  void add(const void* bytes, std::size_t size) {
    auto& hash = hash_[column_++ % 7];
    for (std::size_t i = 0; i < size; ++i) {
      hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100'0000'01b3;
    }
  }
  std::uint64_t hash_[7] = {1, 2, 3, 4, 5, 6, 7};
  std::uint64_t count_ = 0;
  unsigned column_ = 0;
};

const std::byte* as_bytes(const Event* events) { return reinterpret_cast<const std::byte*>(events); }

ZoneTable some_zone() { return {{0, 1'711'846'800'000'000}, {3600, 7200}}; }

// Whole batches, controls merged in by the engine.
std::uint64_t run_whole(const std::vector<Event>& events, const std::vector<Control>& controls) {
  Engine engine{some_zone(), inputs_every_s, true};
  Digest digest;
  engine.push(as_bytes(events.data()), events.size(), controls);
  engine.close_until(std::numeric_limits<std::int64_t>::max());
  digest.add(engine);
  const Counters counted = engine.counters();
  std::uint64_t rejected = 0;
  for (const std::uint64_t count : counted.rejected) rejected += count;
  check(counted.events + rejected == events.size(), "every record is taken or counted");
  check(counted.snapshots == digest.count(), "every snapshot is handed out");
  std::printf("%" PRIu64 " events, %" PRIu64 " put aside, %" PRIu64 " snapshots\n", counted.events, rejected,
              counted.snapshots);
  return digest.value();
}

// Small pieces, the engine saved and restored between them.
std::uint64_t run_in_pieces(const std::vector<Event>& events, Dice dice) {
  Engine engine{some_zone(), inputs_every_s, true};
  Digest digest;
  for (std::size_t done = 0; done < events.size();) {
    const auto piece = std::min<std::size_t>(dice.below(700), events.size() - done);
    engine.push(as_bytes(events.data() + done), piece);
    done += piece;
    digest.add(engine);
    if (dice.below(50) == 0) {
      const std::vector<std::byte> saved = engine.save();
      check(saved.size() <= 128 * 1024, "the state stays small");
      engine = Engine::load(saved);
    }
  }
  engine.close_until(std::numeric_limits<std::int64_t>::max());
  digest.add(engine);
  return digest.value();
}

void refuse_damage() {
  Dice dice{5};
  std::uint64_t now_us = start_us;
  Engine engine{some_zone(), inputs_every_s, true};
  for (int i = 0; i < 2'000; ++i) {
    const Event event = hostile_record(dice, now_us);
    engine.push(as_bytes(&event), 1);
  }
  const std::vector<std::byte> saved = engine.save();
  for (int i = 0; i < 200; ++i) {
    std::vector<std::byte> damaged = saved;
    damaged[dice.below(damaged.size())] ^= static_cast<std::byte>(1 + dice.below(255));
    if (dice.below(2) == 0) damaged.resize(dice.below(damaged.size()));
    bool refused = false;
    try {
      (void)Engine::load(damaged);
    } catch (const std::invalid_argument&) { refused = true; }
    check(refused, "a damaged state is refused");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  Dice dice{42};
  std::uint64_t now_us = start_us;
  std::vector<Event> events;
  std::vector<Control> controls;
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back(hostile_record(dice, now_us));
    if (dice.below(500) == 0) controls.push_back(any_control(dice, now_us));
  }
  const std::uint64_t with_controls = run_whole(events, controls);
  const std::uint64_t whole = run_whole(events, {});
  check(run_in_pieces(events, Dice{7}) == run_in_pieces(events, Dice{8}), "any chunking gives the same bits");
  refuse_damage();
  std::printf("digest %016" PRIx64 " %016" PRIx64 "\n", with_controls, whole);
}
