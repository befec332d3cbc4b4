import Foundation
import SwiftASN1

extension DER.Serializer {
  mutating func write(_ identifier: ObjectIdentifier) {
    appendPrimitiveNode(identifier: .objectIdentifier) { $0.append(contentsOf: identifier.content) }
  }

  mutating func write(text: String, as identifier: ASN1Identifier = .utf8String) {
    appendPrimitiveNode(identifier: identifier) { $0.append(contentsOf: text.utf8) }
  }

  mutating func write(octets: some Sequence<UInt8>, as identifier: ASN1Identifier = .octetString) {
    appendPrimitiveNode(identifier: identifier) { $0.append(contentsOf: octets) }
  }

  mutating func write(boolean: Bool) {
    appendPrimitiveNode(identifier: .boolean) { $0.append(boolean ? 0xFF : 0) }
  }

  /// A number that is not negative.
  mutating func write(number: Int, as identifier: ASN1Identifier = .integer) {
    precondition(number >= 0)
    let octets = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    write(positive: octets, as: identifier)
  }

  /// A number that is not negative, as octets with any leading zeros.
  mutating func write(positive octets: [UInt8], as identifier: ASN1Identifier = .integer) {
    let digits = octets.drop { $0 == 0 }
    appendPrimitiveNode(identifier: identifier) { bytes in
      if digits.first.map({ $0 & 0x80 != 0 }) ?? true { bytes.append(0) }
      bytes.append(contentsOf: digits)
    }
  }

  /// Bits that fill whole bytes.
  mutating func write(bits bytes: [UInt8]) {
    appendPrimitiveNode(identifier: .bitString) {
      $0.append(0)
      $0.append(contentsOf: bytes)
    }
  }

  mutating func write(sequence body: (inout DER.Serializer) -> Void) {
    appendConstructedNode(identifier: .sequence, body)
  }

  mutating func write(explicit tag: UInt, _ body: (inout DER.Serializer) -> Void) {
    appendConstructedNode(identifier: .context(tag), body)
  }

  /// UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5).
  mutating func write(time: Date) {
    let (digits, isShort) = CalendarText.digits(time)
    appendPrimitiveNode(identifier: isShort ? .utcTime : .generalizedTime) { bytes in
      bytes.append(contentsOf: (isShort ? digits.dropFirst(2) : digits[...]).utf8)
      bytes.append(UInt8(ascii: "Z"))
    }
  }

  /// An extension whose value is what `body` writes.
  mutating func write(extension type: ObjectIdentifier, critical: Bool = false, _ body: (inout DER.Serializer) -> Void)
  {
    var value = DER.Serializer()
    body(&value)
    write(extension: type, critical: critical, der: value.serializedBytes)
  }

  mutating func write(extension type: ObjectIdentifier, critical: Bool = false, der: [UInt8]) {
    write { coder in
      coder.write(type)
      if critical { coder.write(boolean: true) }
      coder.write(octets: der)
    }
  }
}

/// Times as the digits of certificates.
private enum CalendarText {
  /// YYYYMMDDHHMMSS, and whether the year is one that UTCTime can say.
  static func digits(_ time: Date) -> (String, Bool) {
    let seconds = Int(time.timeIntervalSince1970.rounded(.down))
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let rest = seconds - days * 86_400
    // Days since 0000-03-01, in eras of 400 years.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let parts = [month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, rest / 3600, rest / 60 % 60, rest % 60]
    let text = padded(year, 4) + parts.map { padded($0, 2) }.joined()
    return (text, (1950..<2050).contains(year))
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
