#include "host/data/sha256.h"

#include <openssl/evp.h>

#include "kernels/check.h"

namespace ffwd {

std::string sha256(const std::vector<uint8_t>& content) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  const int done =
      EVP_Digest(content.data(), content.size(), digest, &bytes, EVP_sha256(), nullptr);
  FFWD_EXPECT(done == 1, "OpenSSL must provide SHA-256");
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

}  // namespace ffwd
