// Coroutines on Boost.Asio, and the two bridges to the world of threads: run_on() for blocking
// calls (SQLite, disk) on a small pool, from_callback() for rooms that answer from a thread of
// their own (fetch, codec). Either resumes the coroutine on the executor it was started on.
//
// Coroutines take their parameters by value, and no temporary with a destructor stands inside a
// co_await expression: name it first.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace imgmill {

namespace asio = boost::asio;

template <class T>
using Task = asio::awaitable<T>;

template <class T>
using Callback = std::move_only_function<void(T)>;

// Calls start(callback) and waits until the callback is called, once, from any thread.
// T must be default constructible and movable.
template <class T, class Start>
[[nodiscard]] Task<T> from_callback(Start start) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
      [](auto handler, Start start_with) {
        // The tracked executor counts as work until the callback itself is destroyed, on whatever
        // thread: an io_context whose run() has returned is referred to by none any more.
        auto executor = asio::prefer(asio::get_associated_executor(handler),
                                     asio::execution::outstanding_work.tracked);
        start_with(Callback<T>([handler = std::move(handler),
                                executor = std::move(executor)](T value) mutable {
          asio::post(executor, [handler = std::move(handler), value = std::move(value)]() mutable {
            std::move(handler)(std::move(value));
          });
        }));
      },
      asio::use_awaitable, std::move(start));
}

// Runs fn() on the pool and returns what it returned. fn must not throw.
template <class Fn>
[[nodiscard]] Task<std::invoke_result_t<Fn&>> run_on(asio::thread_pool& pool, Fn fn) {
  using T = std::invoke_result_t<Fn&>;
  return from_callback<T>([&pool, fn = std::move(fn)](Callback<T> done) mutable {
    asio::post(pool, [fn = std::move(fn), done = std::move(done)]() mutable { done(fn()); });
  });
}

}  // namespace imgmill
