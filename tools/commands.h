// The commands of `ffwd`. command_NAME.cpp declares the command NAME with its options and does its
// work: it prints what it finds and throws UserError for what users can mend.
#pragma once

namespace CLI {
class App;
}

namespace ffwd {

void declare_bench(CLI::App& app);
void declare_data(CLI::App& app);
void declare_doctor(CLI::App& app);
void declare_eval(CLI::App& app);
void declare_plan(CLI::App& app);
void declare_predict(CLI::App& app);
void declare_report(CLI::App& app);
void declare_reproduce(CLI::App& app);
void declare_resume(CLI::App& app);
void declare_train(CLI::App& app);

}  // namespace ffwd
