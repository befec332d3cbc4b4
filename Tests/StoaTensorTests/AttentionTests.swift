import CStoaKernels
import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@Suite struct AttentionTests {
  struct Problem: Sendable, CustomTestStringConvertible {
    var heads = 4
    var keyValueHeads = 2
    var headDimension = 16
    /// Nil: as wide as keys.
    var valueDimension: Int?
    var valuesAreKeys = false
    var window: Int?
    var chunk: Int?
    var softCap: Float?
    var hasSlopes = false
    var hasSinks = false
    /// Whether all tokens see one another.
    var isBidirectional = false
    /// Positions before the queries.
    var past = 0
    var tokens = 1
    var cache = CacheType.f32

    var testDescription: String {
      """
      heads \(heads)/\(keyValueHeads)×\(headDimension)\(valueDimension.map { ":\($0)" } ?? "") past \(past) \
      tokens \(tokens) window \(window ?? 0) chunk \(chunk ?? 0) cap \(softCap ?? 0) \(cache)\
      \(valuesAreKeys ? " values in keys" : "")\(hasSlopes ? " slopes" : "")\(hasSinks ? " sinks" : "")\
      \(isBidirectional ? " both ways" : "")
      """
    }

    /// How far outputs may be from those of exact keys and values.
    var tolerance: Double {
      switch cache {
      case .f32: 1e-5
      case .f16: 2e-3
      case .q8_0: 3e-2
      }
    }

    static let all: [Problem] = [
      Problem(), Problem(past: 63), Problem(past: 64, cache: .f16), Problem(past: 300, tokens: 1),
      Problem(heads: 8, keyValueHeads: 1, headDimension: 64, past: 130, tokens: 5, cache: .f16),
      Problem(heads: 3, keyValueHeads: 3, headDimension: 8, past: 0, tokens: 70),
      Problem(heads: 6, keyValueHeads: 2, headDimension: 40, past: 17, tokens: 33, cache: .f16),
      Problem(window: 8, past: 100, tokens: 20), Problem(window: 70, past: 0, tokens: 150, cache: .f16),
      Problem(heads: 2, keyValueHeads: 1, headDimension: 128, window: 1, past: 5, tokens: 3),
      Problem(past: 63, cache: .q8_0), Problem(heads: 4, keyValueHeads: 2, headDimension: 8, past: 65, cache: .q8_0),
      Problem(heads: 8, keyValueHeads: 1, headDimension: 64, past: 130, tokens: 9, cache: .q8_0),
      Problem(heads: 6, keyValueHeads: 2, headDimension: 40, past: 17, tokens: 33, cache: .q8_0),
      Problem(headDimension: 80, window: 70, past: 3, tokens: 150, cache: .q8_0),
      Problem(headDimension: 24, valueDimension: 16, past: 60, tokens: 9),
      Problem(headDimension: 16, valueDimension: 40, past: 64, tokens: 9, cache: .f16),
      Problem(keyValueHeads: 1, headDimension: 40, valueDimension: 32, valuesAreKeys: true, past: 61, tokens: 9),
      Problem(
        heads: 7, keyValueHeads: 1, headDimension: 576, valueDimension: 512, valuesAreKeys: true, past: 130, tokens: 3,
        cache: .f16),
      Problem(
        keyValueHeads: 1, headDimension: 72, valueDimension: 64, valuesAreKeys: true, window: 70, past: 9, tokens: 150,
        cache: .q8_0),
      Problem(chunk: 8, past: 3, tokens: 30), Problem(chunk: 64, past: 100, tokens: 70, cache: .f16),
      Problem(window: 9, chunk: 100, past: 90, tokens: 30), Problem(softCap: 2, past: 100, tokens: 5),
      Problem(hasSlopes: true, past: 100, tokens: 40), Problem(hasSinks: true, past: 60, tokens: 20),
      Problem(window: 8, softCap: 1, hasSlopes: true, hasSinks: true, past: 60, tokens: 20, cache: .f16),
      Problem(headDimension: 8, isBidirectional: true, tokens: 100),
    ]
    /// Problems in which a later token changes nothing for an earlier one.
    static let causal = all.filter { !$0.isBidirectional }

    var rules: AttentionRules {
      get throws {
        AttentionRules(
          window: window, chunk: chunk, softCap: softCap, slopes: hasSlopes ? try FloatVector(slopes) : nil,
          sinks: hasSinks ? try FloatVector(sinks) : nil)
      }
    }
    var slopes: [Float] { (0..<heads).map { 1 / Float(1 << ($0 + 1)) } }
    var sinks: [Float] { (0..<heads).map { Float($0) - 1.5 } }
    var outputDimension: Int { valueDimension ?? headDimension }

    /// The positions that a query at `position` sees.
    func seen(from position: Int) -> ClosedRange<Int> {
      let first = max(window.map { position + 1 - $0 } ?? 0, chunk.map { position / $0 * $0 } ?? 0, 0)
      return first...(isBidirectional ? past + tokens - 1 : position)
    }
  }

  /// Fills a cache position by position and attends to it; the outputs of all tokens.
  private func attend(
    _ problem: Problem, set: KernelSet, threads: Int = 1, chunk: Int? = nil, poison: Int? = nil
  ) throws -> [Float] {
    let compute = try set.compute(threads: threads)
    let shape = AttentionShape(
      heads: problem.heads, keyValueHeads: problem.keyValueHeads, headDimension: problem.headDimension,
      valueDimension: problem.valueDimension, valuesAreKeys: problem.valuesAreKeys)
    let rules = try problem.rules
    let positions = problem.past + problem.tokens
    let layout = try CacheLayout(type: problem.cache, layers: 1, shape: shape)
    let blocks = CacheLayout.pages(for: positions)
    let cache = try Memory(byteCount: blocks * layout.pageBytes)
    // Pages lie anywhere: here in reverse order.
    let pages = unsafe (0..<blocks).map { unsafe cache.pointer(to: UInt8.self) + (blocks - 1 - $0) * layout.pageBytes }
    let readable = unsafe pages.map { unsafe UnsafePointer($0) }
    var random = SeededGenerator(state: 11)
    let width = problem.keyValueHeads * problem.headDimension
    let valueWidth = problem.keyValueHeads * problem.outputDimension
    for position in 0..<positions {
      var (key, value) = (random.floats(width), random.floats(valueWidth))
      if position == poison {
        key = key.map { _ in .infinity }
        value = value.map { _ in .nan }
      }
      for head in 0..<problem.keyValueHeads {
        unsafe key.withUnsafeBufferPointer { key in
          unsafe value.withUnsafeBufferPointer { value in
            unsafe compute.store(
              key: key.baseAddress! + head * problem.headDimension,
              value: value.baseAddress! + head * problem.outputDimension, position: position, cache: layout, layer: 0,
              head: head, page: pages[position / Compute.keyBlock])
          }
        }
      }
    }
    let queryWidth = problem.heads * problem.headDimension
    let queries = random.floats(problem.tokens * queryWidth)
    let outputWidth = problem.heads * problem.outputDimension
    var outputs = [Float](repeating: .nan, count: problem.tokens * outputWidth)
    var start = 0
    while start < problem.tokens {
      let count = min(chunk ?? problem.tokens, problem.tokens - start)
      unsafe queries.withUnsafeBufferPointer { q in
        unsafe outputs.withUnsafeMutableBufferPointer { out in
          unsafe readable.withUnsafeBufferPointer { pages in
            let input = unsafe AttentionInput(
              queries: q.baseAddress! + start * queryWidth, queryStride: queryWidth,
              outputs: out.baseAddress! + start * outputWidth, outputStride: outputWidth, tokens: count,
              basePosition: problem.past + start, pages: pages.baseAddress!,
              offsets: { layout.offsets(layer: 0, head: $0) }, visible: problem.isBidirectional ? positions : 0)
            unsafe compute.attend([input], shape: shape, rules: rules, cache: problem.cache)
          }
        }
      }
      start += count
    }
    return outputs
  }

  @Test("Every instruction set, thread count and chunking gives the same bits", arguments: Problem.all)
  func identicalToScalar(problem: Problem) throws {
    let reference = try attend(problem, set: .scalar)
    #expect(reference.allSatisfy { $0.isFinite })
    for set in KernelSet.all {
      #expect(try identical(attend(problem, set: set), reference), "\(set)")
      #expect(try identical(attend(problem, set: set, threads: 3), reference), "\(set) on three threads")
      #expect(try identical(attend(problem, set: set, chunk: 1), reference), "\(set) one by one")
      #expect(try identical(attend(problem, set: set, chunk: 7), reference), "\(set) by sevens")
    }
  }

  /// What lies in the cache outside the visible range must not matter, whatever it is.
  @Test("Keys that a query must not see cannot reach it", arguments: Problem.causal)
  func invisibleKeys(problem: Problem) throws {
    let reference = try attend(problem, set: .scalar)
    let width = problem.heads * problem.outputDimension
    for set in KernelSet.all {
      // The last position is poisoned: only the last token sees it.
      let poisoned = try attend(problem, set: set, poison: problem.past + problem.tokens - 1)
      #expect(identical(Array(poisoned.dropLast(width)), Array(reference.dropLast(width))), "\(set)")
      #expect(poisoned.suffix(width).allSatisfy { !$0.isFinite }, "\(set)")
      // The first position is poisoned: nobody sees it whose window ends later.
      guard let window = problem.window else { continue }
      let old = try attend(problem, set: set, poison: 0)
      for token in 0..<problem.tokens where problem.past + token >= window {
        let outputs = token * width..<(token + 1) * width
        #expect(identical(Array(old[outputs]), Array(reference[outputs])), "\(set), token \(token)")
      }
    }
  }

  /// Softmax attention written out in double precision.
  @Test("Attention is close to the definition", arguments: Problem.all)
  func closeToDefinition(problem: Problem) throws {
    let result = try attend(problem, set: .best)
    var random = SeededGenerator(state: 11)
    let (dimension, width) = (problem.headDimension, problem.keyValueHeads * problem.headDimension)
    let valueDimension = problem.outputDimension
    var keys: [[Float]] = []
    var values: [[Float]] = []
    for _ in 0..<(problem.past + problem.tokens) {
      keys.append(random.floats(width))
      let value = random.floats(problem.keyValueHeads * valueDimension)
      values.append(problem.valuesAreKeys ? Array(keys[keys.count - 1].prefix(valueDimension)) : value)
    }
    let queries = random.floats(problem.tokens * problem.heads * dimension)
    for token in 0..<problem.tokens {
      let position = problem.past + token
      let seen = problem.seen(from: position)
      for head in 0..<problem.heads {
        let group = head / (problem.heads / problem.keyValueHeads)
        let query = (token * problem.heads + head) * dimension
        let scores = seen.map { key in
          var score = (0..<dimension).reduce(0.0) {
            $0 + Double(queries[query + $1]) * Double(keys[key][group * dimension + $1])
          }
          if let cap = problem.softCap { score = Double(cap) * Foundation.tanh(score / Double(cap)) }
          return score + (problem.hasSlopes ? Double(problem.slopes[head]) * Double(key - position) : 0)
        }
        let best = scores.max() ?? 0
        let weights = scores.map { Foundation.exp($0 - best) }
        let sink = problem.hasSinks ? Foundation.exp(Double(problem.sinks[head]) - best) : 0
        let sum = weights.reduce(sink, +)
        for d in 0..<valueDimension {
          let exact =
            zip(seen, weights).reduce(0.0) { $0 + $1.1 * Double(values[$1.0][group * valueDimension + d]) } / sum
          let output = (token * problem.heads + head) * valueDimension + d
          #expect(abs(Double(result[output]) - exact) < problem.tolerance)
        }
      }
    }
  }
}
