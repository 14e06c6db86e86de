// Every operation of the CUDA device that only queues work, captured from its stream into a graph:
// capturing runs nothing, the graph holds no allocation, and launching it leaves the same bits in
// every operand as direct calls do. Capture fails on a call that waits, allocates or touches
// another stream, so this shows that none does.
//
// For builds with CUDA only. Not here: allocate, release, upload and download, which wait by
// contract.
#include <algorithm>

#include "bench/operands.h"
#include "tests/captured_graph.h"
#include "tests/devices.h"

namespace ffwd::test {
namespace {

using bench::Fill;
using bench::labels;
using bench::Operands;

class Capture : public OnDevice {
 protected:
  // `prepare` takes an Operands to a call on them, which can be made again and again.
  template <typename Prepare>
  void compare(const Prepare& prepare) {
    Operands direct(device()), captured(device());
    const auto call_directly = prepare(direct), call_captured = prepare(captured);
    const auto before = captured.download();
    ASSERT_EQ(direct.download(), before) << "both calls must start from the same bits";

    call_directly();  // loads the kernels, and plans the product
    const CapturedGraph graph(device().stream(), call_captured);
    device().wait();
    EXPECT_EQ(captured.download(), before) << "capturing must run nothing";
    const auto nodes = graph.nodes();
    EXPECT_FALSE(nodes.empty());
    for (const cudaGraphNodeType type : {cudaGraphNodeTypeMemAlloc, cudaGraphNodeTypeMemFree}) {
      EXPECT_EQ(std::count(nodes.begin(), nodes.end(), type), 0) << "node type " << int(type);
    }

    graph.launch();
    device().wait();
    EXPECT_NE(captured.download(), before) << "the graph must do something";
    EXPECT_EQ(captured.download(), direct.download());
    call_directly();
    graph.launch();
    device().wait();
    EXPECT_EQ(captured.download(), direct.download()) << "at the second launch";
  }

