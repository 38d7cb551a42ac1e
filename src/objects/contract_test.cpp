#include "objects/contract_suite.h"
#include "objects/fake/fake_store.h"
#include "objects/local_dir.h"

namespace imgmill {
namespace {

std::unique_ptr<ObjectStore> make_fake(const std::filesystem::path&) {
  return std::make_unique<FakeStore>();
}

std::unique_ptr<ObjectStore> make_local_dir(const std::filesystem::path& folder) {
  return LocalDir::create(folder).value();
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract,
                         testing::Values(StoreCase{"fake", make_fake},
                                         StoreCase{"local_dir", make_local_dir}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace imgmill
