/// What a procedure returns to.
struct StackFrame: Hashable, Sendable {
  /// The state to go on with; for a counted repetition the complement of its procedure, for an unknown caller `unknown`.
  var next: Int32
  /// How often a counted repetition has run before this time.
  var count: Int32 = 0
  /// The frame below; a mark of `StackArena` for none.
  var parent: Int32
  /// In a walk from one position: how the stack leaves it, twice the passes of the repetition there, plus one outside it.
  var origin: Int32 = 0

  /// Whoever called the procedure in which a walk began.
  static let unknown = Int32.min
}

/// Stacks that share what they have in common; equal stacks have equal numbers.
struct StackArena: Sendable {
  private(set) var frames: [StackFrame] = []
  /// An open-addressing table of frame numbers plus one, zero for a free slot.
  private var slots = [Int32](repeating: 0, count: 32)

  /// The stack of a whole text.
  static let bottom: Int32 = -1
  /// Below the counted repetition in which a walk began.
  static let base: Int32 = -2

  subscript(node: Int32) -> StackFrame {
    @inline(__always) get { frames[Int(node)] }
  }

  mutating func push(_ frame: StackFrame) -> Int32 {
    let mask = slots.count - 1
    var slot = Self.hash(frame) & mask
    while slots[slot] != 0 {
      let node = slots[slot] - 1
      if frames[Int(node)] == frame { return node }
      slot = (slot + 1) & mask
    }
    frames.append(frame)
    slots[slot] = Int32(frames.count)
    if 2 * frames.count > slots.count { grow() }
    return Int32(frames.count - 1)
  }

  /// Pushes a frame that leaves a walk as its parent does.
  mutating func push(_ next: Int32, count: Int32 = 0, on parent: Int32) -> Int32 {
    push(StackFrame(next: next, count: count, parent: parent, origin: parent < 0 ? 0 : frames[Int(parent)].origin))
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: 2 * slots.count)
    let mask = slots.count - 1
    for (index, frame) in frames.enumerated() {
      var slot = Self.hash(frame) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index + 1)
    }
  }

  private static func hash(_ frame: StackFrame) -> Int {
    let high = UInt64(UInt32(bitPattern: frame.next)) << 32 | UInt64(UInt32(bitPattern: frame.parent))
    let low = UInt64(UInt32(bitPattern: frame.count)) << 32 | UInt64(UInt32(bitPattern: frame.origin))
    let mixed = (high ^ low &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32)
  }
}
