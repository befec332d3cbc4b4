/// Requests that wait, in turns between those who sent them: a key that sends a thousand does not make the others wait.
struct RequestQueue<Element> {
  private var waiting: [String: [Element]] = [:]
  /// Whose turn it is, in order.
  private var owners: [String] = []
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element, owner: String) {
    if waiting[owner] == nil { owners.append(owner) }
    waiting[owner, default: []].append(element)
    count += 1
  }

  /// Puts an element before all others of its owner, and the owner first.
  mutating func prepend(_ element: Element, owner: String) {
    owners.removeAll { $0 == owner }
    owners.insert(owner, at: 0)
    waiting[owner, default: []].insert(element, at: 0)
    count += 1
  }

  /// The next element; its owner goes to the end of the line.
  mutating func popFirst() -> Element? {
    guard let owner = owners.first, var elements = waiting[owner], !elements.isEmpty else { return nil }
    owners.removeFirst()
    let element = elements.removeFirst()
    if elements.isEmpty {
      waiting[owner] = nil
    } else {
      waiting[owner] = elements
      owners.append(owner)
    }
    count -= 1
    return element
  }

  /// Takes out all elements that fulfil a condition.
  mutating func remove(where condition: (Element) -> Bool) -> [Element] {
    var removed: [Element] = []
    for owner in owners {
      guard let elements = waiting[owner], elements.contains(where: condition) else { continue }
      removed += elements.filter(condition)
      let kept = elements.filter { !condition($0) }
      waiting[owner] = kept.isEmpty ? nil : kept
    }
    if !removed.isEmpty { owners.removeAll { waiting[$0] == nil } }
    count -= removed.count
    return removed
  }
}
