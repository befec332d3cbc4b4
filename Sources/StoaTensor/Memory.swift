import Glibc

/// Zeroed, page-aligned memory straight from the system; pages cost nothing until they are touched.
@safe package final class Memory: @unchecked Sendable {
  package let byteCount: Int
  package let base: UnsafeMutableRawPointer

  /// Reserves `byteCount` bytes; `hugePages` asks for large pages, which halve the cost of streaming through weights.
  package init(byteCount: Int, hugePages: Bool = false) throws(MemoryError) {
    guard byteCount >= 0 else { throw .cannotReserve(bytes: byteCount) }
    let length = max(byteCount, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, flags, -1, 0), unsafe base != MAP_FAILED else {
      throw .cannotReserve(bytes: byteCount)
    }
    self.byteCount = byteCount
    unsafe self.base = base
    if hugePages { unsafe madvise(base, length, MADV_HUGEPAGE) }
  }

  deinit { unsafe munmap(base, max(byteCount, 1)) }

  /// Room for `count` values of a trivial type.
  package static func of<T: BitwiseCopyable>(_ type: T.Type, count: Int) throws(MemoryError) -> Memory {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard !overflow else { throw .cannotReserve(bytes: Int.max) }
    return try Memory(byteCount: bytes)
  }

  /// Room for rows of values of a trivial type.
  package static func of<T: BitwiseCopyable>(_ type: T.Type, rows: Int, columns: Int) throws(MemoryError) -> Memory {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow else { throw .cannotReserve(bytes: Int.max) }
    return try of(type, count: count)
  }

  /// The memory as values of a trivial type.
  package func pointer<T: BitwiseCopyable>(to type: T.Type) -> UnsafeMutablePointer<T> {
    unsafe base.bindMemory(to: type, capacity: byteCount / MemoryLayout<T>.stride)
  }
}

/// Why memory could not be had.
public enum MemoryError: Error, Equatable, CustomStringConvertible {
  case cannotReserve(bytes: Int)

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .cannotReserve(let bytes):
      "the system refused \(bytes) bytes of memory\nuse a smaller model or a smaller --context"
    }
  }
}
