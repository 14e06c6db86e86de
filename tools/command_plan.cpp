// ffwd plan: what a training does when and where, and what that should take. Runs nothing.
#include <algorithm>
#include <cstdio>
#include <set>

#include "host/basics/errors.h"
#include "host/basics/number_text.h"
#include "host/data/load_dataset.h"
#include "host/plan/plan_builder.h"
#include "host/plan/plan_cost.h"
#include "host/plan/recipe_plan.h"
#include "host/recipe/recipe_data.h"
#include "host/training/batches.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace ffwd {
namespace {

struct PlanCommand {
  std::string recipe;
  std::vector<std::string> set;
  std::string schedule;  // greedy, simultaneous, pipelined; empty: the recipe's
  Precision precision = Precision::fp32;
  int64_t steps = 3, depth = 0, memory_limit = 0;  // host/plan/plan_builder.h
  std::vector<double> rates;                       // TFLOP/s, GB/s, microseconds a launch; or empty
  std::string data_dir;
};

// What is wrong with it, or nothing: AsSizeValue takes -5 for a very large number, and 0 would mean
// no limit.
std::string begins_above_zero(std::string& text) {
  const bool wrong = text.find_first_of("-+0") == 0;
  return wrong ? "expected a number of bytes, such as 500MB, found " + text : "";
}

std::string a_rate(std::string& text) {
  return check_number({0.0f, 1e9f, Bounds::without_low}, text);
}

constexpr int64_t kManySteps = 100;  // so many that filling and draining hardly count

// Three or four digits and a unit: 1.53 MB, 784 B.
std::string scaled(double value, const std::string& unit) {
  const char* const prefixes[] = {"", "k", "M", "G", "T", "P"};
  size_t p = 0;
  for (; value >= 999.5 && p < 5; ++p) value /= 1000;
  return format("%.3g %s%s", value, prefixes[p], unit.c_str());
}

std::string time_text(double seconds) {
  if (seconds < 1e-3) return format("%.1f us", seconds * 1e6);
  return seconds < 1 ? format("%.1f ms", seconds * 1e3) : format("%.1f s", seconds);
}

// The training images; without the data set more than a batch of the recipe has.
int64_t images_of(const Recipe& recipe, const PlanCommand& command) {
  const Recipe::Data& data = recipe.data;
  if (data.train_images > 0) return data.train_images;
  if (recipe.training.batch > 0 && !find_dataset(data.name, command.data_dir)) {
    return recipe.training.batch + 1;
  }
  return load_dataset(data.name, command.data_dir).train.count;
}

PlanShape shape_of(const Recipe& recipe, int64_t images, const PlanCommand& command) {
  const CatalogEntry& data = catalog_entry(recipe.data.name);
  return plan_shape(recipe, data.format.image, int64_t(data.format.class_names.size()),
                    batch_of(recipe, images), command.precision == Precision::bf16 ? 2 : 4);
}

DeviceRates rates_of(const PlanCommand& command) {
  if (command.rates.empty()) return h200_rates(command.precision);
  return {1e12 * command.rates.at(0), 1e9 * command.rates.at(1), 1e-6 * command.rates.at(2)};
}

void print_headline(const PlanCommand& command, const Recipe& recipe, const Plan& plan,
                    const std::string& of) {
  std::printf("%s: %s", command.recipe.c_str(), name_of(kSchedules, recipe.training.schedule));
  if (recipe.training.schedule == Schedule::greedy) {
    const int64_t l = plan.stage.first_layer;
    std::printf(", %s learns",
                plan.stage.has_layers() ? ("layer " + std::to_string(l)).c_str() : "the head");
  }
  std::printf(", %lld step%s of %lld images, %s%s\n", (long long)plan.steps,
              plan.steps == 1 ? "" : "s", (long long)plan.shape.batch,
              name_of(kPrecisions, command.precision), of.c_str());
  const int64_t in_flight = plan.depth + plan.lag;
  std::printf("at most %lld batch%s in flight, %s of buffers", (long long)in_flight,
              in_flight == 1 ? "" : "es", scaled(double(plan.bytes()), "B").c_str());
  if (plan.shape.labels_from_head && plan.lag == 0)
    std::printf(", labels from the step's own head");
  if (plan.lag > 0) std::printf(", labels drawn %lld steps ahead", (long long)plan.lag);
  std::printf("\n");
}

void print_tasks(const Plan& plan) {
  constexpr int kWaitsAt = 74, kWidth = 100;  // columns
  std::printf("\n%5s %-9s %4s %-14s %-8s %10s %8s %8s waits for\n", "task", "lane", "step", "work",
              "rows", "flop", "bytes", "launches");
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    const PlanTask& task = plan.tasks[t];
    const TaskCost cost = cost_of(plan, task);
    std::printf("%5zu %-9s %4lld %-14s %-8s %10s %8s %8lld", t,
                plan.lanes[size_t(task.lane)].c_str(), (long long)task.step,
                name_of(kTaskKinds, task.kind), name_of(kRowClasses, task.rows),
                cost.flops > 0 ? scaled(cost.flops, "").c_str() : "",
                scaled(cost.bytes, "B").c_str(), (long long)cost.launches);
    int column = kWaitsAt;
    for (const int64_t other : task.after) {
      const std::string text = " " + std::to_string(other);
      if (column + int(text.size()) > kWidth) {
        std::printf("\n%*s", kWaitsAt - 1, "");
        column = kWaitsAt;
      }
      std::printf("%s", text.c_str());
      column += int(text.size());
    }
    std::printf("\n");
  }
}

