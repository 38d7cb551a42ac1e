// Errors as values. A function that can fail returns Result<T>; it either logs a failure or returns
// it, never both. An Error has a code that two tables interpret (http/problem.cpp turns it into a
// status, work/retry_policy.cpp into "again or not"), a text that a user may read, and a private
// detail for the log: paths, queries and library messages go there and nowhere else.
//
// Usable from every thread; includes nothing of ours.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace imgmill {

enum class ErrorCode {
  kInvalid,      // the caller's input is wrong; text says how to mend it
  kNotFound,     // no such thing
  kConflict,     // the thing's state does not allow it
  kTooLarge,     // over a bound
  kTimeout,      // a deadline passed
  kUnavailable,  // try again later: the other side is down, busy or shutting down
  kNoSpace,      // the disk or a quota is full
  kIo,           // the operating system or a store failed otherwise
  kCorrupt,      // stored data is not what it must be
  kInternal,     // a bug of ours
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string text;    // public: one sentence, without paths, queries or secrets
  std::string detail;  // private: for the log
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string text,
                                                 std::string detail = {}) {
  return std::unexpected(Error{code, std::move(text), std::move(detail)});
}

// The error of a failed system call: kNoSpace for ENOSPC and EDQUOT, kTooLarge for EFBIG, else kIo.
[[nodiscard]] std::unexpected<Error> fail_errno(int error_number, std::string text,
                                                std::string detail = {});

// "text (detail)" for the log and for a terminal that belongs to the operator.
[[nodiscard]] std::string describe(const Error& error);

}  // namespace imgmill

#define IMGMILL_CONCAT_(a, b) a##b
#define IMGMILL_CONCAT(a, b) IMGMILL_CONCAT_(a, b)
#define IMGMILL_TRY_(result, lhs, return_, ...)                    \
  auto result = (__VA_ARGS__);                                     \
  if (!result) return_ std::unexpected(std::move(result).error()); \
  lhs = *std::move(result)

// TRY(auto x, expression): x is the value, or the function returns the error. CO_TRY in coroutines.
#define TRY(lhs, ...) \
  IMGMILL_TRY_(IMGMILL_CONCAT(try_result_, __COUNTER__), lhs, return, __VA_ARGS__)
#define CO_TRY(lhs, ...) \
  IMGMILL_TRY_(IMGMILL_CONCAT(try_result_, __COUNTER__), lhs, co_return, __VA_ARGS__)

// For Result<void>.
#define TRY_VOID(...)                                         \
  do {                                                        \
    if (auto try_result_ = (__VA_ARGS__); !try_result_)       \
      return std::unexpected(std::move(try_result_).error()); \
  } while (false)
#define CO_TRY_VOID(...)                                         \
  do {                                                           \
    if (auto try_result_ = (__VA_ARGS__); !try_result_)          \
      co_return std::unexpected(std::move(try_result_).error()); \
  } while (false)
