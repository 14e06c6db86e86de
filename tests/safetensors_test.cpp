// safetensors: what is written reads back bit for bit, and no damaged file is ever accepted or
// crashes the reader.
#include "engine/files/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "kernels/check.h"
#include "tests/safetensors_bytes.h"

namespace ffwd::test {
namespace {

std::string file_of(const std::string& header, size_t data_bytes = 0) {
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  return bytes + header + std::string(data_bytes, '\1');
}

std::string tensor_header(const std::string& dtype, const std::string& shape,
                          const std::string& offsets) {
  return "{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
         "}}";
}

std::vector<NamedTensor> small_network() {
  return {{"10.weight", {2, 3}, {1, -2, 3, 0.5f, -0.0f, 1e-40f}},
          {"2.bias", {2}, {INFINITY, -INFINITY}},
          {"scale", {}, {7}},
          {"none", {0, 5}, {}}};
}

// The message of the Error that reading throws; empty when the bytes are accepted.
std::string refusal(const std::string& bytes) {
  try {
    decode_safetensors(bytes, "some.safetensors");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

void expect_same(const std::vector<NamedTensor>& got, const std::vector<NamedTensor>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].name, want[i].name);
    EXPECT_EQ(got[i].shape, want[i].shape);
    ASSERT_EQ(got[i].data.size(), want[i].data.size());
    for (size_t k = 0; k < want[i].data.size(); ++k) {
      EXPECT_EQ(std::memcmp(&got[i].data[k], &want[i].data[k], sizeof(float)), 0)
          << want[i].name << "[" << k << "] is " << got[i].data[k];
    }
  }
}

TEST(Safetensors, ReadsBackWhatWasWritten) {
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"note", "ä \" \\ \n"}};
  const SafetensorsFile file =
      decode_safetensors(safetensors_bytes(small_network(), metadata), "memory");
  expect_same(file.tensors, small_network());
  EXPECT_EQ(file.metadata, metadata);
  ASSERT_NE(file.find("2.bias"), nullptr);
  EXPECT_EQ(file.find("2.bias")->shape, std::vector<int64_t>{2});
  EXPECT_EQ(file.find("3.bias"), nullptr);
}

TEST(Safetensors, KeepsEveryBitOfANaN) {
  std::vector<NamedTensor> tensors = {{"x", {1}, {0}}};
  const uint32_t bits = 0x7fc12345;
  std::memcpy(tensors[0].data.data(), &bits, sizeof(bits));
  expect_same(decode_safetensors(safetensors_bytes(tensors, {}), "memory").tensors, tensors);
}

TEST(Safetensors, WritesTheDocumentedBytes) {
  const std::string header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  ";
  const std::string want = file_of(header) + std::string("\0\0\x80\x3f", 4);  // 1.0f
  ASSERT_EQ(header.size() % 8, 0u);
  EXPECT_EQ(safetensors_bytes({{"w", {1}, {1.0f}}}, {}), want);
}

TEST(Safetensors, AcceptsAnEmptyFileAndAnyOrderInTheHeader) {
  EXPECT_TRUE(decode_safetensors(file_of("{}"), "memory").tensors.empty());
  const std::string header =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
      "\"b\":{\"data_offsets\":[0,8],\"shape\":[2,1],\"dtype\":\"F32\"}}";
  const SafetensorsFile file = decode_safetensors(file_of(header, 12), "memory");
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "b");  // the order of the data
}

TEST(Safetensors, WriterRefusesWhatCouldNotBeRead) {
  EXPECT_THROW(safetensors_bytes({{"a", {3}, {1, 2}}}, {}), Error);
  EXPECT_THROW(safetensors_bytes({{"a", {-1}, {}}}, {}), Error);
  EXPECT_THROW(safetensors_bytes({{"a", {}, {}}}, {}), Error);
  EXPECT_THROW(safetensors_bytes({{"a", {1}, {1}}, {"a", {1}, {2}}}, {}), Error);
  EXPECT_THROW(safetensors_bytes({{"__metadata__", {1}, {1}}}, {}), Error);
  EXPECT_THROW(safetensors_bytes({{"\xff", {1}, {1}}}, {}), Error);
  EXPECT_THROW(safetensors_bytes({}, {{"key", "\xc3"}}), Error);
}

struct Damage {
  const char* what;  // part of the message
  std::string bytes;
};

