/// The members of a JSON object in their order, found by the bytes of their keys in constant time.
///
/// Swift's own dictionary would take canonically equivalent strings, such as the two forms of "é", for one key.
public struct JSONObject: Sendable {
  /// A key and its value.
  public typealias Member = (key: String, value: JSONValue)

  private var members: [Member] = []
  /// An open-addressing table of member numbers plus one, zero for a free slot; empty while a scan is as fast.
  private var slots: [UInt32] = []

  private static let scannedCount = 8

  /// No members.
  public init() {}

  /// The given members; of a key that occurs twice the last value counts, at the place of the first.
  public init(_ members: [(String, JSONValue)]) {
    for (key, value) in members { self[key] = value }
  }

  /// The keys in their order.
  public var keys: [String] { members.map { $0.key } }

  /// The value of `key`; setting nil removes the member, setting a value of a new key appends it.
  public subscript(key: String) -> JSONValue? {
    get { index(of: key).map { members[$0].value } }
    set {
      if let index = index(of: key) {
        if let newValue {
          members[index].value = newValue
        } else {
          members.remove(at: index)
          rebuild(capacity: members.count)
        }
      } else if let newValue {
        _ = append(key, newValue)
      }
    }
  }

  /// Appends a member; false, and no change, when the key exists.
  mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    if members.count < Self.scannedCount {
      guard !members.contains(where: { Self.same($0.key, key) }) else { return false }
      members.append((key, value))
      return true
    }
    // At most half of the slots are taken, so that probing ends soon.
    if slots.count < 2 * (members.count + 1) { rebuild(capacity: 2 * members.count) }
    let slot = slot(of: key)
    guard slots[slot] == 0 else { return false }
    members.append((key, value))
    slots[slot] = UInt32(members.count)
    return true
  }

  private func index(of key: String) -> Int? {
    if slots.isEmpty { return members.firstIndex { Self.same($0.key, key) } }
    let number = slots[slot(of: key)]
    return number == 0 ? nil : Int(number) - 1
  }

  /// The slot of `key`, or the free slot where it belongs.
  private func slot(of key: String) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(key) & mask
    while slots[slot] != 0, !Self.same(members[Int(slots[slot]) - 1].key, key) { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func rebuild(capacity: Int) {
    guard members.count >= Self.scannedCount else {
      slots = []
      return
    }
    var size = 32
    while size < 2 * (capacity + 1) { size *= 2 }
    slots = Array(repeating: 0, count: size)
    for (index, member) in members.enumerated() { slots[slot(of: member.key)] = UInt32(index + 1) }
  }

  /// Swift's hasher has a secret seed per process, so that nobody can write a file whose keys all collide.
  private static func hash(_ key: String) -> Int {
    var hasher = Hasher()
    unsafe key.utf8.span.withUnsafeBufferPointer { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    return hasher.finalize()
  }

  private static func same(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
  }
}

extension JSONObject: RandomAccessCollection {
  /// The position of the first member.
  public var startIndex: Int { 0 }
  /// The position after the last member.
  public var endIndex: Int { members.count }
  /// The member at `position`.
  public subscript(position: Int) -> Member { members[position] }
}

extension JSONObject: Equatable {
  /// Whether both have the same members, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// The given members; of a key that occurs twice the last value counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
