import Foundation
import SwiftASN1

/// Reads DER: swift-asn1 splits the bytes into nodes and refuses what is not distinguished; every error here says what
/// was being read.
enum DERReading {
  /// The root node of bytes that hold one object and nothing after it.
  static func root(_ bytes: some Collection<UInt8>, _ place: String, limit: Int) throws(PKIError) -> ASN1Node {
    guard bytes.count <= limit else {
      throw PKIError(.size, "\(place) has \(bytes.count) bytes, more than the \(limit) that are read")
    }
    do {
      return try DER.parse(Array(bytes))
    } catch {
      throw PKIError(.encoding, "\(place) is not DER: \(reason(error))")
    }
  }

  fileprivate static func value<T>(_ place: String, _ read: () throws -> T) throws(PKIError) -> T {
    do {
      return try read()
    } catch let error as PKIError {
      throw error.within(place)
    } catch {
      throw PKIError(.encoding, "\(place): \(reason(error))")
    }
  }

  /// The library's reason without the place in its source.
  static func reason(_ error: any Error) -> String {
    // ASN1Error.code: reason file:line
    let text = "\(error)"
    let start = text.firstRange(of: ": ")?.upperBound ?? text.startIndex
    let end = text.firstRange(of: " SwiftASN1/")?.lowerBound ?? text.endIndex
    return start <= end ? String(text[start..<end]) : text
  }
}

/// The fields of a constructed node, in order.
struct DERFields {
  private var nodes: ASN1NodeCollection.Iterator
  private var following: ASN1Node?
  let place: String

  init(_ node: ASN1Node, _ place: String, as identifier: ASN1Identifier = .sequence) throws(PKIError) {
    guard node.identifier == identifier, case .constructed(let children) = node.content else {
      throw PKIError(.encoding, "\(place) is not the \(identifier == .set ? "set" : "sequence") it must be")
    }
    nodes = children.makeIterator()
    following = nodes.next()
    self.place = place
  }

  /// The next field, which must be there.
  mutating func next(_ name: String) throws(PKIError) -> ASN1Node {
    guard let node = following else { throw PKIError(.encoding, "\(place) ends before its \(name)") }
    following = nodes.next()
    return node
  }

  /// The next field if there is one.
  mutating func next() -> ASN1Node? {
    defer { if following != nil { following = nodes.next() } }
    return following
  }

  /// The next field if it has that tag.
  mutating func next(if identifier: ASN1Identifier) -> ASN1Node? {
    guard following?.identifier == identifier else { return nil }
    return next()
  }

  /// What an explicit tag holds, if that tag comes next.
  mutating func explicit(_ tag: UInt) throws(PKIError) -> ASN1Node? {
    let identifier = ASN1Identifier.context(tag)
    guard let node = next(if: identifier) else { return nil }
    var fields = try DERFields(node, "\(place), tag \(tag)", as: identifier)
    let content = try fields.next("content")
    try fields.end()
    return content
  }

  /// That all fields were read.
  func end() throws(PKIError) {
    if following != nil { throw PKIError(.encoding, "\(place) has fields that do not belong there") }
  }

  /// All that is left, each read by `read`, at most `limit` of them.
  mutating func rest<T>(limit: Int, _ read: (ASN1Node) throws(PKIError) -> T) throws(PKIError) -> [T] {
    var values: [T] = []
    while let node = next() {
      guard values.count < limit else { throw PKIError(.size, "\(place) has more than \(limit) entries") }
      values.append(try read(node))
    }
    return values
  }
}

extension ASN1Identifier {
  /// A tag of the context.
  static func context(_ tag: UInt) -> ASN1Identifier { ASN1Identifier(tagWithNumber: tag, tagClass: .contextSpecific) }
}

extension ASN1Node {
  /// The content of a primitive node.
  private func primitive(_ identifier: ASN1Identifier, _ kind: String, _ place: String) throws(PKIError)
    -> ArraySlice<UInt8>
  {
    guard self.identifier == identifier, case .primitive(let content) = content else {
      throw PKIError(.encoding, "\(place) is not \(kind)")
    }
    return content
  }

  func objectIdentifier(_ place: String) throws(PKIError) -> ObjectIdentifier {
    let content = try primitive(.objectIdentifier, "an object identifier", place)
    do {
      return try ObjectIdentifier(content: content)
    } catch {
      throw error.within(place)
    }
  }

  func octets(_ place: String, as identifier: ASN1Identifier = .octetString) throws(PKIError) -> ArraySlice<UInt8> {
    try primitive(identifier, "an octet string", place)
  }

