import StoaModels
import StoaTensor
import Testing

@testable import StoaEngine

@Suite struct PrefixTreeTests {
  private let shape = AttentionShape(heads: 1, keyValueHeads: 1, headDimension: 16)

  private func pool(limit: Int? = nil) throws -> PagePool {
    PagePool(layout: try CacheLayout(type: .f32, layers: 1, shape: shape), limit: limit)
  }

  /// A text over few tokens, so that many begin alike.
  private func text(_ random: inout SystemRandomNumberGenerator, length: Int) -> [Int32] {
    var tokens: [Int32] = []
    while tokens.count < length { tokens += Array(repeating: Int32.random(in: 0..<2, using: &random), count: 40) }
    return Array(tokens.prefix(length))
  }

  @Test("A match holds the longest beginning, in pages that were added for the same tokens")
  func longestMatch() throws {
    var random = SystemRandomNumberGenerator()
    var tree = PrefixTree()
    let pool = try pool()
    // What each page was computed for: all tokens up to its end.
    var contents: [ObjectIdentifier: [Int32]] = [:]
    var texts: [[Int32]] = []
    for _ in 0..<200 {
      let tokens = text(&random, length: Int.random(in: 1...300, using: &random))
      let expected = texts.map { commonPrefix($0[...], tokens[...]) }.max() ?? 0
      let (pages, count) = tree.match(tokens, limit: tokens.count)
      #expect(count == expected)
      #expect(pages.count == CacheLayout.pages(for: count))
      for (index, page) in pages.enumerated() {
        let known = contents[ObjectIdentifier(page)] ?? []
        let end = min(count, (index + 1) * Compute.keyBlock)
        #expect(known.prefix(end).elementsEqual(tokens.prefix(end)))
      }
      let own = try (0..<CacheLayout.pages(for: tokens.count)).map { index in
        let page = try #require(try pool.take())
        contents[ObjectIdentifier(page)] = Array(tokens.prefix((index + 1) * Compute.keyBlock))
        return page
      }
      kept += own
      tree.insert(tokens, pages: own)
      texts.append(tokens)
    }
  }

  /// Pages stay alive, so that no identifier is used twice.
  private var kept: [KeyValuePage] {
    get { box.pages }
    nonmutating set { box.pages = newValue }
  }
  private final class Box { var pages: [KeyValuePage] = [] }
  private let box = Box()

  @Test("Only pages that nobody uses are dropped, the least recently used first")
  func eviction() throws {
    var tree = PrefixTree()
    let pool = try pool(limit: 8)
    func add(_ first: Int32) throws -> [KeyValuePage] {
      let tokens = Array(repeating: first, count: 2 * Compute.keyBlock)
      let pages = try (0..<2).map { _ in try #require(try pool.take()) }
      tree.insert(tokens, pages: pages)
      return pages
    }
    for first: Int32 in 1...3 { _ = try add(first) }
    let used = try add(4)
    #expect(try pool.take() == nil)
    _ = tree.match(Array(repeating: 1, count: 128), limit: 128)
    #expect(tree.evict(3) == 3)
    #expect(pool.availablePages == 3)
    // The second text is gone, the third has lost its end, and the first was used since.
    #expect(tree.match(Array(repeating: 2, count: 128), limit: 128).count == 0)
    #expect(tree.match(Array(repeating: 3, count: 128), limit: 128).count == 64)
    #expect(tree.match(Array(repeating: 1, count: 128), limit: 128).count == 128)
    #expect(tree.evict(100) == 3)
    #expect(tree.match(Array(repeating: 4, count: 128), limit: 128).count == 128)
    #expect(used.count == 2)
  }

  @Test("Positions that others share are copied before they are written")
  func copyOnWrite() throws {
    let pool = try pool()
    let first = KeyValueCache(pool: pool, capacity: 256)
    #expect(try first.reserve(100))
    first.advance(by: 100)
    let second = KeyValueCache(pool: pool, capacity: 256)
    second.adopt(first.pages, count: 70)
    #expect(try second.reserve(1))
    #expect(second.pages[0] === first.pages[0])
    #expect(second.pages[1] !== first.pages[1])
    let own = first.pages[1]
    #expect(try first.reserve(1))
    #expect(first.pages[1] !== own, "the test holds the page too")
    #expect(throws: ModelError.contextFull(capacity: 256, needed: 300)) { try first.reserve(200) }
    second.truncate(to: 0)
    first.truncate(to: 0)
    #expect(pool.usedPages == 1)
    withExtendedLifetime(own) {}
  }
}
