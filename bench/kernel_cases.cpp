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

// The shape of the matrices that a kernel works on, the bytes of one, and of vectors beside it.
struct RowsCase {
  RowsCase(DType dtype, int64_t rows, int64_t width) : dtype(dtype), rows(rows), width(width) {}

  std::string name(const char* kernel) const { return name_of(kernel, dtype, rows, width); }

  DType dtype;
  int64_t rows, width;
  double elements = double(rows) * double(width);
  double matrix = elements * double(size_of(dtype));  // bytes
  double row_floats = 4.0 * double(rows), column_floats = 4.0 * double(width);
};

void add_goodness_rows(Bench& bench, const RowsCase& c) {
  // Learning: reads z, writes dz and next. A gradient beside z, not over it, or z would shrink from
  // round to round.
  const auto goodness_rows = [=](Operands& memory) {
    GoodnessRows args{};
    args.z = memory.matrix(c.rows, c.width, c.dtype, Fill::centred);
    args.bias = memory.floats(c.width, Fill::centred);
    args.activation = Activation::relu;
    args.goodness_kind = Goodness::sum_squares;
    // The goodness of these numbers, so that no gradient is next to nothing.
    args.threshold = float(c.width) / 3;
    args.temperature = float(c.width);
    args.next = memory.matrix(c.rows, c.width, c.dtype, Fill::zero);
    args.goodness = memory.floats(c.rows, Fill::zero);
    args.length = memory.floats(c.rows, Fill::zero);
    return args;
  };
  const auto learning_rows = [=](Operands& memory) {
    GoodnessRows args = goodness_rows(memory);
    args.positive_rows = c.rows / 2;
    args.negative_rows = c.rows - c.rows / 2;
    args.dz = memory.matrix(c.rows, c.width, c.dtype, Fill::zero);
    args.running = memory.running_figures(c.rows, Fill::zero);
    return args;
  };
  add_call(bench, c.name("goodness_rows"),
           {3 * c.matrix + 8 * c.row_floats + c.column_floats, 7 * c.elements},
           &Device::goodness_rows, learning_rows);
  add_call(bench, c.name("goodness_rows_unread"),
           {2 * c.matrix + 8 * c.row_floats + c.column_floats, 6 * c.elements},
           &Device::goodness_rows, [=](Operands& memory) {
             GoodnessRows args = learning_rows(memory);
             args.next = {};
             return args;
           });
  add_call(bench, c.name("goodness_rows_inference"),
           {2 * c.matrix + 2 * c.row_floats + c.column_floats, 4 * c.elements},
           &Device::goodness_rows, goodness_rows);

  const auto share = [=](Operands& memory, int64_t images, GoodnessRows& args) {
    args.z.data = nullptr;
    args.shared_product = {memory.matrix(images, c.width, c.dtype, Fill::centred),
                           memory.matrix(1 + kClasses, c.width, c.dtype, Fill::centred),
                           memory.integers(labels(c.rows, kClasses)),
                           memory.floats(c.rows, Fill::positive)};
  };
  // One row an image, as the head reads them.
  add_call(bench, c.name("goodness_rows_of_shared_product_inference"),
           {2 * c.matrix + 4 * c.row_floats + c.column_floats, 6 * c.elements},
           &Device::goodness_rows, [=](Operands& memory) {
             GoodnessRows args = goodness_rows(memory);
             share(memory, c.rows, args);
             return args;
           });
  // Two, as a layer learns from them.
  const int64_t images = c.rows / 2;
  const double shared = double(images * c.width) * double(size_of(c.dtype));
  const auto of_shared_product = [=](Operands& memory) {
    GoodnessRows args = learning_rows(memory);
    share(memory, images, args);
    args.folded = memory.matrix(images, c.width, c.dtype, Fill::zero);
    return args;
  };
  if (c.rows % 2 == 0) {
    add_call(bench, c.name("goodness_rows_of_shared_product"),
             {2 * shared + 2 * c.matrix + 10 * c.row_floats + c.column_floats, 11 * c.elements},
             &Device::goodness_rows, of_shared_product);
  }
}

void add_normalise_rows(Bench& bench, const RowsCase& c) {
  add_call(bench, c.name("normalise_rows"), {2 * c.matrix, 3 * c.elements}, &Device::normalise_rows,
           [=](Operands& memory) -> NormaliseRows {
             return {memory.matrix(c.rows, c.width, c.dtype, Fill::centred), Norm{},
                     memory.matrix(c.rows, c.width, c.dtype, Fill::zero)};
           });
}