void print_buffers(const Plan& plan) {
  std::printf("\n%-14s %9s %5s %9s  written by\n", "buffer", "one slot", "slots", "in all");
  std::vector<std::set<TaskKind>> kinds(plan.buffers.size());  // in a step's order
  for (const PlanTask& task : plan.tasks) {
    for (const PlanAccess& access : task.writes) kinds[size_t(access.buffer)].insert(task.kind);
  }
  for (size_t b = 0; b < plan.buffers.size(); ++b) {
    const PlanBuffer& buffer = plan.buffers[b];
    std::string writers;
    for (const TaskKind kind : kinds[b]) {
      writers += (writers.empty() ? "  " : ", ") + std::string(name_of(kTaskKinds, kind));
    }
    std::printf("%-14s %9s %5lld %9s%s\n", buffer.name.c_str(),
                scaled(double(buffer.bytes), "B").c_str(), (long long)buffer.slots,
                scaled(double(buffer.bytes * buffer.slots), "B").c_str(), writers.c_str());
  }
}

void print_lanes(const Plan& plan, const PlanCost& cost) {
  std::printf("\n%-9s %5s %12s\n", "lane", "tasks", "busy");
  for (size_t lane = 0; lane < plan.lanes.size(); ++lane) {
    const auto tasks = std::count_if(plan.tasks.begin(), plan.tasks.end(),
                                     [&](const auto& task) { return task.lane == int64_t(lane); });
    std::printf("%-9s %5td %12s\n", plan.lanes[lane].c_str(), tasks,
                time_text(cost.busy[lane]).c_str());
  }
}

void print_model_line(int64_t steps, const PlanCost& cost) {
  std::printf("%5lld %9s %9s %9lld %12s %13s %12s %12s %5.2f\n", (long long)steps,
              scaled(cost.total.flops, "").c_str(), scaled(cost.total.bytes, "B").c_str(),
              (long long)cost.total.launches, time_text(cost.serial).c_str(),
              time_text(cost.critical_path).c_str(), time_text(cost.floor).c_str(),
              time_text(cost.planned()).c_str(), cost.ratio());
}

// `of`: which steps of the stage it is for, if they differ.
void print_plan(const PlanShape& shape, PlanOptions options, const PlanCommand& command,
                const Recipe& recipe, const std::string& of) {
  const Plan plan = make_plan(shape, options);
  const DeviceRates rates = rates_of(command);
  const PlanCost cost = cost_of(plan, rates);
  print_headline(command, recipe, plan, of);
  print_tasks(plan);
  print_buffers(plan);
  print_lanes(plan, cost);
  std::printf("\nA model, nothing measured: %g TFLOP/s, %g GB/s, %g us a launch%s.\n",
              rates.flops_per_second / 1e12, rates.bytes_per_second / 1e9,
              rates.seconds_per_launch * 1e6,
              command.rates.empty() ? " (what an H200 may reach)" : "");
  std::printf("%5s %9s %9s %9s %12s %13s %12s %12s %5s\n", "steps", "flop", "bytes", "launches",
              "one by one", "critical path", "device floor", "as planned", "ratio");
  print_model_line(plan.steps, cost);
  if (!of.empty()) return;  // its steps are plans of their own
  options.steps = kManySteps;
  print_model_line(options.steps, cost_of(make_plan(shape, options), rates));
}

void plan(const PlanCommand& command) {
  std::vector<std::string> overrides = command.set;
  if (!command.schedule.empty()) overrides.push_back("training.schedule=" + command.schedule);
  const Recipe recipe = load_recipe(command.recipe, overrides);
  if (command.depth > 0 && recipe.training.schedule != Schedule::pipelined) {
    throw UserError(ExitCode::usage, "--depth is about pipelined plans, use --schedule pipelined");
  }
  const int64_t images = images_of(recipe, command);
  require_lag_fits(recipe, images);
  const PlanShape shape = shape_of(recipe, images, command);
  const bool keeps = keeps_input(recipe, batch_of(recipe, images) == images);
  PlanOptions options;
  options.steps = keeps ? 1 : command.steps;
  options.pipelined = recipe.training.schedule == Schedule::pipelined;
  options.depth = command.depth;
  options.memory_limit = command.memory_limit;
  const auto stages = stages_of(recipe);
  for (size_t s = 0; s < stages.size(); ++s) {
    if (s > 0) std::printf("\n");
    options.stage = stages[s];
    options.kept = false;
    print_plan(shape, options, command, recipe, keeps ? ", the first one" : "");
    if (!keeps) continue;
    std::printf("\n");
    options.kept = true;
    print_plan(shape, options, command, recipe, ", each one after it");
  }
}

}  // namespace

void declare_plan(CLI::App& app) {
  const auto line = std::make_shared<PlanCommand>();
  CLI::App* command = app.add_subcommand("plan", "Show what a training does when and where");
  add_recipe(*command, line->recipe, line->set);
  add_schedule(*command, line->schedule);
  command
      ->add_option("--steps", line->steps,
                   "how many steps to show; one where a later step does other work than the first")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option("--depth", line->depth,
                   "batches in flight when pipelined; as many as can help if absent")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--memory-limit", line->memory_limit,
                   "bytes that all buffers may take, e.g. 500MB; lowers the depth until they fit")
      ->transform(CLI::AsSizeValue(true))
      ->transform(CLI::Validator(begins_above_zero, ""));  // the last transform comes first
  add_precision(*command, line->precision);
  command
      ->add_option("--rates", line->rates,
                   "what the device does at most: TFLOP/s, GB/s and microseconds a launch")
      ->expected(3)
      ->check(CLI::Validator(a_rate, ""));
  add_data_dir(*command, line->data_dir);
  command->callback([line] { plan(*line); });
}

}  // namespace ffwd
