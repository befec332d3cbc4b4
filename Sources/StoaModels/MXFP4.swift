import StoaFormats
import StoaTensor

/// 4-bit floating-point blocks: 32 values of one sign, two exponent and one mantissa bit, times a power of two.
///
/// Source: OCP Microscaling Formats (MX) Specification 1.0, sections 5.2 and 5.3; for the arrangement in GGUF ggml's
/// `block_mxfp4`: the scale, then 16 bytes, value i in the low half of byte i and value i + 16 in the high half.
package enum MXFP4 {
  /// Values in a block.
  package static let blockValues = 32
  /// Bytes of a block in GGUF.
  package static let blockBytes = 17

  private static let levels: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

  /// The value of a code times a scale, as the bits of a bfloat16, which holds it exactly.
  static func bits(code: UInt8, scale: UInt8) -> UInt16 {
    // The largest exponent stands for "not a number".
    let power = scale == 255 ? Float.nan : Float(sign: .plus, exponent: Int(scale) - 127, significand: 1)
    let magnitude = levels[Int(code & 7)] * power
    return UInt16((code & 8 == 0 ? magnitude : -magnitude).bitPattern >> 16)
  }

  /// Turns 16 bytes that hold values in pairs, the first in the low half, into a block of GGUF.
  package static func block(pairs: UnsafePointer<UInt8>, scale: UInt8, into block: UnsafeMutablePointer<UInt8>) {
    unsafe block[0] = scale
    func code(_ index: Int) -> UInt8 { unsafe pairs[index / 2] >> (index % 2 * 4) & 15 }
    for index in 0..<16 { unsafe block[1 + index] = code(index) | code(index + 16) << 4 }
  }
}

extension FoundTensor {
  /// The block of a row, whichever way it is stored, as GGUF has it.
  package func copyBlocks(matrix: Int, row: Int, into blocks: UnsafeMutablePointer<UInt8>) {
    let count = columns / MXFP4.blockValues
    let storedRows = stored.shape.count == 4 ? stored.shape[1] : rows
    let place = matrix * storedRows + (stored.row?(row) ?? row)
    guard let scales else {
      let source = unsafe tensors[0].file.base + tensors[0].offset + place * count * MXFP4.blockBytes
      unsafe UnsafeMutableRawPointer(blocks).copyMemory(from: source, byteCount: count * MXFP4.blockBytes)
      return
    }
    let pairs = unsafe (tensors[0].file.base + tensors[0].offset + place * count * 16)
      .assumingMemoryBound(to: UInt8.self)
    for block in 0..<count {
      let scale = unsafe (scales.file.base + scales.offset + place * count + block).load(as: UInt8.self)
      unsafe MXFP4.block(pairs: pairs + block * 16, scale: scale, into: blocks + block * MXFP4.blockBytes)
    }
  }

  /// Rows of 4-bit blocks as bfloat16.
  func widened(matrix: Int, rows range: Range<Int>) throws(ModelError) -> MatrixSource {
    let memory: Memory
    do throws(MemoryError) {
      memory = try Memory.of(UInt16.self, rows: range.count, columns: columns)
    } catch { throw .outOfMemory(error) }
    let values = unsafe memory.pointer(to: UInt16.self)
    let count = columns / MXFP4.blockValues
    var blocks = [UInt8](repeating: 0, count: count * MXFP4.blockBytes)
    for row in range {
      unsafe blocks.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { unsafe copyBlocks(matrix: matrix, row: row, into: base) }
      }
      let target = unsafe values + (row - range.lowerBound) * columns
      for block in 0..<count {
        let (first, scale) = (block * MXFP4.blockBytes, blocks[block * MXFP4.blockBytes])
        for index in 0..<16 {
          let byte = blocks[first + 1 + index]
          unsafe target[block * 32 + index] = MXFP4.bits(code: byte & 15, scale: scale)
          unsafe target[block * 32 + 16 + index] = MXFP4.bits(code: byte >> 4, scale: scale)
        }
      }
    }
    return unsafe MatrixSource(
      type: .bf16, rows: range.count, columns: columns, bytes: UnsafeRawPointer(memory.base), owner: memory)
  }
}
