// Every readable keyboard and pointer of a folder (/dev/input), as they come and go.
#pragma once

#include <poll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "wayland/device.hpp"

namespace neural_focus::wayland {

struct InputCounts {
  unsigned keyboards = 0, pointers = 0;
  unsigned denied = 0;  // devices that this user may not read
};

class Devices {
 public:
  explicit Devices(const std::string& folder);  // one that is not there has no devices
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;
  ~Devices();

  void add_sources(std::vector<pollfd>& sources) const;
  // Takes in what came and went, then tells all events in the order of their stamps, each after `at(stamp, boot clock)`.
  // A stamp is never later than `now_us`.
  template <typename At>
  void take(std::uint64_t now_us, At&& at, InputListener& listener) {
    refresh();
    collect(now_us);
    for (const Waiting& waiting : waiting_) {
      at(waiting.t_us);
      waiting.device->take(waiting.event, listener);
    }
    forget_waiting();
  }
  InputCounts counts() const;

 private:
  struct Waiting {
    std::uint64_t t_us;
    Device* device;
    input_event event;
  };

  void scan();
  void refresh();
  void open(const std::string& name);
  void collect(std::uint64_t now_us);
  void forget_waiting();

  const std::string folder_;
  int watch_ = -1;
  std::map<std::string, std::unique_ptr<Device>> devices_;
  std::set<std::string> denied_, ended_;
  std::vector<std::unique_ptr<Device>> leaving_;  // until their last events are told
  std::vector<Waiting> waiting_;
  std::vector<input_event> events_;
};

InputCounts count_inputs(const std::string& folder);  // as a diagnosis

}  // namespace neural_focus::wayland