void add_column_sums(Bench& bench, const RowsCase& c) {
  const auto column_sum = [=](Operands& memory, bool weighted) -> ColumnSum {
    const ConstMatrixView a = memory.matrix(c.rows, c.width, c.dtype, Fill::centred);
    return {a, weighted ? memory.floats(c.rows, Fill::positive) : VectorView<float>(), 1.0f,
            memory.floats(c.width, Fill::zero),
            memory.floats(column_sum_scratch(c.rows, c.width), Fill::zero)};
  };
  add_call(bench, c.name("column_sum"), {c.matrix + c.column_floats, c.elements},
           &Device::column_sum, [=](Operands& memory) { return column_sum(memory, false); });
  add_call(bench, c.name("column_sum_weighted"),
           {c.matrix + c.column_floats + c.row_floats, 2 * c.elements}, &Device::column_sum,
           [=](Operands& memory) { return column_sum(memory, true); });
}

void add_peer_normalise(Bench& bench, const RowsCase& c) {
  // Reads batch_mean and mean, writes mean and push.
  add_call(bench, c.name("peer_normalise"), {2 * c.matrix + 4 * c.column_floats, c.elements},
           &Device::peer_normalise, [=](Operands& memory) -> PeerNormalise {
             return {memory.floats(c.width, Fill::positive),
                     0.9f,
                     0.03f,
                     memory.floats(c.width, Fill::positive),
                     memory.floats(c.width, Fill::zero),
                     memory.matrix(c.rows, c.width, c.dtype, Fill::centred),
                     {},
                     {}};
           });
}

void add_gradients(Bench& bench, const RowsCase& c) {
  add_call(bench, c.name("activation_gradient"), {3 * c.matrix, c.elements},
           &Device::activation_gradient, [=](Operands& memory) -> ActivationGradient {
             return {memory.matrix(c.rows, c.width, c.dtype, Fill::centred),
                     memory.matrix(c.rows, c.width, c.dtype, Fill::centred), Activation::relu,
                     memory.matrix(c.rows, c.width, c.dtype, Fill::zero)};
           });

  // Rows that are pixels, 16 an image. A gradient beside z, as above.
  constexpr int64_t kPixels = 16;
  const int64_t pixels = c.rows / kPixels * kPixels;
  const double part = double(pixels) / double(c.rows);
  add_call(bench, c.name("goodness_gradient"),
           {part * 2 * c.matrix + c.column_floats, 4 * c.elements}, &Device::goodness_gradient,
           [=](Operands& memory) -> GoodnessGradient {
             return {memory.matrix(pixels, c.width, c.dtype, Fill::centred),
                     memory.floats(c.width, Fill::centred),
                     memory.floats(pixels / kPixels, Fill::positive),
                     kPixels,
                     Activation::relu,
                     Goodness::mean_squares,
                     memory.matrix(pixels, c.width, c.dtype, Fill::zero)};
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
             args.blank_pixels = kClasses;
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
           {4 * n + 32.0 * double(images), n}, &Device::image_goodness,
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
                     memory.running_figures(images, Fill::zero)};
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
             {kClasses * n * double(4 + size_of(dtype)) + 12 * n, 8 * kClasses * n},
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
  const auto update = [=](Operands& memory) -> WeightUpdate {
    return {memory.floats(size, Fill::centred),
            memory.floats(size, Fill::centred),
            /*biases=*/0,
            /*learning_rate=*/1e-4f,
            /*weight_decay=*/1e-3f,
            memory.step_values({1.0f, 0.5f, 0.5f, 1}),
            dtype == DType::bf16 ? memory.halves(size, Fill::zero) : VectorView<bfloat16>()};
  };
  // Both read and write weights and state, and read the gradient.
  add_call(bench, name_of("adam_update", dtype, units, inputs), {28 * n + copy, 17 * n},
           &Device::adam_update, [=](Operands& memory) -> AdamUpdate {
             return {update(memory),
                     memory.floats(size, Fill::centred),
                     memory.floats(size, Fill::positive),
                     0.9f,
                     0.999f,
                     1e-8f};
           });
  add_call(bench, name_of("momentum_update", dtype, units, inputs), {20 * n + copy, 7 * n},
           &Device::momentum_update, [=](Operands& memory) -> MomentumUpdate {
             return {update(memory), memory.floats(size, Fill::centred), 0.9f};
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
      for (const int64_t width : shapes.widths) {
        const RowsCase c(dtype, rows, width);
        add_goodness_rows(bench, c);
        add_normalise_rows(bench, c);
        add_column_sums(bench, c);
        add_peer_normalise(bench, c);
        add_gradients(bench, c);
      }
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
