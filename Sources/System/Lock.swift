#if TSAN
  import Glibc

  /// A value behind a lock, for runs under the thread sanitizer: it sees pthread's locks, and not the futex of `Mutex`.
  ///
  /// Proof of Sendable: the value and the pthread mutex are touched only inside `withLock`, which holds the mutex; both
  /// lie on the heap, at addresses that live as long as this object.
  @safe package final class Lock<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming sending Value) {
      unsafe self.value = .allocate(capacity: 1)
      unsafe self.value.initialize(to: value)
      unsafe mutex.initialize(to: pthread_mutex_t())
      unsafe pthread_mutex_init(mutex, nil)
    }

    package func withLock<Result, Failure: Error>(
      _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      unsafe pthread_mutex_lock(mutex)
      defer { unsafe pthread_mutex_unlock(mutex) }
      return try unsafe body(&value.pointee)
    }

    deinit {
      unsafe pthread_mutex_destroy(mutex)
      unsafe mutex.deallocate()
      unsafe value.deinitialize(count: 1)
      unsafe value.deallocate()
    }
  }
#else
  package import Synchronization

  /// A value behind a lock.
  package typealias Lock<Value> = Mutex<Value>
#endif