TEST(Safetensors, NamesTheDamage) {
  const std::string fine = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
  const std::string next = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}";
  std::string many;
  for (int i = 0; i < 64; ++i) many += ",1";
  const uint64_t huge = 100'000'001, wrapped = ~0ull;
  const Damage damages[] = {
      {"fewer than 8 bytes", ""},
      {"fewer than 8 bytes", std::string(7, '\0')},
      {"longer than 100 MB", std::string(reinterpret_cast<const char*>(&huge), 8) + "{}"},
      {"longer than 100 MB", std::string(reinterpret_cast<const char*>(&wrapped), 8) + "{}"},
      {"ends within its header", file_of("{}").substr(0, 9)},
      {"begin with '{'", file_of("")},
      {"begin with '{'", file_of(" {}")},
      {"begin with '{'", file_of("[]")},
      {"begin with '{'", file_of("\xef\xbb\xbf{}")},
      {"not well-formed", file_of("{")},
      {"not well-formed", file_of("{}{}")},
      {"not well-formed", file_of("{\"a\":1e999}")},
      {"not well-formed", file_of("{\"\xff\":1}")},
      {"holds a zero byte", file_of(std::string("{}\0", 3))},
      {"nested too deeply", file_of("{\"a\":" + std::string(10000, '['))},
      {"nested too deeply", file_of(tensor_header("F32", "[[1]]", "[0,4]"), 4)},
      {"too long a list", file_of(tensor_header("F32", "[1" + many + "]", "[0,4]"), 4)},
      {"holds key \"a\" twice", file_of("{\"a\":" + fine + ",\"a\":" + fine + "}", 4)},
      {"holds key \"x\" twice", file_of("{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}")},
      {"holds key \"dtype\" twice", file_of("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}")},
      {"__metadata__ is not an object", file_of("{\"__metadata__\":[]}")},
      {"\"x\" is not a string", file_of("{\"__metadata__\":{\"x\":1}}")},
      {"\"a\" is not an object", file_of("{\"a\":7}")},
      {"has no dtype", file_of("{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4)},
      {"has no shape", file_of("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4)},
      {"has no data_offsets", file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 4)},
      {"keys besides", file_of("{\"a\":" + fine.substr(0, fine.size() - 1) + ",\"b\":1}}", 4)},
      {"dtype is not a string", file_of("{\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[]}}")},
      {"dtype \"BF16\"; ffwd reads F32 only", file_of(tensor_header("BF16", "[2]", "[0,4]"), 4)},
      {"shape is not a list", file_of(tensor_header("F32", "1", "[0,4]"), 4)},
      {"whole number", file_of(tensor_header("F32", "[-1]", "[0,4]"), 4)},
      {"whole number", file_of(tensor_header("F32", "[1.0]", "[0,4]"), 4)},
      {"whole number", file_of(tensor_header("F32", "[true]", "[0,4]"), 4)},
      {"whole number", file_of(tensor_header("F32", "[18446744073709551615]", "[0,4]"), 4)},
      {"whole number", file_of(tensor_header("F32", "[99999999999999999999]", "[0,4]"), 4)},
      {"too large", file_of(tensor_header("F32", "[4294967296,4294967296]", "[0,0]"))},
      {"too large", file_of(tensor_header("F32", "[4611686018427387904]", "[0,0]"))},
      {"not two numbers", file_of(tensor_header("F32", "[1]", "[0]"), 4)},
      {"not two numbers", file_of(tensor_header("F32", "[1]", "[0,4,8]"), 4)},
      {"do not match its shape", file_of(tensor_header("F32", "[2]", "[0,4]"), 4)},
      {"do not match its shape", file_of(tensor_header("F32", "[]", "[0,0]"))},
      {"do not match its shape", file_of(tensor_header("F32", "[0]", "[0,4]"), 4)},
      {"leaves a hole", file_of(tensor_header("F32", "[1]", "[4,8]"), 8)},
      {"leaves a hole", file_of(tensor_header("F32", "[1]", "[4,0]"), 8)},
      {"overlaps", file_of("{\"a\":" + fine + ",\"b\":" + fine + "}", 8)},
      {"ends within its data", file_of("{\"a\":" + fine + ",\"b\":" + next + "}", 7)},
      {"bytes follow the last tensor", file_of("{\"a\":" + fine + ",\"b\":" + next + "}", 9)},
      {"bytes follow the last tensor", file_of("{}", 1)}};
  for (const Damage& damage : damages) {
    const std::string message = refusal(damage.bytes);
    EXPECT_NE(message.find(damage.what), std::string::npos)
        << "expected '" << damage.what << "' in '" << message << "' for\n"
        << damage.bytes.substr(0, 200);
    EXPECT_EQ(message.rfind("some.safetensors: ", 0), 0u) << message;
  }
}

TEST(Safetensors, MessagesStayShortAndPrintable) {
  const std::string message = refusal(file_of("{\"" + std::string(100000, 'n') + "\\u0007\":1}"));
  EXPECT_LT(message.size(), 300u);
  EXPECT_EQ(refusal(file_of("{\"\\u001b\":1}")).find('\x1b'), std::string::npos);
}

// Time must grow with the file, not with its square: a million objects take a second or so.
TEST(Safetensors, LargeHeadersAreReadOnce) {
  std::string objects = "{\"a\":{}";
  for (int i = 0; i < 300000; ++i) objects += ",\"" + std::to_string(i) + "\":{}";
  EXPECT_NE(refusal(file_of(objects + "}")).find("has no dtype"), std::string::npos);
  std::string list = "{\"a\":[{}";
  for (int i = 0; i < 300000; ++i) list += ",{}";
  EXPECT_NE(refusal(file_of(list + "]}")).find("too long a list"), std::string::npos);
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string whole = safetensors_bytes(small_network(), {{"format", "pt"}});
  EXPECT_EQ(refusal(whole), "");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal(whole.substr(0, size)), "") << "cut to " << size << " bytes";
  }
  EXPECT_NE(refusal(whole + '\0'), "");
}

// Under ASan and UBSan this shows that no byte of a file is trusted.
TEST(Safetensors, SurvivesEveryFlippedBitAndRandomNoise) {
  const std::string whole = safetensors_bytes(small_network(), {{"format", "pt"}});
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      refusal(bytes);
    }
  }
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int change = 0; change < 4; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    refusal(bytes);
  }
}

}  // namespace
}  // namespace ffwd::test
