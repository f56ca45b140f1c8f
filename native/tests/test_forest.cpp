// Random trees: Shapley values add up to the difference of the margins, and trees that are none are refused.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/forest.hpp"

namespace {

using neural_focus::Forest;
using neural_focus::TreeNode;

constexpr std::size_t width = 12;

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::exit(1);
}

// Appends a random tree of at most `depth` questions; returns its root.
std::int32_t grow(std::vector<TreeNode>& nodes, std::mt19937& random, int depth) {
  const auto place = nodes.size();
  std::normal_distribution<float> normal;
  nodes.push_back({normal(random), -1, -1, -1});
  if (depth > 0 && random() % 8 != 0) {
    nodes[place].feature = static_cast<std::int32_t>(random() % width);
    const std::int32_t left = grow(nodes, random, depth - 1), right = grow(nodes, random, depth - 1);
    nodes[place].left = left;
    nodes[place].right = right;
  }
  return static_cast<std::int32_t>(place);
}

void shares_add_up() {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<TreeNode> nodes;
  std::vector<std::int32_t> roots;
  for (int depth = 0; depth < 10; ++depth)
    for (int tree = 0; tree < 20; ++tree) roots.push_back(grow(nodes, random, depth));
  const Forest forest(nodes, roots, width);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> rows(2 * width);
    for (float& value : rows) value = normal(random);
    double margins[2], shares[width], sum = 0;
    forest.margins(rows.data(), 2, margins);
    forest.contributions(rows.data(), rows.data() + width, shares);
    for (const double share : shares) sum += share;
    check(std::abs(sum - (margins[0] - margins[1])) < 1e-9, "the shares add up");
  }
}

void refused(std::vector<TreeNode> nodes, std::vector<std::int32_t> roots, const char* why) {
  bool thrown = false;
  try {
    const Forest forest(std::move(nodes), std::move(roots), width);
  } catch (const std::invalid_argument&) { thrown = true; }
  check(thrown, why);
}

}  // namespace

int main() {
  shares_add_up();
  refused({{0, 0, 0, 1}, {0, -1, -1, -1}}, {0}, "its own child");
  refused({{0, 0, 1, 9}, {0, -1, -1, -1}}, {0}, "a child that is not there");
  refused({{0, width, 1, 2}, {0, -1, -1, -1}, {0, -1, -1, -1}}, {0}, "a column that is not there");
  refused({{0, -1, -1, -1}}, {1}, "a root that is not there");
}
