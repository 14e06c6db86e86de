// Every kernel with what a call of it costs.
#include "bench/bench.h"
#include "host/training/batches.h"

namespace ffwd::bench {
namespace {

constexpr int32_t kClasses = 10;

std::string name_of(DType dtype) {
  return dtype == DType::f32 ? "fp32" : "bf16";
}

// "goodness_rows/bf16/16000x2000"
std::string name_of(const std::string& kernel, DType dtype, int64_t rows, int64_t cols) {
  return kernel + "/" + name_of(dtype) + "/" + std::to_string(rows) + "x" + std::to_string(cols);
}

// --- kernels on rows of activities: `rows` x `width` elements ------------------------------------

void add_row_kernels(Bench& bench, DType dtype, int64_t rows, int64_t width) {
  const double elements = double(rows) * double(width), matrix = elements * double(size_of(dtype));
  const double row_floats = 4.0 * double(rows), column_floats = 4.0 * double(width);
  const auto name = [&](const char* kernel) { return name_of(kernel, dtype, rows, width); };

  // Learning: reads z, writes dz and next. A gradient beside z, not over it, or z would shrink from
  // round to round.
  const auto goodness_rows = [=](Operands& memory) {
    GoodnessRows args{};
    args.z = memory.matrix(rows, width, dtype, Fill::centred);
    args.bias = memory.floats(width, Fill::centred);
    args.activation = Activation::relu;
    args.goodness_kind = Goodness::sum_squares;
    // The goodness of these numbers, so that no gradient is next to nothing.
    args.threshold = float(width) / 3;
    args.temperature = float(width);
    args.next = memory.matrix(rows, width, dtype, Fill::zero);
    args.goodness = memory.floats(rows, Fill::zero);
    args.length = memory.floats(rows, Fill::zero);
    return args;
  };
  const auto learning_rows = [=](Operands& memory) {
    GoodnessRows args = goodness_rows(memory);
    args.positive_rows = rows / 2;
    args.negative_rows = rows - rows / 2;
    args.dz = memory.matrix(rows, width, dtype, Fill::zero);
    args.running = memory.running_figures(rows);
    return args;
  };
  add_call(bench, name("goodness_rows"),
           {3 * matrix + 8 * row_floats + column_floats, 7 * elements}, &Device::goodness_rows,
           learning_rows);
  add_call(bench, name("goodness_rows_unread"),
           {2 * matrix + 8 * row_floats + column_floats, 6 * elements}, &Device::goodness_rows,
           [=](Operands& memory) {
             GoodnessRows args = learning_rows(memory);
             args.next = {};
             return args;
           });
  add_call(bench, name("goodness_rows_inference"),
           {2 * matrix + 2 * row_floats + column_floats, 4 * elements}, &Device::goodness_rows,
           goodness_rows);

  add_call(bench, name("normalise_rows"), {2 * matrix, 3 * elements}, &Device::normalise_rows,
           [=](Operands& memory) -> NormaliseRows {
             return {memory.matrix(rows, width, dtype, Fill::centred), Norm{},
                     memory.matrix(rows, width, dtype, Fill::zero)};
           });

  const auto column_sum = [=](Operands& memory, bool weighted) -> ColumnSum {
    const ConstMatrixView a = memory.matrix(rows, width, dtype, Fill::centred);
    return {a, weighted ? memory.floats(rows, Fill::positive) : VectorView<float>(), 1.0f,
            memory.floats(width, Fill::zero),
            memory.floats(column_sum_scratch(rows, width), Fill::zero)};
  };
  add_call(bench, name("column_sum"), {matrix + column_floats, elements}, &Device::column_sum,
           [=](Operands& memory) { return column_sum(memory, false); });
  add_call(bench, name("column_sum_weighted"), {matrix + column_floats + row_floats, 2 * elements},
           &Device::column_sum, [=](Operands& memory) { return column_sum(memory, true); });

  // Reads batch_mean and mean, writes mean and push.
  add_call(bench, name("peer_normalise"), {2 * matrix + 4 * column_floats, elements},
           &Device::peer_normalise, [=](Operands& memory) -> PeerNormalise {
             return {memory.floats(width, Fill::positive),
                     0.9f,
                     0.03f,
                     memory.floats(width, Fill::positive),
                     memory.floats(width, Fill::zero),
                     memory.matrix(rows, width, dtype, Fill::centred)};
           });

  add_call(bench, name("activation_gradient"), {3 * matrix, elements}, &Device::activation_gradient,
           [=](Operands& memory) -> ActivationGradient {
             return {memory.matrix(rows, width, dtype, Fill::centred),
                     memory.matrix(rows, width, dtype, Fill::centred), Activation::relu,
                     memory.matrix(rows, width, dtype, Fill::zero)};
           });

  // Rows that are pixels, 16 an image. A gradient beside z, as above.
  constexpr int64_t kPixels = 16;
  const int64_t pixels = rows / kPixels * kPixels;
  const double part = double(pixels) / double(rows);
  add_call(bench, name("goodness_gradient"), {part * 2 * matrix + column_floats, 4 * elements},
           &Device::goodness_gradient, [=](Operands& memory) -> GoodnessGradient {
             return {memory.matrix(pixels, width, dtype, Fill::centred),
                     memory.floats(width, Fill::centred),
                     memory.floats(pixels / kPixels, Fill::positive),
                     kPixels,
                     Activation::relu,
                     Goodness::mean_squares,
                     memory.matrix(pixels, width, dtype, Fill::zero)};
           });

  // Two rows an image, as a layer learns from them.
  const int64_t images = rows / 2;
  const double shared = double(images * width) * double(size_of(dtype));
  const auto rows_in_parts = [=](Operands& memory) {
    GoodnessRows args = learning_rows(memory);
    args.z.data = nullptr;
    args.shared = {memory.matrix(images, width, dtype, Fill::centred),
                   memory.matrix(1 + kClasses, width, dtype, Fill::centred),
                   memory.integers(labels(rows, kClasses)), memory.floats(rows, Fill::positive)};
    return args;
  };
  if (rows % 2 == 0) {
    add_call(bench, name("goodness_rows_in_parts"),
             {shared + 2 * matrix + 10 * row_floats + column_floats, 9 * elements},
             &Device::goodness_rows, rows_in_parts);
  }
  add_call(bench, name("fold_rows"), {shared + matrix + row_floats, 2 * elements},
           &Device::fold_rows, [=](Operands& memory) -> FoldRows {
             return {memory.matrix(2 * images, width, dtype, Fill::centred),
                     memory.floats(2 * images, Fill::positive),
                     memory.matrix(images, width, dtype, Fill::zero)};
           });
}

// --- kernels on images and on few numbers a row --------------------------------------------------

void add_gather_images(Bench& bench, DType dtype, int64_t rows, int64_t width, int32_t channels) {
  const double elements = double(rows) * double(width);
  add_call(bench, name_of("gather_images", dtype, rows, width),
           {elements * double(1 + size_of(dtype)) + 8.0 * double(rows), 4 * elements},
           &Device::gather_images, [=](Operands& memory) {
             GatherImages args{};
             args.pixels = memory.images(rows * width);
             args.sample = memory.integers(shuffled(rows, 2, 1));
             args.standardise.channels = channels;
             args.classes = kClasses;
             args.base = memory.matrix(rows, width, dtype, Fill::zero);
             args.squares = memory.floats(rows, Fill::zero);
             return args;
           });
}

// 32 x 32 pixels of three channels; each image shown once.
void add_overlay_pixels(Bench& bench, DType dtype, int64_t images) {
  constexpr int64_t kPixels = 1024;
  constexpr int32_t kChannels = 3;
  const double elements = double(images) * kPixels * kChannels;
  add_call(bench, name_of("overlay_pixels", dtype, images, kPixels * kChannels),
           {2 * elements * double(size_of(dtype)), 3 * elements}, &Device::overlay_pixels,
           [=](Operands& memory) -> OverlayPixels {
             return {memory.matrix(images, kPixels * kChannels, dtype, Fill::positive),
                     memory.integers(labels(images, kClasses)),
                     kClasses,
                     kChannels,
                     1.0f,
                     Norm{},
                     memory.matrix(images * kPixels, kChannels, dtype, Fill::zero)};
           });
}

void add_image_goodness(Bench& bench, int64_t images) {
  constexpr int64_t kPixels = 1024;
  const double n = double(images) * kPixels;
  add_call(bench, "image_goodness/fp32/" + std::to_string(images) + "x" + std::to_string(kPixels),
           {4 * n + 12.0 * double(images), n}, &Device::image_goodness,
           [=](Operands& memory) -> ImageGoodness {
             return {memory.floats(images * kPixels, Fill::positive),
                     kPixels,
                     Goodness::mean_squares,
                     0.5f,
                     1.0f,
                     images / 2,
                     images - images / 2,
                     memory.floats(images, Fill::zero),
                     memory.floats(images, Fill::zero),
                     memory.running_figures(images)};
           });
}

void add_small_kernels(Bench& bench, int64_t rows) {
  const double n = double(rows);
  const std::string suffix = "/fp32/" + std::to_string(rows);
  const auto logits = [rows](Operands& memory) {
    return memory.matrix(rows, kClasses, DType::f32, Fill::centred);
  };
  for (const DType dtype : {DType::f32, DType::bf16}) {
    add_call(bench, name_of("overlay_labels", dtype, rows, kClasses),
             {kClasses * n * double(size_of(dtype)) + 12 * n, 3 * kClasses * n},
             &Device::overlay_labels, [=](Operands& memory) -> OverlayLabels {
               return {memory.integers(labels(rows, kClasses)),
                       memory.floats(rows, Fill::positive),
                       kClasses,
                       1,
                       1.0f,
                       Norm{},
                       784,
                       memory.matrix(rows, kClasses, dtype, Fill::zero),
                       memory.floats(rows, Fill::zero)};
             });
    add_call(bench, name_of("softmax_loss", dtype, rows, kClasses),
             {kClasses * n * double(4 + size_of(dtype)) + 8 * n, 8 * kClasses * n},
             &Device::softmax_loss, [=](Operands& memory) -> SoftmaxLoss {
               return {logits(memory),
                       memory.integers(labels(rows, kClasses)),
                       memory.matrix(rows, kClasses, dtype, Fill::zero),
                       memory.floats(rows, Fill::zero),
                       {}};
             });
  }
  const auto wrong_labels = [=](Operands& memory, bool likely) -> WrongLabels {
    return {likely ? ConstMatrixView(logits(memory)) : ConstMatrixView(),
            memory.integers(shuffled(rows, 2, 1)),
            memory.integers(labels(rows, kClasses)),
            kClasses,
            1,
            memory.step_values({1.0f, 1.0f, 1.0f, 1}),
            memory.integers(std::vector<int32_t>(size_t(rows)))};
  };
  add_call(bench, "wrong_labels" + suffix, {12 * n, n}, &Device::wrong_labels,
           [=](Operands& memory) { return wrong_labels(memory, false); });
  add_call(bench, "wrong_labels_likely" + suffix, {12 * n + 4 * kClasses * n, 6 * kClasses * n},
           &Device::wrong_labels, [=](Operands& memory) { return wrong_labels(memory, true); });
}

// --- updates of `units` x `inputs` weights, with and without the bf16 copy -----------------------

void add_updates(Bench& bench, DType dtype, int64_t units, int64_t inputs) {
  const int64_t size = units * inputs;
  const double n = double(size), copy = dtype == DType::bf16 ? 2 * n : 0.0;
  const auto operand = [=](Operands& memory) {
    return dtype == DType::bf16 ? memory.halves(size) : VectorView<bfloat16>();
  };
  // Both read and write weights and state, and read the gradient.
  add_call(bench, name_of("adam_update", dtype, units, inputs), {28 * n + copy, 17 * n},
           &Device::adam_update, [=](Operands& memory) {
             AdamUpdate args{};
             args.weight = memory.floats(size, Fill::centred);
             args.m = memory.floats(size, Fill::centred);
             args.v = memory.floats(size, Fill::positive);
             args.gradient = memory.floats(size, Fill::centred);
             args.learning_rate = 1e-4f;
             args.beta1 = 0.9f;
             args.beta2 = 0.999f;
             args.eps = 1e-8f;
             args.step = memory.step_values({1.0f, 0.5f, 0.5f, 1});
             args.operand = operand(memory);
             return args;
           });
  add_call(bench, name_of("momentum_update", dtype, units, inputs), {20 * n + copy, 7 * n},
           &Device::momentum_update, [=](Operands& memory) -> MomentumUpdate {
             return {memory.floats(size, Fill::centred),
                     memory.floats(size, Fill::centred),
                     memory.floats(size, Fill::centred),
                     /*biases=*/0,
                     1e-4f,
                     0.9f,
                     1e-3f,
                     memory.step_values({1.0f, 1.0f, 1.0f, 1}),
                     operand(memory)};
           });
}

}  // namespace

void add_copies(Bench& bench, const std::vector<int64_t>& sizes) {
  for (const int64_t bytes : sizes) {
    add("copy/" + std::to_string(bytes >> 20) + "MiB", [&bench, bytes](benchmark::State& state) {
      const Cost cost = {2.0 * double(bytes), 0.0};
      Operands memory(bench.device());
      std::vector<std::function<void()>> copies;
      for (int64_t set = bench.sets(cost); set > 0; --set)
        copies.push_back(make_copy(bench.stopwatch(), memory, bytes));
      bench.report(state, cost, int64_t(copies.size()), [&] {
        for (const auto& copy : copies) copy();
      });
    });
  }
}

void add_kernels(Bench& bench, const Shapes& shapes) {
  for (const int64_t rows : shapes.rows) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      for (const int64_t width : shapes.widths) add_row_kernels(bench, dtype, rows, width);
      add_gather_images(bench, dtype, rows, 784, 1);
      add_gather_images(bench, dtype, rows, 3072, 3);
      add_overlay_pixels(bench, dtype, rows);
    }
    add_image_goodness(bench, rows);
    add_small_kernels(bench, rows);
  }
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const int64_t width : shapes.widths) add_updates(bench, dtype, width, width);
  }
}

}  // namespace ffwd::bench
