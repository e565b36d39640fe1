// SPDX-License-Identifier: Apache-2.0
#include "synthetic_fab.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numbers>
#include <vector>

#include "files.h"

namespace wafer {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

constexpr std::array<Product, 9> kProducts = {{{26, 26, 0.26},
                                               {25, 31, 0.14},
                                               {32, 27, 0.12},
                                               {38, 36, 0.10},
                                               {30, 34, 0.10},
                                               {44, 41, 0.08},
                                               {35, 31, 0.08},
                                               {53, 52, 0.06},
                                               {22, 29, 0.06}}};

// Classes in the order of kClassNames: none, Center, Donut, Edge-Loc, Edge-Ring, Loc, Near-full,
// Random, Scratch. The large products have few of the classes that they seldom show in life.
constexpr std::array<double, kClasses> kMix = {0.38, 0.10, 0.07, 0.10, 0.10,
                                               0.09, 0.03, 0.05, 0.08};
constexpr std::array<std::array<double, kClasses>, 3> kLargeProductMix = {{
    {0.66, 0.18, 0.00, 0.08, 0.00, 0.06, 0.00, 0.02, 0.00},
    {0.66, 0.00, 0.00, 0.10, 0.00, 0.14, 0.01, 0.04, 0.05},
    {0.64, 0.00, 0.00, 0.10, 0.00, 0.15, 0.01, 0.05, 0.05},
}};

// A place on the wafer: radius 1 is its edge.
struct Place {
  double x;
  double y;
  double radius() const { return std::hypot(x, y); }
  double angle() const { return std::atan2(y, x); }
};

using Density = std::function<double(const Place&)>;  // expected fatal defects per die

double Bell(double distance, double width) {
  return std::exp(-0.5 * (distance / width) * (distance / width));
}

// 0 below `from`, 1 above, soft over `width`.
double Rise(double value, double from, double width) {
  return 1 / (1 + std::exp(-(value - from) / width));
}

double AngleBetween(double a, double b) { return std::abs(std::remainder(a - b, kTurn)); }

Density Center(Random& random) {
  const Place middle = {0.12 * random.Normal(), 0.12 * random.Normal()};
  const double width = random.Between(0.14, 0.34);
  const double squeeze = random.Between(0.8, 1.25);
  const double strength = random.Between(1.2, 3.5);
  return [=](const Place& at) {
    const double away = std::hypot((at.x - middle.x) * squeeze, (at.y - middle.y) / squeeze);
    return strength * Bell(away, width);
  };
}

Density Donut(Random& random) {
  const Place middle = {0.1 * random.Normal(), 0.1 * random.Normal()};
  const double ring = random.Between(0.35, 0.6);
  const double width = random.Between(0.09, 0.16);
  const double strength = random.Between(1.2, 3.0);
  const double tilt = random.Between(0, kTurn);
  const double uneven = random.Between(0, 0.5);
  return [=](const Place& at) {
    const Place from = {at.x - middle.x, at.y - middle.y};
    return strength * (1 + uneven * std::cos(from.angle() - tilt)) *
           Bell(from.radius() - ring, width);
  };
}

Density EdgeRing(Random& random) {
  const double from = random.Between(0.82, 0.93);
  const double strength = random.Between(1.0, 3.0);
  const double tilt = random.Between(0, kTurn);
  const double uneven = random.Between(0, 0.6);
  return [=](const Place& at) {
    return strength * (1 + uneven * std::cos(at.angle() - tilt)) * Rise(at.radius(), from, 0.02);
  };
}

Density EdgeLoc(Random& random) {
  const double from = random.Between(0.68, 0.88);
  const double middle = random.Between(0, kTurn);
  const double width = random.Between(0.18, 0.6);
  const double strength = random.Between(1.2, 3.5);
  return [=](const Place& at) {
    return strength * Rise(at.radius(), from, 0.03) * Bell(AngleBetween(at.angle(), middle), width);
  };
}

Density Loc(Random& random) {
  const double radius = random.Between(0.3, 0.68);
  const double angle = random.Between(0, kTurn);
  const Place middle = {radius * std::cos(angle), radius * std::sin(angle)};
  const double along = random.Between(0.09, 0.24);
  const double across = random.Between(0.08, 0.16);
  const double turn = random.Between(0, kTurn);
  const double strength = random.Between(1.2, 3.5);
  return [=](const Place& at) {
    const double dx = at.x - middle.x;
    const double dy = at.y - middle.y;
    return strength * Bell(dx * std::cos(turn) + dy * std::sin(turn), along) *
           Bell(dy * std::cos(turn) - dx * std::sin(turn), across);
  };
}

// A walk whose direction turns steadily; `die` is the side of a die.
Density Scratch(Random& random, double die) {
  std::vector<Place> path;
  Place at = {random.Between(-0.6, 0.6), random.Between(-0.6, 0.6)};
  double heading = random.Between(0, kTurn);
  const double bend = 1.6 * random.Normal();  // radians per unit of length
  const double length = random.Between(0.7, 1.6);
  constexpr double kStep = 0.02;
  for (double walked = 0; walked < length && at.radius() < 1; walked += kStep) {
    path.push_back(at);
    at = {at.x + kStep * std::cos(heading), at.y + kStep * std::sin(heading)};
    heading += bend * kStep + 0.02 * random.Normal();
  }
  const double strength = random.Between(1.8, 4.0);
  return [=](const Place& here) {
    double nearest = 2;
    for (const Place& p : path) {
      nearest = std::min(nearest, std::hypot(here.x - p.x, here.y - p.y));
    }
    return strength * (nearest < 0.6 * die ? 1.0 : 0.0);
  };
}

Density Cause(int label, double die, Random& random) {
  const std::string_view name = kClassNames[static_cast<size_t>(label)];
  if (name == "Center") return Center(random);
  if (name == "Donut") return Donut(random);
  if (name == "Edge-Ring") return EdgeRing(random);
  if (name == "Edge-Loc") return EdgeLoc(random);
  if (name == "Loc") return Loc(random);
  if (name == "Scratch") return Scratch(random, die);
  double level = 0;
  if (name == "Random") level = random.Between(0.35, 1.0);
  if (name == "Near-full") level = random.Between(2.2, 4.5);
  return [=](const Place&) { return level; };
}

int DrawClass(size_t product, Random& random) {
  const auto& mix = product < kLargeProductMix.size() ? kLargeProductMix[product] : kMix;
  double left = random.Uniform();
  for (int label = 0; label + 1 < kClasses; ++label) {
    left -= mix[static_cast<size_t>(label)];
    if (left < 0) {
      return label;
    }
  }
  return kClasses - 1;
}

size_t DrawProduct(Random& random) {
  double left = random.Uniform();
  for (size_t i = 0; i + 1 < kProducts.size(); ++i) {
    left -= kProducts[i].share;
    if (left < 0) {
      return i;
    }
  }
  return kProducts.size() - 1;
}

}  // namespace