  // `make` takes an Operands to the arguments of one operation.
  template <typename Args, typename Make>
  void compare(void (Device::*operation)(const Args&), const Make& make) {
    compare([&](Operands& memory) {
      const Args args = make(memory);
      return [this, operation, args] { (device().*operation)(args); };
    });
  }
};

constexpr int64_t kRows = 300, kCols = 77;  // two chunks of column_sum, and tails everywhere
constexpr int32_t kClasses = 10;
constexpr DType kDTypes[] = {DType::f32, DType::bf16};
// Results hold random bits too, and not those of what is read (wrong labels: true ones): what a
// kernel does not write must stay what it was.
constexpr Fill kRead = Fill::positive, kWritten = Fill::centred;
constexpr StepValues kStep = {0.5f, 0.5f, 0.5f, 3};

TEST_P(Capture, Clear) {
  compare([&](Operands& memory) {
    const VectorView<float> all = memory.floats(kRows, kWritten);
    return [this, all] { device().clear(all.data, 4 * all.size); };
  });
}

TEST_P(Capture, Copy) {
  compare([&](Operands& memory) {
    const VectorView<float> from = memory.floats(kRows, kRead), to = memory.floats(kRows, kWritten);
    return [this, from, to] { device().copy(to.data, from.data, 4 * to.size); };
  });
}

TEST_P(Capture, Matmul) {
  for (const DType dtype : kDTypes) {
    compare(&Device::matmul, [&](Operands& m) -> Matmul {
      return forward_product(m.matrix(kRows, kCols, dtype, kRead),
                             m.matrix(40, kCols, dtype, kRead),
                             m.matrix(kRows, 40, dtype, kWritten));
    });
    compare(&Device::matmul,
            [&](Operands& m) -> Matmul {  // long inner dimension: the sum may be split
              return weight_gradient_product(
                  m.matrix(8 * kRows, 40, dtype, kRead), m.matrix(8 * kRows, kCols, dtype, kRead),
                  m.matrix(40, kCols, DType::f32, kWritten), /*beta=*/1.0f);
            });
  }
}

// Stored channels 8, so a row of the weight is 9 * 8 long; and one whose units are padded.
const ConvolutionShape kConvolutions[] = {{{6, 5, 8}, 16, 3, 1, 1, 1}, {{6, 5, 8}, 10, 3, 1, 1, 1}};

TEST_P(Capture, Convolve) {
  for (const DType dtype : kDTypes) {
    for (const ConvolutionShape& s : kConvolutions) {
      compare(&Device::convolve, [&](Operands& m) -> Convolution {
        return {s, m.matrix(4 * 30, 8, dtype, kRead), m.matrix(s.units, 72, dtype, kRead),
                m.matrix(4 * 30, s.units, dtype, kWritten)};
      });
    }
  }
}

TEST_P(Capture, ConvolutionGradient) {
  for (const DType dtype : kDTypes) {
    for (const ConvolutionShape& s : kConvolutions) {
      compare(&Device::convolution_gradient, [&](Operands& m) -> ConvolutionGradient {
        return {s, m.matrix(4 * 30, 8, dtype, kRead), m.matrix(4 * 30, s.units, dtype, kRead),
                m.matrix(s.units, 72, DType::f32, kWritten)};
      });
    }
  }
}

TEST_P(Capture, Pool) {
  for (const DType dtype : kDTypes) {
    for (const PoolKind kind : {PoolKind::max, PoolKind::average}) {
      compare(&Device::pool, [&](Operands& m) -> Pooling {
        return {{kind, {6, 4, 8}, 2},
                m.matrix(3 * 24, 8, dtype, kRead),
                m.matrix(3 * 6, 8, dtype, kWritten)};
      });
    }
  }
}

WeightUpdate weight_update(Operands& m, bool copies) {
  return {m.floats(kCols, kWritten),
          m.floats(kCols, kRead),
          /*biases=*/0,
          /*learning_rate=*/0.01f,
          /*weight_decay=*/0.1f,
          m.step_values(kStep),
          copies ? m.halves(kCols, kWritten) : VectorView<bfloat16>()};
}

TEST_P(Capture, AdamUpdate) {
  for (const bool copies : {false, true}) {
    compare(&Device::adam_update, [&](Operands& m) -> AdamUpdate {
      return {weight_update(m, copies),
              m.floats(kCols, kWritten),
              m.floats(kCols, Fill::positive),
              0.9f,
              0.999f,
              1e-8f};
    });
  }
}

TEST_P(Capture, MomentumUpdate) {
  for (const bool copies : {false, true}) {
    compare(&Device::momentum_update, [&](Operands& m) -> MomentumUpdate {
      return {weight_update(m, copies), m.floats(kCols, kWritten), /*momentum=*/0.9f};
    });
  }
}

TEST_P(Capture, ColumnSum) {
  for (const DType dtype : kDTypes) {
    compare(&Device::column_sum, [&](Operands& m) -> ColumnSum {
      return {m.matrix(kRows, kCols, dtype, kRead), m.floats(kRows, kRead), 0.5f,
              m.floats(kCols, kWritten), m.floats(column_sum_scratch(kRows, kCols), kWritten)};
    });
  }
}

TEST_P(Capture, GatherImages) {
  for (const DType dtype : kDTypes) {
    compare(&Device::gather_images, [&](Operands& m) -> GatherImages {
      return {m.images(50 * kCols),
              m.integers(labels(kRows, 50)),
              Standardise{},
              kClasses,
              m.matrix(kRows, kCols, dtype, kWritten),
              m.floats(kRows, kWritten)};
    });
  }
}

TEST_P(Capture, GoodnessRows) {
  for (const DType dtype : kDTypes) {
    for (const auto& goodness : kGoodnesses) {
      compare(&Device::goodness_rows, [&](Operands& m) -> GoodnessRows {
        const MatrixView z = m.matrix(kRows, kCols, dtype, kWritten);
        SharedProduct product;
        MatrixView folded;
        if (goodness.value == Goodness::mean_squares) {
          product = {m.matrix(kRows / 3, kCols, dtype, kRead),
                     m.matrix(1 + kClasses, kCols, dtype, kRead),
                     m.integers(labels(kRows, kClasses)), m.floats(kRows, kRead)};
          folded = m.matrix(kRows / 3, kCols, dtype, kWritten);
        }
        return {z,
                m.floats(kCols, kRead),
                Activation::relu,
                goodness.value,
                20.0f,
                10.0f,
                Norm{},
                100,
                100,
                z.row_range(0, 200),
                m.matrix(kRows, kCols, dtype, kWritten),
                m.floats(kRows, kWritten),
                m.floats(kRows, kWritten),
                m.running_figures(200, kWritten),
                product,
                folded};
      });
    }
  }
}

TEST_P(Capture, ImageGoodness) {
  compare(&Device::image_goodness, [](Operands& m) -> ImageGoodness {
    return {m.floats(kRows * 20, kRead),
            20,
            Goodness::mean_squares,
            0.5f,
            0.1f,
            150,
            100,
            m.floats(kRows, kWritten),
            m.floats(250, kWritten),
            m.running_figures(250, kWritten)};
  });
}

TEST_P(Capture, GoodnessGradient) {
  for (const DType dtype : kDTypes) {
    compare(&Device::goodness_gradient, [&](Operands& m) -> GoodnessGradient {
      const MatrixView z = m.matrix(4 * 50, kCols, dtype, kWritten);
      return {z,
              m.floats(kCols, kRead),
              m.floats(50, kRead),
              /*pixels=*/4,
              Activation::relu,
              Goodness::mean_squares,
              z};
    });
  }
}

TEST_P(Capture, OverlayPixels) {
  for (const DType dtype : kDTypes) {
    compare(&Device::overlay_pixels, [&](Operands& m) -> OverlayPixels {
      return {m.matrix(10, 60, dtype, kRead),
              m.integers(labels(30, kClasses)),
              kClasses,
              3,
              1.0f,
              Norm{},
              m.matrix(30 * 20, 3, dtype, kWritten)};
    });
  }
}

TEST_P(Capture, ActivationGradient) {
  for (const DType dtype : kDTypes) {
    compare(&Device::activation_gradient, [&](Operands& m) -> ActivationGradient {
      return {m.matrix(kRows, kCols, dtype, kRead), m.matrix(kRows, kCols, dtype, kRead),
              Activation::relu, m.matrix(kRows, kCols, dtype, kWritten)};
    });
  }
}

TEST_P(Capture, OverlayLabels) {
  for (const DType dtype : kDTypes) {
    compare(&Device::overlay_labels, [&](Operands& m) -> OverlayLabels {
      return {m.integers(labels(kRows, kClasses)),
              m.floats(kRows, kRead),
              kClasses,
              1,
              1.0f,
              Norm{},
              784,
              m.matrix(kRows, kClasses, dtype, kWritten),
              m.floats(kRows, kWritten)};
    });
  }
}

TEST_P(Capture, NormaliseRows) {
  for (const DType dtype : kDTypes) {
    compare(&Device::normalise_rows, [&](Operands& m) -> NormaliseRows {
      return {m.matrix(kRows, kCols, dtype, kRead), Norm{},
              m.matrix(kRows, kCols, dtype, kWritten)};
    });
  }
}

TEST_P(Capture, PeerNormalise) {
  for (const DType dtype : kDTypes) {
    compare(&Device::peer_normalise, [&](Operands& m) -> PeerNormalise {
      return {m.floats(kCols, kRead),
              0.9f,
              30.0f,
              m.floats(kCols, kWritten),
              m.floats(kCols, kWritten),
              m.matrix(kRows, kCols, dtype, kWritten),
              m.matrix(kRows, kCols, dtype, kWritten),
              m.floats(kRows, kRead)};
    });
  }
}

TEST_P(Capture, SoftmaxLoss) {
  for (const DType dtype : kDTypes) {
    compare(&Device::softmax_loss, [&](Operands& m) -> SoftmaxLoss {
      return {m.matrix(kRows, kClasses, DType::f32, kRead), m.integers(labels(kRows, kClasses)),
              m.matrix(kRows, kClasses, dtype, kWritten), m.floats(kRows, kWritten),
              m.floats(kClasses, kRead)};
    });
  }
}

TEST_P(Capture, WrongLabels) {
  for (const bool likely : {false, true}) {
    compare(&Device::wrong_labels, [&](Operands& m) -> WrongLabels {
      return {likely ? ConstMatrixView(m.matrix(kRows, kClasses, DType::f32, kRead))
                     : ConstMatrixView(),
              m.integers(labels(kRows, 1000)),
              m.integers(labels(kRows, kClasses)),
              kClasses,
              7,
              m.step_values(kStep),
              m.integers(labels(kRows, kClasses))};
    });
  }
}

FFWD_ON_DEVICES(Capture, "cuda");

}  // namespace
}  // namespace ffwd::test
