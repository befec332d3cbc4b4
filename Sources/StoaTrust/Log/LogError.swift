/// Why a transparency log, or what was said about it, cannot be used or believed.
public enum LogError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Text or bytes that are not what their format says.
  case malformed(what: String, problem: String)
  /// A key that cannot be read.
  case invalidKey(problem: String)
  /// No signature by a key that is trusted.
  case notSigned(what: String, by: String)
  /// A signature of a trusted key that is wrong.
  case badSignature(what: String, by: String)
  /// Fewer witnesses than the policy asks for have cosigned.
  case tooFewWitnesses(found: Int, needed: Int)
  /// Hashes that do not lead to the root that was signed.
  case notIncluded(index: Int, size: Int)
  /// The log does not begin with what it was before.
  case inconsistent(oldSize: Int, newSize: Int, problem: String)
  /// Something that the log must serve is not there.
  case missing(path: String)
  /// An entry that does not fit.
  case entryTooLarge(bytes: Int)
  /// There is a log in the folder already.
  case exists(path: String)
  /// Another process is appending.
  case locked(path: String)
  /// The operating system or a host refused.
  case unreadable(problem: String)

  /// What is wrong, and on a second line what to do.
  public var description: String {
    switch self {
    case .malformed(let what, let problem): "\(what): \(problem)"
    case .invalidKey(let problem): "the key cannot be used: \(problem)"
    case .notSigned(let what, let by): "\(what) has no signature by \(by)"
    case .badSignature(let what, let by):
      "\(what): the signature by \(by) is wrong\nit was altered, or another key made it"
    case .tooFewWitnesses(let found, let needed):
      "\(found) of the \(needed) witnesses that are needed have cosigned\nask the log for a checkpoint with more of them"
    case .notIncluded(let index, let size):
      "the proof does not show that the entry is number \(index) of the \(size) in the log"
    case .inconsistent(let oldSize, let newSize, let problem):
      """
      the log of \(newSize) entries does not begin with the \(oldSize) entries it had: \(problem)
      it was rewritten or shows different logs to different readers: keep both checkpoints as evidence
      """
    case .missing(let path): "the log does not have \(path)"
    case .entryTooLarge(let bytes): "an entry has \(bytes) bytes, more than the \(UInt16.max) of a log's entry"
    case .exists(let path): "there is a log in \(path) already"
    case .locked(let path): "another process is appending to the log in \(path)\ntry again when it is done"
    case .unreadable(let problem): problem
    }
  }
}
