#include "simt/shared_memory.h"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "simt/sanitizer.h"

namespace ffwd::simt {
namespace {

struct Block {
  const void* key;
  char* memory;
  std::size_t bytes;
};

std::vector<Block> arrays;

// A loop over volatile bytes and no memset(), because the sections of static arrays hold
// AddressSanitizer's red zones as well.
__attribute__((no_sanitize("address"))) void poison(char* memory, std::size_t bytes) {
  volatile char* target = memory;
  for (std::size_t i = 0; i < bytes; ++i) target[i] = static_cast<char>(0xff);
}

char* allocate(std::size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 128, bytes) != 0) {
    std::fprintf(stderr, "simt: no memory for %zu bytes of shared memory\n", bytes);
    std::abort();
  }
  poison(static_cast<char*>(memory), bytes);
  return static_cast<char*>(memory);
}

// The sections of this program that hold `__shared__` variables. Every variable has a section of
// its own, since compilers refuse to mix those of inline functions with others in one. Kernels in a
// shared library are not found.
std::vector<Block> find_static_arrays() {
  std::ifstream program("/proc/self/exe", std::ios::binary);
  const auto read = [&program](auto* target, std::size_t count, std::uint64_t offset) {
    program.seekg(static_cast<std::streamoff>(offset));
    program.read(reinterpret_cast<char*>(target),
                 static_cast<std::streamsize>(count * sizeof *target));
  };
  ElfW(Ehdr) header;
  read(&header, 1, 0);
  std::vector<ElfW(Shdr)> sections(header.e_shnum);
  read(sections.data(), sections.size(), header.e_shoff);
  const ElfW(Shdr)& names_section = sections[header.e_shstrndx];
  std::string names(names_section.sh_size, '\0');
  read(names.data(), names.size(), names_section.sh_offset);

  ElfW(Addr) load_address = 0;
  const auto first_object = [](dl_phdr_info* info, std::size_t, void* result) {
    *static_cast<ElfW(Addr)*>(result) = info->dlpi_addr;
    return 1;  // the program itself comes first: stop
  };
  dl_iterate_phdr(first_object, &load_address);

  const std::string prefix = ".ffwd_smem.";
  std::vector<Block> found;
  for (const ElfW(Shdr) & section : sections) {
    if (std::strncmp(&names[section.sh_name], prefix.c_str(), prefix.size()) != 0) continue;
    found.push_back(
        {nullptr, reinterpret_cast<char*>(load_address + section.sh_addr), section.sh_size});
  }
  return found;
}

}  // namespace

void begin_shared_memory() {
  static const std::vector<Block> static_arrays = find_static_arrays();
  for (const Block& array : static_arrays) poison(array.memory, array.bytes);
}

void end_shared_memory() {
  for (const Block& array : arrays) std::free(array.memory);
  arrays.clear();
}

void* shared_array(const void* key, std::size_t bytes) {
  const Unseen unseen;
  for (const Block& array : arrays) {
    if (array.key == key) return array.memory;
  }
  arrays.push_back({key, allocate(bytes), bytes});
  return arrays.back().memory;
}

}  // namespace ffwd::simt
