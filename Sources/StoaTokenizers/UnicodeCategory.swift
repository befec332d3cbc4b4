/// General categories of the Unicode Character Database.
enum UnicodeCategory: UInt8, CaseIterable, Sendable {
  // The order is that of Scripts/make_unicode_data.py.
  case cn, lu, ll, lt, lm, lo, mn, mc, me, nd, nl, no
  case pc, pd, ps, pe, pi, pf, po, sm, sc, sk, so, zs, zl, zp, cc, cf, co

  /// The two letters that expressions use, as in `\p{Lu}`; one letter stands for all categories that begin with it.
  var name: String { "\(self)".prefix(1).uppercased() + "\(self)".dropFirst() }

  /// White_Space, the `\s` of regular expressions.
  static let whiteSpace: [ClosedRange<UInt32>] = [
    0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ]

  /// Calls `body` with the ranges that have one category, in order, from 0 to U+10FFFF.
  static func forEachRun(_ body: (ClosedRange<UInt32>, UnicodeCategory) -> Void) {
    for (index, run) in runs.enumerated() {
      let end = index + 1 < runs.count ? runs[index + 1] >> 8 : 0x110000
      body(run >> 8...end - 1, UnicodeCategory(rawValue: UInt8(truncatingIfNeeded: run)) ?? .cn)
    }
  }
}
