import Dispatch
import StoaFormats
import StoaTensor
import Synchronization

/// Computes the bytes of tensors, in their order, on a thread of its own and the pool's, while earlier ones are written.
///
/// At most three pieces are in memory, however large the model is. One thread consumes: it calls `withNext` again and
/// again, and `finish` at the end, come what may.
@safe final class PieceStream: @unchecked Sendable {
  // Sendable: the memory of the ring passes between the two threads by the semaphores, and `consumed` belongs to the
  // consumer; all else is constant or locked.
  private let converters: [RowConverter]
  private let pool: WorkerPool
  private let pieces: [Piece]
  private let ring: [Memory]
  private let scratch: Memory
  private let scratchElements: Int
  private var consumed = 0

  private let free = DispatchSemaphore(value: 0)
  private let filled = DispatchSemaphore(value: 0)
  private let running = DispatchGroup()
  private let isStopped = Atomic<Bool>(false)
  private let failure = Mutex<ConversionError?>(nil)
  private let overflowCounts = Mutex<[Int: Int]>([:])

  private struct Piece {
    let tensor: Int
    let units: Range<Int>
    let byteCount: Int
  }

  private static let pieceElements = 1 << 20
  private static let ringSize = 3

  /// Reserves the memory; nothing is computed before `start`.
  init(_ converters: [RowConverter], pool: WorkerPool) throws(ConversionError) {
    self.converters = converters
    self.pool = pool
    var pieces: [Piece] = []
    for (index, converter) in converters.enumerated() {
      let step = max(1, Self.pieceElements / converter.unitElements)
      for start in stride(from: 0, to: converter.units, by: step) {
        let units = start..<min(start + step, converter.units)
        let bytes = converter.byteOffset(ofUnit: units.upperBound) - converter.byteOffset(ofUnit: units.lowerBound)
        pieces.append(Piece(tensor: index, units: units, byteCount: bytes))
      }
    }
    self.pieces = pieces
    scratchElements = converters.map(\.unitElements).max() ?? 0
    let largest = pieces.map(\.byteCount).max() ?? 0
    do throws(MemoryError) {
      scratch = try Memory.of(Float.self, count: scratchElements * pool.threads)
      var ring: [Memory] = []
      for _ in 0..<Self.ringSize { ring.append(try Memory(byteCount: largest)) }
      self.ring = ring
    } catch {
      throw .memory(error)
    }
  }

  /// Starts to compute.
  func start() {
    for _ in ring { free.signal() }
    // A queue of its own: this thread waits for the consumer, which a shared one must not.
    DispatchQueue(label: "stoa.conversion").async(group: running) { self.produce() }
  }

  /// Ends the computation and waits until no thread touches the memory any more.
  func finish() {
    isStopped.store(true, ordering: .relaxed)
    free.signal()
    running.wait()
  }

  /// Waits for the next piece and calls `body` with the number of its tensor and its bytes.
  func withNext(_ body: (Int, Span<UInt8>) throws(ConversionError) -> Void) throws(ConversionError) {
    filled.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    let (memory, piece) = (ring[consumed % ring.count], pieces[consumed])
    let bytes = unsafe UnsafeRawBufferPointer(start: memory.base, count: piece.byteCount)
    try body(piece.tensor, unsafe Span<UInt8>(_unsafeBytes: bytes))
    consumed += 1
    free.signal()
  }

  /// Values that were too large for half precision, by the number of the tensor.
  var overflows: [Int: Int] { overflowCounts.withLock { $0 } }

  // MARK: The producer

  private func produce() {
    for (index, piece) in pieces.enumerated() {
      free.wait()
      if isStopped.load(ordering: .relaxed) { return }
      fill(ring[index % ring.count], with: piece)
      let failed = failure.withLock { $0 != nil }
      filled.signal()
      if failed { return }
    }
  }

  private func fill(_ memory: Memory, with piece: Piece) {
    let converter = converters[piece.tensor]
    let start = converter.byteOffset(ofUnit: piece.units.lowerBound)
    pool.run(count: piece.units.count) { range, worker in
      let floats = unsafe scratch.pointer(to: Float.self) + worker * scratchElements
      for unit in range.lowerBound + piece.units.lowerBound..<range.upperBound + piece.units.lowerBound {
        let (from, to) = (converter.byteOffset(ofUnit: unit), converter.byteOffset(ofUnit: unit + 1))
        let output = unsafe UnsafeMutableRawBufferPointer(start: memory.base + (from - start), count: to - from)
        do throws(ConversionError) {
          let overflows = try unsafe converter.convert(unit: unit, scratch: floats, into: output)
          if overflows > 0 { overflowCounts.withLock { $0[piece.tensor, default: 0] += overflows } }
        } catch {
          failure.withLock { first in first = first ?? error }
          return
        }
      }
    }
  }
}
