/// An object identifier with components of any size.
///
/// `ASN1ObjectIdentifier` of swift-asn1 holds components of at most 57 bits, so neither it nor swift-certificates reads
/// what lies below `2.25.<uuid>` (X.667), whose second component has 128. Kept as the content octets of X.690, 8.19.
public struct ObjectIdentifier: Hashable, Sendable {
  /// The content octets of the DER encoding.
  let content: [UInt8]

  /// Checks content octets: whole components without leading zeros.
  init(content: ArraySlice<UInt8>) throws(PKIError) {
    guard let last = content.last, last & 0x80 == 0, content.count <= 256 else {
      throw PKIError(.encoding, "an object identifier is empty, cut off or longer than 256 bytes")
    }
    var isFirst = true
    for byte in content {
      if isFirst, byte == 0x80 { throw PKIError(.encoding, "an object identifier has a component with leading zeros") }
      isFirst = byte & 0x80 == 0
    }
    self.content = Array(content)
  }

  /// Reads the dotted form; nil when it is none.
  public init?(_ dotted: String) {
    let parts = dotted.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (2...64).contains(parts.count), dotted.utf8.count <= 512 else { return nil }
    var components: [BigComponent] = []
    for part in parts {
      guard let component = BigComponent(decimal: part) else { return nil }
      components.append(component)
    }
    guard let root = components[0].small, root <= 2, root == 2 || (components[1].small ?? 40) < 40 else { return nil }
    components[1].multiplyAndAdd(1, root * 40)
    content = components.dropFirst().flatMap(\.octets)
  }

  /// This identifier with more components below it.
  func appending(_ components: UInt32...) -> ObjectIdentifier {
    var copy = content
    for component in components { copy += BigComponent(component).octets }
    return ObjectIdentifier(unchecked: copy)
  }

  private init(unchecked content: [UInt8]) { self.content = content }
}

extension ObjectIdentifier: CustomStringConvertible {
  /// The dotted form.
  public var description: String {
    var numbers: [String] = []
    for part in content.split(after: { $0 & 0x80 == 0 }) {
      var component = BigComponent(0)
      for byte in part { component.multiplyAndAdd(128, UInt32(byte & 0x7F)) }
      guard numbers.isEmpty else {
        numbers.append(component.decimal)
        continue
      }
      let root = min((component.small ?? 80) / 40, 2)
      numbers.append(String(root))
      component.subtract(root * 40)
      numbers.append(component.decimal)
    }
    return numbers.joined(separator: ".")
  }
}

/// A component of an identifier: a number without bound, in limbs of 32 bits, the lowest first.
private struct BigComponent {
  private var limbs: [UInt32]

  init(_ value: UInt32) { limbs = [value] }

  init?(decimal digits: Substring.UTF8View) {
    guard let first = digits.first, digits.count <= 80, first != UInt8(ascii: "0") || digits.count == 1 else {
      return nil
    }
    limbs = [0]
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      multiplyAndAdd(10, UInt32(digit - UInt8(ascii: "0")))
    }
  }

  /// Its value if that fits 32 bits.
  var small: UInt32? { limbs.dropFirst().allSatisfy { $0 == 0 } ? limbs[0] : nil }

  mutating func multiplyAndAdd(_ factor: UInt32, _ summand: UInt32) {
    var carry = UInt64(summand)
    for index in limbs.indices {
      carry += UInt64(limbs[index]) * UInt64(factor)
      limbs[index] = UInt32(truncatingIfNeeded: carry)
      carry >>= 32
    }
    if carry != 0 { limbs.append(UInt32(carry)) }
  }

  /// Takes a number away that is not larger.
  mutating func subtract(_ value: UInt32) {
    var borrow = value
    for index in limbs.indices where borrow != 0 {
      let (rest, overflow) = limbs[index].subtractingReportingOverflow(borrow)
      limbs[index] = rest
      borrow = overflow ? 1 : 0
    }
  }

  /// Divides in place and gives the remainder.
  private mutating func divide(by divisor: UInt32) -> UInt32 {
    var rest: UInt64 = 0
    for index in limbs.indices.reversed() {
      rest = rest << 32 | UInt64(limbs[index])
      limbs[index] = UInt32(rest / UInt64(divisor))
      rest %= UInt64(divisor)
    }
    return UInt32(rest)
  }

  private var isZero: Bool { limbs.allSatisfy { $0 == 0 } }

  var decimal: String {
    var digits: [String] = []
    var rest = self
    repeat { digits.append(String(rest.divide(by: 10))) } while !rest.isZero
    return digits.reversed().joined()
  }

  /// Seven bits a byte, the highest first; all bytes but the last have bit 8.
  var octets: [UInt8] {
    var octets: [UInt8] = []
    var rest = self
    repeat {
      octets.append(UInt8(rest.divide(by: 128)) | (octets.isEmpty ? 0 : 0x80))
    } while !rest.isZero
    return octets.reversed()
  }
}

extension Collection {
  /// The pieces that end with an element for which the condition holds.
  fileprivate func split(after ends: (Element) -> Bool) -> [SubSequence] {
    var pieces: [SubSequence] = []
    var start = startIndex
    for index in indices where ends(self[index]) {
      let next = self.index(after: index)
      pieces.append(self[start..<next])
      start = next
    }
    return pieces
  }
}
