import Glibc

/// A regular file mapped read-only into memory for as long as the object lives.
///
/// The descriptor stays open, so renaming or replacing the file does not change what is read. If another process cuts
/// the file short in place, touching the lost pages ends this process with SIGBUS: no reader of mapped files can avoid
/// that, and `verifyUnchanged()` narrows the window.
@safe public final class MappedFile: Sendable {
  /// The path as it was given.
  public let path: String
  /// The size in bytes.
  public let count: Int

  /// The version of the file that is mapped.
  package let identity: FileIdentity

  private let descriptor: Int32
  // Sendable: the pages are never written through this pointer, and it is released in `deinit` alone.
  private nonisolated(unsafe) let start: UnsafeMutableRawPointer?

  /// Maps the file at `path`; an empty file gives an empty mapping.
  ///
  /// Refuses what is not a regular file (a FIFO would block, a directory has no bytes) and a file that changes its size
  /// or date meanwhile.
  public init(path: String) throws(FormatError) {
    let (descriptor, before) = try FileIdentity.openRegularFile(path)
    do throws(FormatError) {
      guard let count = Int(exactly: before.size), count >= 0 else {
        throw .unsupported(path: path, problem: "the file is too large for this machine")
      }
      var start: UnsafeMutableRawPointer?
      if count > 0 {
        unsafe start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard unsafe start != MAP_FAILED else { throw .system(path: path, operation: "map", code: errno) }
      }
      do throws(FormatError) {
        guard try FileIdentity(descriptor: descriptor, path: path).hasContents(of: before) else {
          throw .changed(path: path)
        }
      } catch {
        if let start = unsafe start { unsafe _ = munmap(start, count) }
        throw error
      }
      self.path = path
      self.count = count
      self.descriptor = descriptor
      self.identity = before
      unsafe self.start = start
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  /// A copy of `bytes` that behaves like a mapped file; for tests and for parsing what is already in memory.
  ///
  /// The allocation has exactly the size of `bytes`, so that the address sanitiser sees a read past the end.
  package init(contents bytes: [UInt8], path: String) {
    self.path = path
    count = bytes.count
    descriptor = -1
    identity = FileIdentity()
    if bytes.isEmpty {
      unsafe start = nil
    } else {
      let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 64)
      unsafe bytes.withUnsafeBytes {
        unsafe copy.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
      }
      unsafe start = copy
    }
  }

  deinit {
    if let start = unsafe start {
      if descriptor >= 0 { unsafe _ = munmap(start, count) } else { unsafe start.deallocate() }
    }
    if descriptor >= 0 { _ = close(descriptor) }
  }

  /// Calls `body` with the bytes of `range`, which must lie inside the file.
  public func withBytes<R, E: Error>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the mapped file")
    guard !range.isEmpty, let start = unsafe start else {
      return try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    return try unsafe body(UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count))
  }

  /// All bytes of the file.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      let buffer = unsafe UnsafeRawBufferPointer(start: start, count: count)
      let span = unsafe Span<UInt8>(_unsafeBytes: buffer)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// A copy of the bytes of `range`.
  func array(_ range: Range<Int>) -> [UInt8] { unsafe withBytes(range) { unsafe Array($0) } }

  /// The text in `range`; bytes that are not UTF-8 are replaced by U+FFFD.
  func text(_ range: Range<Int>) -> String { unsafe withBytes(range) { unsafe String(decoding: $0, as: UTF8.self) } }

  /// The text in `range`, or nil when it is not UTF-8.
  func validText(_ range: Range<Int>) -> String? {
    unsafe withBytes(range) { unsafe String(validating: $0, as: UTF8.self) }
  }

  /// Whether `range` holds the same bytes as `otherRange` of `other`.
  func equals(_ range: Range<Int>, _ otherRange: Range<Int>, of other: MappedFile) -> Bool {
    unsafe withBytes(range) { bytes in
      unsafe other.withBytes(otherRange) { otherBytes in unsafe bytes.elementsEqual(otherBytes) }
    }
  }

  /// The value of type `T` at `offset`, in the byte order of the machine; `offset` must leave room for it.
  func load<T: BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
    precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size, "offset outside the mapped file")
    return unsafe base.loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// Where the first byte lies, for kernels that read weights in place; valid as long as the object lives.
  ///
  /// An empty file has an address that must not be read.
  @unsafe package var base: UnsafeRawPointer {
    // The address of an empty mapping is never dereferenced; any non-null value will do.
    guard let start = unsafe start else { return unsafe UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped }
    return UnsafeRawPointer(start)
  }

  /// Drops the resident pages that lie wholly inside `range`; a later read fetches them again from the file.
  ///
  /// Worth calling when weights were laid out elsewhere and their file is no longer needed.
  package func discard(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let lower = (range.clamped(to: 0..<count).lowerBound + page - 1) / page * page
    let upper = range.upperBound >= count ? count : range.upperBound / page * page
    advise(lower..<max(lower, upper), MADV_DONTNEED)
  }

  /// Advice is a hint: the call's failure changes nothing. Memory that is not a mapping must not be dropped.
  private func advise(_ range: Range<Int>, _ advice: Int32) {
    guard descriptor >= 0, !range.isEmpty, let start = unsafe start else { return }
    unsafe _ = madvise(start + range.lowerBound, range.count, advice)
  }

  /// Throws when the file was written to or cut since it was mapped.
  package func verifyUnchanged() throws(FormatError) {
    guard descriptor >= 0 else { return }
    guard try FileIdentity(descriptor: descriptor, path: path).hasContents(of: identity) else {
      throw .changed(path: path)
    }
  }
}

/// The system's text for an error number.
func systemMessage(_ code: Int32) -> String {
  guard let message = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: message)
}
