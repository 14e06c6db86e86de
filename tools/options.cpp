#include "tools/options.h"

#include "host/recipe/recipe_fields.h"

namespace ffwd {
namespace {

std::string a_time(std::string& text) {
  return check_number({0.0f, 1e9f}, text);
}

}  // namespace

std::string check_number(const Number& kind, const std::string& text) {
  float value = 0;
  return kind.read(text, value) ? "" : "expected " + kind.expected() + ", found " + text;
}

CLI::Validator takes_key(const std::string& key) {
  const auto problem = [key](const std::string& text) {
    const RecipeField& field = *find_field(key);
    Recipe recipe;
    const bool taken = field.read({text, /*is_array=*/false, {text}}, recipe);
    return taken ? "" : "expected " + field.expected + ", found " + text;
  };
  return CLI::Validator(problem, "");
}

void add_precision(CLI::App& command, Precision& precision) {
  const auto take = [&precision](const std::string& name) {
    read_name(kPrecisions, name, precision);
  };
  command
      .add_option_function<std::string>("--precision", take,
                                        "fp32, tf32 (cuda) or bf16 (cuda, CPUs with AVX-512)")
      ->check(CLI::IsMember(names(kPrecisions)))
      ->default_str(name_of(kPrecisions, precision));
}

void add_matmul_algorithms(CLI::App& command, std::string& file) {
  command.add_option("--matmul-algorithms", file,
                     "file that cuBLASLt's algorithms are taken from (cuda); for products that it"
                     " lacks, the fastest is measured and added");
}

void add_device_options(CLI::App& command, DeviceOptions& options) {
  command.add_option("--device", options.device, "where to compute: auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  add_precision(command, options.precision);
  add_matmul_algorithms(command, options.matmul_algorithms);
}

void add_data_dir(CLI::App& command, std::string& target) {
  command.add_option("--data-dir", target, "where to look for data sets first");
}

void add_recipe(CLI::App& command, std::string& recipe, std::vector<std::string>& set) {
  command.add_option("recipe", recipe, "the recipe's file")->required();
  command
      .add_option("--set", set,
                  "section.key=value: replaces a value of the recipe; may be repeated")
      ->allow_extra_args(false);
}

void add_schedule(CLI::App& command, std::string& schedule) {
  command
      .add_option("--schedule", schedule,
                  "greedy, simultaneous or pipelined; the recipe's own if absent")
      ->check(takes_key("training.schedule"));
}

void add_save_every(CLI::App& command, double& seconds) {
  command
      .add_option(
          "--save-every", seconds,
          "seconds between saves of what ffwd resume goes on from, should the run be killed")
      ->check(CLI::Validator(a_time, ""))
      ->capture_default_str();
}

}  // namespace ffwd