  /// A SHA-256: 32 octets.
  func digest(_ place: String, as identifier: ASN1Identifier = .octetString) throws(PKIError) -> [UInt8] {
    let octets = try octets(place, as: identifier)
    guard octets.count == 32 else { throw PKIError(.profile, "\(place) has \(octets.count) bytes and not 32") }
    return Array(octets)
  }

  /// UTF8String that people can read: no control characters, not empty.
  func text(_ place: String, limit: Int, as identifier: ASN1Identifier = .utf8String) throws(PKIError) -> String {
    let bytes = try primitive(identifier, "a text", place)
    guard bytes.count <= limit else { throw PKIError(.size, "\(place) has more than \(limit) bytes") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PKIError(.encoding, "\(place) is not UTF-8")
    }
    try PKIText.check(text, place)
    return text
  }

  func boolean(_ place: String) throws(PKIError) -> Bool {
    let content = try primitive(.boolean, "a boolean", place)
    guard content.count == 1, let byte = content.first, byte == 0 || byte == 0xFF else {
      throw PKIError(.encoding, "\(place) is no boolean of DER")
    }
    return byte == 0xFF
  }

  /// The two's complement octets of an INTEGER in its shortest form.
  func integerOctets(_ place: String, as identifier: ASN1Identifier = .integer) throws(PKIError) -> ArraySlice<UInt8> {
    let content = try primitive(identifier, "an integer", place)
    guard let first = content.first else { throw PKIError(.encoding, "\(place) is an integer without bytes") }
    if let second = content.dropFirst().first, first == (second & 0x80 == 0 ? 0 : 0xFF) {
      throw PKIError(.encoding, "\(place) is an integer with leading bytes that say nothing")
    }
    return content
  }

  /// A number from 0 to `largest`.
  func number(_ place: String, through largest: Int, as identifier: ASN1Identifier = .integer) throws(PKIError) -> Int {
    let octets = try integerOctets(place, as: identifier)
    guard octets.count <= 8, octets.first.map({ $0 & 0x80 == 0 }) == true else {
      throw PKIError(.profile, "\(place) is negative or larger than \(largest)")
    }
    let value = octets.reduce(0) { $0 << 8 | Int($1) }
    guard value <= largest else { throw PKIError(.profile, "\(place) is \(value), larger than \(largest)") }
    return value
  }

  /// The bytes of a BIT STRING and the unused bits of the last one.
  func bits(_ place: String) throws(PKIError) -> ASN1BitString {
    try DERReading.value(place) { try ASN1BitString(derEncoded: self) }
  }

  /// The bytes of a BIT STRING that has whole bytes only.
  func wholeBits(_ place: String) throws(PKIError) -> [UInt8] {
    let bits = try bits(place)
    guard bits.paddingBits == 0 else { throw PKIError(.encoding, "\(place) does not consist of whole bytes") }
    return Array(bits.bytes)
  }

  /// UTCTime or GeneralizedTime without fractions (RFC 5280, 4.1.2.5).
  func time(_ place: String) throws(PKIError) -> Date {
    if identifier == .utcTime {
      let time = try DERReading.value(place) { try UTCTime(derEncoded: self) }
      return Date(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
    }
    return try generalizedTime(place)
  }

  func generalizedTime(_ place: String, allowsFractions: Bool = false) throws(PKIError) -> Date {
    let time = try DERReading.value(place) { try GeneralizedTime(derEncoded: self) }
    guard allowsFractions || time.rawFractionalSeconds.isEmpty else {
      throw PKIError(.encoding, "\(place) has fractions of a second")
    }
    return Date(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
  }
}

/// Rules for texts in certificates and their evidence.
enum PKIText {
  static func check(_ text: String, _ place: String) throws(PKIError) {
    let isPlain = text.unicodeScalars.allSatisfy {
      switch $0.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
      default: true
      }
    }
    guard !text.isEmpty, isPlain else {
      throw PKIError(.profile, "\(place) is empty or has characters that cannot be shown")
    }
  }
}

extension Date {
  /// A time of UTC in the proleptic Gregorian calendar.
  init(_ year: Int, _ month: Int, _ day: Int, _ hours: Int, _ minutes: Int, _ seconds: Int) {
    // Days since 1970-01-01, counted in years that begin with March.
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    self.init(timeIntervalSince1970: Double(days * 86_400 + hours * 3600 + minutes * 60 + seconds))
  }
}
