import Glibc
import StoaFormats
import StoaModels

/// How fast a model runs.
public struct BenchmarkResult: Sendable {
  /// Prompt tokens per second.
  public let promptRate: Double
  /// Generated tokens per second, of all sequences together.
  public let generateRate: Double
  /// Seconds that loading took.
  public let loadSeconds: Double
  /// The most memory the process had resident so far, in bytes.
  public let peakResidentBytes: Int
}

/// Measures a prompt of `prompt` tokens and `generate` steps of `batch` sequences, each after `depth` tokens of context;
/// the median of `repetitions`.
public func benchmark(
  model: LanguageModel, prompt: Int, generate: Int, batch: Int = 1, depth: Int = 0, repetitions: Int = 3,
  isCancelled: () -> Bool = { false }
) throws -> BenchmarkResult {
  for (name, value, range) in [
    ("depth", depth, 0...model.contextLength), ("prompt", prompt, 0...model.contextLength - depth),
    ("generate", generate, 0...model.contextLength - depth),
    ("batch", batch, 1...1024), ("repetitions", repetitions, 1...1000),
  ] where !range.contains(value) {
    throw EngineError.invalidParameter(
      name: name, value: "\(value)", range: "\(range.lowerBound) to \(range.upperBound)")
  }
  let decoder = model.model
  let caches = try (0..<batch).map { _ in
    try decoder.makeCache(type: model.cacheType, capacity: depth + max(prompt, generate, 1))
  }
  let workspace = try decoder.makeWorkspace(maxTokens: max(model.prefillChunk, batch))
  let vocabulary = decoder.configuration.vocabularySize
  let tokens = (0..<max(depth, prompt, generate)).map { Int32(($0 % vocabulary * 7919 + 11) % vocabulary) }

  func run(_ segments: [Segment]) throws {
    try unsafe decoder.forward(segments, workspace: workspace, isCancelled: isCancelled) { _, _, _ in }
  }
  func read(_ count: Int, into cache: KeyValueCache) throws {
    var rest = tokens[..<count]
    while !rest.isEmpty {
      let chunk = rest.prefix(model.prefillChunk)
      rest = rest.dropFirst(chunk.count)
      try run([Segment(tokens: chunk, cache: cache, logits: rest.isEmpty ? .last : .none)])
    }
  }
  func prefill(_ count: Int) throws {
    caches[0].truncate(to: depth)
    try read(count, into: caches[0])
  }
  func decode(_ count: Int) throws {
    for cache in caches { cache.truncate(to: depth) }
    for index in 0..<count {
      try run(caches.map { Segment(tokens: tokens[index...index], cache: $0, logits: .last) })
    }
  }
  func rate(_ count: Int, _ body: () throws -> Void) throws -> Double {
    guard count > 0 else { return 0 }
    var rates: [Double] = []
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      try body()
      rates.append(Double(count) / start.duration(to: .now).seconds)
    }
    return rates.sorted()[rates.count / 2]
  }
  for cache in caches { try read(depth, into: cache) }
  try prefill(min(prompt, 32))
  try decode(min(generate, 4))
  let promptRate = try rate(prompt) { try prefill(prompt) }
  let generateRate = try rate(generate * batch) { try decode(generate) }
  var usage = rusage()
  unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return BenchmarkResult(
    promptRate: promptRate, generateRate: generateRate, loadSeconds: model.loadSeconds,
    peakResidentBytes: Int(usage.ru_maxrss) * 1024)
}
