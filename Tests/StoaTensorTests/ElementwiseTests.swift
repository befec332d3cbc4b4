import CStoaKernels
import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@Suite struct ElementwiseTests {
  private func compute(_ set: KernelSet) throws -> Compute { try set.compute(threads: 1) }

  @Test("exp is the same everywhere and accurate", arguments: KernelSet.all)
  func exponential(set: KernelSet) throws {
    var inputs: [Float] = [0, -0.0, 1, -1, 87.9, 88, 200, -86.9, -87, -87.1, -1000, -.infinity, 1e-20]
    inputs += stride(from: Float(-90), through: 90, by: 0.0437)
    let reference = try compute(.scalar).exponentials(inputs)
    #expect(try identical(compute(set).exponentials(inputs), reference))
    for (x, y) in zip(inputs, reference) where x > -87 && x < 88 {
      #expect(abs(Double(y) / Foundation.exp(Double(x)) - 1) < 3e-7)
    }
  }

  @Test("Norm, gate and rotation are the same everywhere", arguments: KernelSet.vector, [5, 16, 64, 100, 257])
  func rows(set: KernelSet, count: Int) throws {
    var random = SeededGenerator(state: UInt64(count))
    let (x, up) = (random.floats(count, in: -8...8), random.floats(count, in: -8...8))
    let angles = random.floats(count / 2)
    func run(_ set: KernelSet) throws -> [Float] {
      let compute = try compute(set)
      let weights = try Memory.of(Float.self, count: count)
      unsafe weights.pointer(to: Float.self).update(repeating: 1.25, count: count)
      let norm = try unsafe FloatVector(
        MatrixSource(type: .f32, rows: 1, columns: count, bytes: UnsafeRawPointer(weights.base), owner: weights))!
      var (normed, gate, interleaved) = (x, x, x)
      var halves = x
      unsafe x.withUnsafeBufferPointer { x in
        unsafe up.withUnsafeBufferPointer { up in
          unsafe angles.withUnsafeBufferPointer { a in
            unsafe normed.withUnsafeMutableBufferPointer {
              unsafe compute.rmsNorm(x.baseAddress!, weight: norm, epsilon: 1e-5, into: $0.baseAddress!)
            }
            unsafe gate.withUnsafeMutableBufferPointer {
              unsafe compute.siluMultiply($0.baseAddress!, up.baseAddress!, count: count)
              unsafe compute.add($0.baseAddress!, up.baseAddress!, count: count)
            }
            for (values, isInterleaved) in [(0, true), (1, false)] {
              func rotate(_ buffer: UnsafeMutableBufferPointer<Float>) {
                unsafe compute.rotate(
                  buffer.baseAddress!, heads: 1, headDimension: count, cosines: a.baseAddress!,
                  sines: up.baseAddress!, pairs: count / 2, interleaved: isInterleaved, scale: 0.37)
              }
              if values == 0 {
                unsafe interleaved.withUnsafeMutableBufferPointer { unsafe rotate($0) }
              } else {
                unsafe halves.withUnsafeMutableBufferPointer { unsafe rotate($0) }
              }
            }
          }
        }
      }
      return normed + gate + interleaved + halves
    }
    #expect(try identical(run(set), try run(.scalar)))
  }

  @Test("Functions in double precision agree with the C library")
  func doublePrecision() {
    for x in stride(from: 0.0, through: 200_000, by: 37.77) {
      let (sine, cosine) = CanonicalMath.sineAndCosine(x)
      #expect(abs(sine - Foundation.sin(x)) < 1e-12)
      #expect(abs(cosine - Foundation.cos(x)) < 1e-12)
    }
    for x in stride(from: -50.0, through: 50, by: 0.37) {
      #expect(abs(CanonicalMath.exp(x) / Foundation.exp(x) - 1) < 1e-14)
      let positive = Foundation.exp(x)
      #expect(abs(CanonicalMath.log(positive) - x) < 1e-13)
    }
    for x in [Double.nan, .infinity, 1e300, -1e300, 0x1p62] {
      #expect(CanonicalMath.sineAndCosine(x).sine.isNaN)
      #expect(CanonicalMath.exp(x).isNaN == x.isNaN)
    }
    #expect(CanonicalMath.exp(-1e9) == 0 && CanonicalMath.exp(1e9) == .infinity)
    #expect(CanonicalMath.log(0).isNaN && CanonicalMath.log(-1).isNaN)
    #expect(abs(CanonicalMath.pow(500_000, -0.75) / Foundation.pow(500_000, -0.75) - 1) < 1e-14)
  }
}
