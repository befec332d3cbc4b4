import CStoaKernels
import Synchronization

/// A pool of threads for short parallel loops over rows of matrices.
///
/// The threads spin for some microseconds after a loop and then park. They are not Swift's cooperative threads: kernels
/// never run on those and never block them.
@safe public final class WorkerPool: Sendable {
  /// Threads that take part in a loop, the caller's included.
  public let threads: Int
  private nonisolated(unsafe) let pool: OpaquePointer
  private let lock = Mutex(())

  /// Starts a pool; `threads` is at least 1.
  public init(threads: Int) throws(WorkerPoolError) {
    guard threads >= 1, let pool = unsafe stoa_pool_create(threads) else { throw .cannotStart(threads: threads) }
    self.threads = threads
    unsafe self.pool = unsafe pool
  }

  deinit { unsafe stoa_pool_destroy(pool) }

  /// Calls `body` with disjoint ranges of at most `grain` that together cover `0..<count`, on all threads, and waits.
  ///
  /// `body` must only write to memory that belongs to its range. Loops of different callers take turns; a body must not
  /// start a loop itself. The second argument is the number of the thread, unique among the calls in flight.
  package func run(count: Int, grain: Int = 1, _ body: (Range<Int>, Int) -> Void) {
    if threads == 1 || count <= grain {
      if count > 0 { body(0..<count, 0) }
      return
    }
    lock.withLock { _ in
      withoutActuallyEscaping(body) { body in
        var context = LoopContext(body: body)
        unsafe withUnsafeMutablePointer(to: &context) { pointer in
          unsafe stoa_pool_run(
            pool, count, grain,
            { context, begin, end, worker in
              unsafe context.assumingMemoryBound(to: LoopContext.self).pointee.body(begin..<end, worker)
            }, pointer)
        }
      }
    }
  }
}

private struct LoopContext {
  let body: (Range<Int>, Int) -> Void
}

/// Why a pool could not be started.
public enum WorkerPoolError: Error, Equatable, CustomStringConvertible {
  case cannotStart(threads: Int)

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .cannotStart(let threads):
      "the system refused to start \(threads) threads\npass a smaller --threads"
    }
  }
}
