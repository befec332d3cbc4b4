package import StoaTensor
import Synchronization

/// Memory for the keys and values of `Compute.keyBlock` positions of one sequence.
///
/// A page belongs to whoever holds it; caches that begin with the same tokens share their pages. It is written only by a
/// cache that holds it alone, and goes back to its pool when nobody holds it any more.
@safe package final class KeyValuePage: @unchecked Sendable {
  let base: UnsafeMutablePointer<UInt8>
  private let memory: Memory
  private let pool: PagePool

  fileprivate init(memory: Memory, pool: PagePool) {
    self.memory = memory
    self.pool = pool
    unsafe base = memory.pointer(to: UInt8.self)
  }

  deinit { pool.giveBack(memory) }
}

/// Hands out pages of one layout, as many as its budget allows.
package final class PagePool: Sendable {
  package let layout: CacheLayout
  /// Pages at most; nil for no limit.
  package let limit: Int?

  private struct State {
    var free: [Memory] = []
    var used = 0
  }

  private let state = Mutex(State())

  package init(layout: CacheLayout, limit: Int? = nil) {
    self.layout = layout
    self.limit = limit
  }

  /// Pages that are held by anyone.
  package var usedPages: Int { state.withLock { $0.used } }
  /// Pages that can still be had.
  package var availablePages: Int { state.withLock { max(0, (limit ?? Int.max) - $0.used) } }

  /// A page with anything in it; nil when the budget is used up.
  package func take() throws(MemoryError) -> KeyValuePage? {
    let granted = state.withLock { state -> (isGranted: Bool, memory: Memory?) in
      guard state.used < limit ?? Int.max else { return (false, nil) }
      state.used += 1
      return (true, state.free.popLast())
    }
    guard granted.isGranted else { return nil }
    if let memory = granted.memory { return KeyValuePage(memory: memory, pool: self) }
    do {
      return KeyValuePage(memory: try Memory(byteCount: layout.pageBytes), pool: self)
    } catch {
      state.withLock { $0.used -= 1 }
      throw error
    }
  }

  fileprivate func giveBack(_ memory: Memory) {
    state.withLock { state in
      state.used -= 1
      // Without a budget memory goes back to the system; within one it will soon be needed again.
      if limit != nil { state.free.append(memory) }
    }
  }
}