std::span<const Product> Products() { return kProducts; }

WaferMap MakeMap(const Product& product, int label, Random& random) {
  constexpr double kLotShape = 4;  // of the gamma distribution of a lot's level
  const double level = 0.07 * random.Gamma(kLotShape) / kLotShape;
  const double edge = random.Between(0.0, 1.5);
  const Density cause = Cause(label, 2.0 / std::min(product.rows, product.cols), random);
  WaferMap map{.rows = product.rows, .cols = product.cols, .dies = {}};
  map.dies.reserve(static_cast<size_t>(map.rows * map.cols));
  for (int row = 0; row < map.rows; ++row) {
    for (int col = 0; col < map.cols; ++col) {
      const Place at = {(2 * col + 1.0) / map.cols - 1, (2 * row + 1.0) / map.rows - 1};
      if (at.radius() > 1) {
        map.dies.push_back(kNoDie);
        continue;
      }
      const double defects = level * (1 + edge * std::pow(at.radius(), 4)) + cause(at);
      map.dies.push_back(random.Poisson(defects) > 0 ? kFail : kPass);
    }
  }
  return map;
}

Done GenerateWafers(const FabOptions& options) {
  WAFER_ASSIGN_OR_RETURN(WaferWriter writer, WaferWriter::Open(options.out));
  Random random(options.seed);
  for (uint64_t id = 0; id < options.wafers; ++id) {
    const size_t product = DrawProduct(random);
    const int label = DrawClass(product, random);
    WAFER_RETURN_IF_FAILED(
        writer.Add({.id = id, .label = label, .map = MakeMap(kProducts[product], label, random)}));
  }
  WAFER_RETURN_IF_FAILED(writer.Close());
  return WriteFile(options.out + "/SYNTHETIC.txt",
                   "These wafer maps are SYNTHETIC: made by `renkei-wafer generate --wafers " +
                       std::to_string(options.wafers) + " --seed " + std::to_string(options.seed) +
                       "`, not by a fab.\n");
}

}  // namespace wafer
