import Logging
import StoaLedger
import StoaTrust

/// Signs the head of the journal now and then, so that what was written before cannot be changed unseen.
actor JournalHeads {
  private let storage: any JournalStorage
  private let key: SigningKey
  private let logger: Logger
  private let pause: Duration
  /// The last entry that this process has signed.
  private var signed: Int?
  private var next = ContinuousClock.now

  /// How much a server may lose to somebody who changes the ledger.
  static let standardPause = Duration.seconds(60)

  init(storage: any JournalStorage, key: SigningKey, logger: Logger, pause: Duration = standardPause) {
    self.storage = storage
    self.key = key
    self.logger = logger
    self.pause = pause
  }

  /// Signs when it is time to; call it often.
  func signIfDue() async {
    guard ContinuousClock.now >= next else { return }
    next = .now + pause
    await sign()
  }

  /// Signs what was written since the last time. A failure is logged and does not keep the server from answering.
  func sign() async {
    do {
      guard let entry = try await storage.lastJournalEntry(), entry.sequence != signed else { return }
      let head = JournalHead(entry)
      let envelope = try await BackgroundWork.run { [key] in try head.signed(by: key) }
      try await storage.insert(StoredJournalHead(sequence: head.sequence, envelope: envelope))
      signed = entry.sequence
    } catch {
      logger.error("the head of the journal was not signed", metadata: ["error": "\(error)"])
    }
  }
}
