// A saved engine: magic, version, then every field in one order, closed by a checksum.
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/engine.hpp"

namespace neural_focus {
namespace {

constexpr std::uint64_t magic = 0x31'45'4E'49'47'4E'45'4E;  // "NENGINE1" in memory
constexpr std::uint32_t version = 4;
constexpr std::size_t column_count = feature_count + input_count;

// FNV-1a: finds damage, not intent.
std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100'0000'01b3;
  return hash;
}

class Writer {
 public:
  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (write(&fields, sizeof fields), ...);
  }
  template <typename Queue>
  void queue(const Queue& queue) {
    (*this)(static_cast<std::uint64_t>(queue.size()));
    for (std::size_t i = 0; i < queue.size(); ++i) (*this)(queue[i]);
  }
  template <typename T>
  void array(const T* values, std::size_t count) {
    write(values, count * sizeof(T));
  }
  void check(bool) const noexcept {}
  std::vector<std::byte> bytes;

 private:
  void write(const void* from, std::size_t size) {
    const auto* start = static_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), start, start + size);
  }
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : left_{bytes} {}

  template <typename... Fields>
  void operator()(Fields&... fields) {
    (read(&fields, sizeof fields), ...);
  }
  template <typename Queue>
  void queue(Queue& queue) {
    std::uint64_t size = 0;
    (*this)(size);
    for (std::uint64_t i = 0; i < size; ++i) {
      if (queue.full()) throw std::invalid_argument("a saved engine has a queue that is too long");
      typename Queue::value_type value{};
      (*this)(value);
      queue.push_back(value);
    }
  }
  template <typename T>
  void array(T* values, std::size_t count) {
    if (count > left_.size() / sizeof(T)) read(values, left_.size() + 1);
    read(values, count * sizeof(T));
  }
  void check(bool holds) const {
    if (!holds) throw std::invalid_argument("a saved engine has a number out of range");
  }
  [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }

 private:
  void read(void* to, std::size_t size) {
    if (size > left_.size()) throw std::invalid_argument("a saved engine ends in the middle");
    if (size > 0) std::memcpy(to, left_.data(), size);
    left_ = left_.subspan(size);
  }
  std::span<const std::byte> left_;
};

}  // namespace

template <typename Archive>
void Engine::archive(Archive& archive) {
  archive(open_second_, last_us_, events_, sequence_, counts_, keys_, mouse_);
  archive(session_start_us_, last_switch_us_, last_break_end_us_, hint_, title_length_, in_session_, timed_);
  archive(in_break_, has_score_, momentum_, score_, previous_snapshot_s_);
  archive(snapshots_, clamped_, late_, rejected_controls_, rejected_, short_counts_, long_switches_);
  idle_.archive(archive);
  apps_.archive(archive);
  archive(last_input_us_, last_click_us_, idle_since_us_, inputs_every_s_, reports_changes_, held_);
  tally_.archive(archive);
  stays_.archive(archive);
  average_.archive(archive);
}

std::vector<std::byte> Engine::save() const {
  Writer writer;
  writer(magic, version, static_cast<std::uint32_t>(column_count));
  const ZoneTable& zone = calendar_.zone();
  writer(static_cast<std::uint64_t>(zone.from_us.size()));
  writer.array(zone.from_us.data(), zone.from_us.size());
  writer.array(zone.offset_s.data(), zone.offset_s.size());
  const_cast<Engine*>(this)->archive(writer);  // a Writer only reads
  writer(static_cast<std::uint64_t>(closed_.count));
  writer.array(closed_.times_us.data(), closed_.count);
  writer.array(closed_.features.data(), closed_.count * feature_count);
  writer.array(closed_.sequence.data(), closed_.count * sequence_length);
  writer(static_cast<std::uint64_t>(inputs_.count));
  writer.array(inputs_.times_us.data(), inputs_.count);
  writer.array(inputs_.values.data(), inputs_.count * input_count);
  writer.array(inputs_.apps.data(), inputs_.count * 2);
  writer(static_cast<std::uint64_t>(sessions_.size()));
  for (const SessionChange& change : sessions_) {
    writer(change.start_us, change.end_us, static_cast<std::uint64_t>(change.natural));
  }
  writer(static_cast<std::uint64_t>(changes_.size()));
  writer.array(changes_.data(), changes_.size());
  writer(checksum(writer.bytes));
  return std::move(writer.bytes);
}

Engine Engine::load(std::span<const std::byte> saved) {
  std::uint64_t found_magic = 0, found_checksum = 0;
  std::uint32_t found_version = 0, found_features = 0;
  Reader reader{saved};
  reader(found_magic, found_version, found_features);
  if (found_magic != magic) throw std::invalid_argument("these bytes are no saved engine");
  if (found_version != version || found_features != column_count) {
    throw std::invalid_argument("a saved engine of version " + std::to_string(found_version) + " with " +
                                std::to_string(found_features) + " columns; expected version " +
                                std::to_string(version) + " with " + std::to_string(column_count));
  }
  if (reader.left() < sizeof found_checksum) throw std::invalid_argument("a saved engine ends in the middle");
  std::memcpy(&found_checksum, saved.data() + saved.size() - sizeof found_checksum, sizeof found_checksum);
  if (checksum(saved.first(saved.size() - sizeof found_checksum)) != found_checksum) {
    throw std::invalid_argument("a saved engine is damaged: its checksum differs");
  }
  ZoneTable zone;
  std::uint64_t count = 0;
  reader(count);
  if (count > reader.left() / sizeof(std::int64_t)) throw std::invalid_argument("a saved engine ends in the middle");
  zone.from_us.resize(count);
  zone.offset_s.resize(count);
  reader.array(zone.from_us.data(), count);
  reader.array(zone.offset_s.data(), count);
  Engine engine{std::move(zone)};
  engine.archive(reader);
  reader(count);
  if (count > reader.left() / sizeof(std::int64_t)) throw std::invalid_argument("a saved engine ends in the middle");
  if (count > 0) engine.closed_.reserve(count);
  engine.closed_.count = count;
  reader.array(engine.closed_.times_us.data(), count);
  reader.array(engine.closed_.features.data(), count * feature_count);
  reader.array(engine.closed_.sequence.data(), count * sequence_length);
  reader(count);
  if (count > reader.left() / sizeof(std::int64_t)) throw std::invalid_argument("a saved engine ends in the middle");
  if (count > 0) engine.inputs_.reserve(count);
  engine.inputs_.count = count;
  reader.array(engine.inputs_.times_us.data(), count);
  reader.array(engine.inputs_.values.data(), count * input_count);
  reader.array(engine.inputs_.apps.data(), count * 2);
  reader(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::int64_t start_us = 0, end_us = 0;
    std::uint64_t natural = 0;
    reader(start_us, end_us, natural);
    engine.sessions_.push_back({start_us, end_us, natural != 0});
  }
  reader(count);
  if (count > reader.left() / sizeof(Change)) throw std::invalid_argument("a saved engine ends in the middle");
  engine.changes_.resize(count);
  reader.array(engine.changes_.data(), count);
  engine.set_ceiling(no_limit);
  return engine;
}

}  // namespace neural_focus
