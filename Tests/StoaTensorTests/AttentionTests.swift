import CStoaKernels
import StoaTensor
import StoaTestSupport
import Testing

@Suite struct AttentionTests {
  struct Problem: Sendable, CustomTestStringConvertible {
    var heads = 4
    var keyValueHeads = 2
    var headDimension = 16
    var window: Int?
    /// Positions before the queries.
    var past = 0
    var tokens = 1
    var cache = CacheType.f32

    var testDescription: String {
      "heads \(heads)/\(keyValueHeads)×\(headDimension) past \(past) tokens \(tokens) window \(window ?? 0) \(cache)"
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
    ]
  }

  /// Fills a cache position by position and attends to it; the outputs of all tokens.
  private func attend(
    _ problem: Problem, set: KernelSet, threads: Int = 1, chunk: Int? = nil, poison: Int? = nil
  ) throws -> [Float] {
    let compute = try set.compute(threads: threads)
    let shape = AttentionShape(
      heads: problem.heads, keyValueHeads: problem.keyValueHeads, headDimension: problem.headDimension,
      window: problem.window)
    let positions = problem.past + problem.tokens
    let layout = try CacheLayout(type: problem.cache, layers: 1, shape: shape)
    let blocks = CacheLayout.pages(for: positions)
    let cache = try Memory(byteCount: blocks * layout.pageBytes)
    // Pages lie anywhere: here in reverse order.
    let pages = unsafe (0..<blocks).map { unsafe cache.pointer(to: UInt8.self) + (blocks - 1 - $0) * layout.pageBytes }
    let readable = unsafe pages.map { unsafe UnsafePointer($0) }
    var random = SeededGenerator(state: 11)
    let width = problem.keyValueHeads * problem.headDimension
    for position in 0..<positions {
      var (key, value) = (random.floats(width), random.floats(width))
      if position == poison {
        key = key.map { _ in .infinity }
        value = value.map { _ in .nan }
      }
      for head in 0..<problem.keyValueHeads {
        unsafe key.withUnsafeBufferPointer { key in
          unsafe value.withUnsafeBufferPointer { value in
            unsafe compute.store(
              key: key.baseAddress! + head * problem.headDimension,
              value: value.baseAddress! + head * problem.headDimension, position: position, cache: layout, layer: 0,
              head: head, page: pages[position / Compute.keyBlock])
          }
        }
      }
    }
    let queryWidth = problem.heads * problem.headDimension
    let queries = random.floats(problem.tokens * queryWidth)
    var outputs = [Float](repeating: .nan, count: queries.count)
    var start = 0
    while start < problem.tokens {
      let count = min(chunk ?? problem.tokens, problem.tokens - start)
      unsafe queries.withUnsafeBufferPointer { q in
        unsafe outputs.withUnsafeMutableBufferPointer { out in
          unsafe readable.withUnsafeBufferPointer { pages in
            let input = unsafe AttentionInput(
              queries: q.baseAddress! + start * queryWidth, queryStride: queryWidth,
              outputs: out.baseAddress! + start * queryWidth, outputStride: queryWidth, tokens: count,
              basePosition: problem.past + start, pages: pages.baseAddress!,
              offsets: { layout.offsets(layer: 0, head: $0) })
            unsafe compute.attend([input], shape: shape, cache: problem.cache)
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
  @Test("Keys that a query must not see cannot reach it", arguments: Problem.all)
  func invisibleKeys(problem: Problem) throws {
    let reference = try attend(problem, set: .scalar)
    let width = problem.heads * problem.headDimension
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
    var keys: [[Float]] = []
    var values: [[Float]] = []
    for _ in 0..<(problem.past + problem.tokens) {
      keys.append(random.floats(width))
      values.append(random.floats(width))
    }
    let queries = random.floats(problem.tokens * problem.heads * dimension)
    for token in 0..<problem.tokens {
      let position = problem.past + token
      let first = problem.window.map { max(0, position + 1 - $0) } ?? 0
      for head in 0..<problem.heads {
        let base = head / (problem.heads / problem.keyValueHeads) * dimension
        let query = (token * problem.heads + head) * dimension
        let scores = (first...position).map { key in
          (0..<dimension).reduce(0.0) { $0 + Double(queries[query + $1]) * Double(keys[key][base + $1]) }
        }
        let best = scores.max() ?? 0
        let weights = scores.map { CanonicalMath.exp($0 - best) }
        let sum = weights.reduce(0, +)
        for d in 0..<dimension {
          let exact = zip(first...position, weights).reduce(0.0) { $0 + $1.1 * Double(values[$1.0][base + d]) } / sum
          #expect(abs(Double(result[query + d]) - exact) < problem.tolerance)
        }
      }
    }
  }
}
