import Dispatch
import Synchronization

/// Where the main thread, which commands run on, waits for asynchronous work: the network.
///
/// Commands compute on the main thread and a pool of their own; the cooperative threads belong to the network alone.
/// This is the one place where a task is started that nothing else owns, and it is over when the call returns.
enum Waiting {
  /// Runs asynchronous work to its end.
  static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () async throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let outcome = Outcome<Value, Failure>()
    let end = DispatchSemaphore(value: 0)
    Task.detached {
      let result: Result<Value, Failure>
      do throws(Failure) { result = .success(try await work()) } catch { result = .failure(error) }
      outcome.set(result)
      end.signal()
    }
    while true {
      end.wait()
      if let result = outcome.get() { return try result.get() }
    }
  }

  private final class Outcome<Value: Sendable, Failure: Error>: Sendable {
    private let result = Mutex<Result<Value, Failure>?>(nil)
    func set(_ value: Result<Value, Failure>) { result.withLock { $0 = value } }
    func get() -> Result<Value, Failure>? { result.withLock { $0 } }
  }
}
