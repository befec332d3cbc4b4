package import StoaTensor

/// The keys and values of one sequence, for all layers, in pages that it may share with other sequences.
@safe package final class KeyValueCache {
  package let pool: PagePool
  /// Positions that fit.
  package let capacity: Int
  /// Positions that are filled.
  package private(set) var count = 0
  /// The pages of the filled positions and of those about to be filled.
  package private(set) var pages: [KeyValuePage] = []
  /// The same as the kernels read them.
  private let addresses: UnsafeMutablePointer<UnsafePointer<UInt8>>

  package var layout: CacheLayout { pool.layout }
  package var type: CacheType { pool.layout.type }

  /// An empty cache that takes its pages from `pool`.
  package init(pool: PagePool, capacity: Int) {
    self.pool = pool
    self.capacity = capacity
    unsafe addresses = .allocate(capacity: max(1, CacheLayout.pages(for: capacity)))
  }

  deinit { unsafe addresses.deallocate() }

  /// Begins with positions that another cache of the same model has filled for the same tokens.
  package func adopt(_ shared: [KeyValuePage], count: Int) {
    precondition(CacheLayout.pages(for: count) == shared.count && count <= capacity)
    pages = shared
    self.count = count
    for index in shared.indices { note(index) }
  }

  /// Forgets all positions from `count` on.
  package func truncate(to count: Int) {
    self.count = min(self.count, max(0, count))
    pages.removeSubrange(CacheLayout.pages(for: self.count)...)
  }

  /// Makes the next `tokens` positions writable; false, and no change to what is filled, when the pool has no page left.
  package func reserve(_ tokens: Int) throws(ModelError) -> Bool {
    guard count + tokens <= capacity else { throw .contextFull(capacity: capacity, needed: count + tokens) }
    do throws(MemoryError) {
      // Positions of a page that others hold too are copied before they are written.
      if tokens > 0, count % Compute.keyBlock != 0, let last = pages.indices.last, last == count / Compute.keyBlock,
        !isKnownUniquelyReferenced(&pages[last])
      {
        guard let copy = try pool.take() else { return false }
        unsafe copy.base.update(from: pages[last].base, count: layout.pageBytes)
        pages[last] = copy
        note(last)
      }
      while pages.count < CacheLayout.pages(for: count + tokens) {
        guard let page = try pool.take() else { return false }
        pages.append(page)
        note(pages.count - 1)
      }
    } catch {
      throw .outOfMemory(error)
    }
    return true
  }

  /// Records that `tokens` more positions were filled.
  package func advance(by tokens: Int) { count = min(capacity, count + tokens) }

  private func note(_ index: Int) { unsafe addresses[index] = UnsafePointer(pages[index].base) }

  /// The pages as kernels read them.
  var pageAddresses: UnsafePointer<UnsafePointer<UInt8>> { unsafe UnsafePointer(addresses) }

  /// The page of a position that was made writable.
  func page(of position: Int) -> UnsafeMutablePointer<UInt8> { unsafe pages[position / Compute.keyBlock].base }
}
