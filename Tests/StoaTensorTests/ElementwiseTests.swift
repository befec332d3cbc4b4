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
              unsafe compute.activate(.silu, $0.baseAddress!, up.baseAddress!, count: count)
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

  /// What the functions are by their definitions, in double precision and with the C library.
  private func definition(_ function: Nonlinearity, _ x: Double, _ up: Double) -> Double {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }
    switch function {
    case .silu: return x * sigmoid(x) * up
    case .gelu: return x * 0.5 * (1 + Foundation.erf(x / 2.0.squareRoot())) * up
    case .geluTanh:
      return x * 0.5 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) * up
    case .swigluOAI:
      let limited = min(x, 7)
      return limited * sigmoid(1.702 * limited) * (min(max(up, -7), 7) + 1)
    }
  }

  @Test(
    "Activations are the same everywhere and close to their definitions",
    arguments: [Nonlinearity.silu, .gelu, .geluTanh, .swigluOAI])
  func activations(function: Nonlinearity) throws {
    var random = SeededGenerator(state: 3)
    for count in [1, 15, 16, 100, 1003] {
      let (x, up) = (random.floats(count, in: -12...12), random.floats(count, in: -9...9))
      func run(_ set: KernelSet, gated: Bool) throws -> [Float] {
        let compute = try compute(set)
        var result = x
        unsafe result.withUnsafeMutableBufferPointer { result in
          unsafe up.withUnsafeBufferPointer {
            unsafe compute.activate(function, result.baseAddress!, gated ? $0.baseAddress! : nil, count: count)
          }
        }
        return result
      }
      for gated in [true, false] {
        let reference = try run(.scalar, gated: gated)
        for set in KernelSet.vector { #expect(try identical(run(set, gated: gated), reference), "\(set)") }
        let plain = function == .swigluOAI ? 0.0 : 1
        for (index, value) in reference.enumerated() {
          let exact = definition(function, Double(x[index]), gated ? Double(up[index]) : plain)
          #expect(abs(Double(value) - exact) < 1e-6 * max(1, abs(exact)) + (gated ? 5e-6 : 1e-6))
        }
      }
    }
  }

  @Test("Layer norm and soft caps are the same everywhere and close to their definitions", arguments: [1, 5, 64, 259])
  func layerNormAndCaps(count: Int) throws {
    var random = SeededGenerator(state: UInt64(count))
    let x = random.floats(count, in: -80...80)
    let (weight, bias) = (random.floats(count), random.floats(count))
    func run(_ set: KernelSet) throws -> (normed: [Float], capped: [Float]) {
      let compute = try compute(set)
      let (weight, bias) = (try FloatVector(weight), try FloatVector(bias))
      var (normed, capped) = (x, x)
      unsafe x.withUnsafeBufferPointer { x in
        unsafe normed.withUnsafeMutableBufferPointer {
          unsafe compute.layerNorm(x.baseAddress!, weight: weight, bias: bias, epsilon: 1e-5, into: $0.baseAddress!)
        }
      }
      unsafe capped.withUnsafeMutableBufferPointer { unsafe compute.capSoftly($0.baseAddress!, 30, count: count) }
      return (normed, capped)
    }
    let reference = try run(.scalar)
    for set in KernelSet.vector {
      let result = try run(set)
      #expect(identical(result.normed, reference.normed) && identical(result.capped, reference.capped), "\(set)")
    }
    let mean = x.reduce(0) { $0 + Double($1) } / Double(count)
    let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
    for index in x.indices {
      let normed = (Double(x[index]) - mean) / (variance + 1e-5).squareRoot() * Double(weight[index])
      #expect(abs(Double(reference.normed[index]) - normed - Double(bias[index])) < 2e-5)
      #expect(abs(Double(reference.capped[index]) - 30 * Foundation.tanh(Double(x[index]) / 30)) < 1e-5)
    }
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
